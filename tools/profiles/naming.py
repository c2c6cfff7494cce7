"""Functions' names as users of their language write them, from what profilers call them.

Profiles keep the profiler's names, so that they can be compared (Python's bare ones are qualified when they are taken,
by `tools.python.qualifying`); these are for reading.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePosixPath

from tools.profiles.profile import Function

GO_FILES = (".go", ".s")
"""Go's files: also its assembly, whose functions are named with their package like all others."""
PYTHON_FILES = (".py", ".pyx", ".pyw")
LIBRARY = re.compile(r"(?:^|(?<=/))(?:(?:site|dist)-packages|python\d(?:\.\d+)?t?)/")
"""The folders of libraries: what follows the last one in a file's path is the module's path."""
FROZEN = re.compile(r"^<frozen ([\w.]+)>$")
IMPORTING = re.compile(r"^<frozen importlib\b|/importlib/__init__\.py$")
"""The import system's files."""
_ESCAPED = re.compile(r"%([0-9a-f]{2})")


def demangled(name: str) -> str:
    """A Go function without what the linker writes: escaped points of an import path, shapes of type arguments.

    `gopkg.in/yaml%2ev3.(*parser).peek` is `gopkg.in/yaml.v3.(*parser).peek`; `pkg.Map[go.shape.int_0]` is
    `pkg.Map[...]`, as pprof writes it. Closures (`.func1`) and method values (`-fm`) stay as Go's own tools show them.
    Source: cmd/internal/objabi.PathToPrefix; runtime.funcNameForPrint of Go 1.26.
    """
    if "%" in name:
        name = _ESCAPED.sub(lambda match: chr(int(match[1], 16)), name)
    if "[go.shape." in name:
        first, last = name.index("["), name.rindex("]")
        return f"{name[:first]}[...]{name[last + 1 :]}" if first < last else name
    return name


def readable(function: Function) -> str:
    """Go: import path and name. Python: `module.qualname`. Others: the name as it is."""
    if function.file.endswith(GO_FILES):
        return demangled(function.name)
    module = python_module(function.file)
    return f"{module}.{function.name}" if module and function.name else function.name


def is_library(file: str) -> bool:
    """Whether a Python file is a library's, so that its module's whole name is known."""
    return bool(LIBRARY.search(file) or FROZEN.match(file))


def imported(frames: Sequence[Function]) -> str:
    """`import numpy`: the library that frames, from their own caller towards the leaf, load; "" for none.

    It is told by the first module's body beyond the import system. Where there is none yet (its file is still being
    looked for or read), or where it is no library's, nobody can tell.
    """
    if not frames or not IMPORTING.search(frames[0].file):
        return ""
    loaded = next((f.file for f in frames if f.name == "<module>"), "")
    return f"import {python_module(loaded).partition('.')[0]}" if is_library(loaded) else ""


def python_module(file: str) -> str:
    """A Python file's module: dotted from its library's folder, else the file's own name; "" for what is no Python."""
    frozen = FROZEN.match(file)
    if frozen:
        return frozen[1]
    if not file.endswith(PYTHON_FILES):
        return ""
    ends = [match.end() for match in LIBRARY.finditer(file)]
    path = PurePosixPath(file[ends[-1] :] if ends else file)
    parts = list(path.with_suffix("").parts) if ends else [path.stem]
    if parts[-1] == "__init__":
        parts = parts[:-1] or [path.parent.name]
    return ".".join(part for part in parts if part)
