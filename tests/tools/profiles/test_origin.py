"""What of a recorded profile is the program's own code, told from names and files alone."""

from __future__ import annotations

from tools.profiles.builder import ProfileBuilder
from tools.profiles.origin import own_code_of
from tools.profiles.profile import Function, ValueType


def test_a_trimmed_programs_module_is_its_main_packages_and_not_the_costliest() -> None:
    """As distributions build Go programs: every file is named by its import path."""
    builder = ProfileBuilder([ValueType(name="cpu", unit="nanoseconds")])
    main = Function(name="main.main", file="github.com/acme/store/cmd/store/main.go")
    library = Function(name="github.com/acme/metrics/text.Write", file="github.com/acme/metrics/text/w.go")
    builder.add([(library, 3), (main, 9)], [100])
    own = own_code_of(builder.build(), "go")
    assert own.module == "github.com/acme/store"
    assert own.owner(library) == "dependency"
