"""What an import costs is said with the name of what is imported."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tools.python.test_profilers import build, commands
from tools.profiles.naming import imported
from tools.profiles.ownership import OwnCode
from tools.profiles.profile import Function
from tools.profiles.ranking import RankedView, rank
from tools.python.interpreter import Interpreter
from tools.python.remembering import Memray
from tools.run.process import Runner

FIND = Function(name="_find_and_load", file="<frozen importlib._bootstrap>")
READ = Function(name="SourceLoader.get_code", file="<frozen importlib._bootstrap_external>")
BY_NAME = Function(name="import_module", file="/usr/lib/python3.11/importlib/__init__.py")
PACKAGES = "/venv/lib/python3.11/site-packages"
FINDER = Function(name="find_spec", file=f"{PACKAGES}/_distutils_hack/__init__.py")
NUMPY = Function(name="<module>", file=f"{PACKAGES}/numpy/__init__.py")
INNER = Function(name="<module>", file=f"{PACKAGES}/numpy/_core/multiarray.py")
RE = Function(name="compile", file="/usr/lib/python3.11/re/__init__.py")
ELSEWHERE = Function(name="<module>", file="/srv/shared/odd.py")


@pytest.mark.parametrize(
    ("frames", "name"),
    [
        ([FIND, READ, NUMPY, FIND, INNER, RE], "import numpy"),
        ([FIND, INNER], "import numpy"),
        ([BY_NAME, FIND, NUMPY], "import numpy"),
        ([FIND, FINDER, NUMPY], "import numpy"),  # a finder of another package's stands between
        ([FIND, FINDER], ""),
        ([FIND, READ], ""),
        ([FIND, ELSEWHERE], ""),
        ([RE, FIND, NUMPY], ""),
        ([NUMPY], ""),
        ([], ""),
    ],
)
def test_an_import_is_named_by_the_library_whose_module_is_run(frames: list[Function], name: str) -> None:
    assert imported(frames) == name


def test_a_hotspot_that_imports_says_what(runner: Runner, empty: Interpreter, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("import unittest.mock\n\nheld = bytes(1000)\n")
    capture = Memray(runner, empty).capture(
        build(tmp_path), commands("app.py"), seconds=0.1, out=tmp_path / "out"
    )
    view = RankedView(
        view="memory", value=capture.value, profile=capture.profile, evidence_id="E1", weight=1.0
    )
    (found,) = rank([view], OwnCode(language="python", root=tmp_path), 5)
    assert (found.function, found.line) == ("<module>", 1)
    assert "import unittest" in found.other_frames
    assert "through import unittest" in found.attribution
