"""Names as Go's and Python's users write them."""

from __future__ import annotations

import pytest

from tools.profiles.naming import demangled, is_library, python_module, readable
from tools.profiles.profile import Function


@pytest.mark.parametrize(
    ("linked", "shown"),
    [
        ("gopkg.in/yaml%2ev3.(*parser).peek", "gopkg.in/yaml.v3.(*parser).peek"),
        ("example.org/a.Map[go.shape.int_0,go.shape.string_1]", "example.org/a.Map[...]"),
        ("main.(*Tree[go.shape.struct { A int }]).Walk", "main.(*Tree[...]).Walk"),
        ("main.(*Tree[...]).Walk.func1.2", "main.(*Tree[...]).Walk.func1.2"),
        ("main.(*T).Serve-fm", "main.(*T).Serve-fm"),
        ("runtime.gcBgMarkWorker", "runtime.gcBgMarkWorker"),
    ],
)
def test_what_the_linker_writes_is_taken_out_of_a_go_name(linked: str, shown: str) -> None:
    assert demangled(linked) == shown
    assert readable(Function(name=linked, file="/src/a.go")) == shown


@pytest.mark.parametrize(
    ("file", "module"),
    [
        ("/usr/lib/python3.11/json/decoder.py", "json.decoder"),
        ("/srv/.venv/lib/python3.11/site-packages/yaml/__init__.py", "yaml"),
        ("/srv/.venv/lib/python3.11/site-packages/six.py", "six"),
        ("/usr/lib/python3/dist-packages/apt/cache.py", "apt.cache"),
        ("<frozen importlib._bootstrap>", "importlib._bootstrap"),
        ("/srv/app/report.py", "report"),
        ("/srv/app/__init__.py", "app"),
        ("/srv/app/__main__.py", "__main__"),
        ("<string>", ""),
        ("", ""),
        ("/usr/lib/libc.so.6", ""),
    ],
)
def test_a_python_function_is_named_with_its_module(file: str, module: str) -> None:
    assert python_module(file) == module
    assert readable(Function(name="C.f", file=file)) == (f"{module}.C.f" if module else "C.f")


def test_only_of_a_library_the_whole_module_is_known() -> None:
    assert is_library("/usr/lib/python3.11/json/decoder.py")
    assert not is_library("/srv/app/report.py")
