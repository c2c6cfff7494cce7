"""Python's functions by their qualified names (`Class.method`, `f.<locals>.g`), where a profiler gives the bare ones.

py-spy reads a code object's `co_qualname`, which CPython has from 3.11 on. memray gives the bare name whatever the
version, and so does py-spy before 3.11. So the source is compiled, never run: the compiler says the same `co_qualname`
of each function, and the name and line of a frame tell which function it is.
"""

from __future__ import annotations

import stat
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import CodeType

import numpy as np

from tools.profiles.profile import Function, Profile

LARGEST_BYTES = 1024**2
"""Larger files are generated, and take seconds to compile."""
MOST_BYTES = 8 * 1024**2
"""So much source is compiled for a profile, the costliest files first: 2.4 MB, of a program with numpy, took 0.4 s."""
MODULE = "<module>"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Code:
    """A code object of a file: `lines` are its own; those of what is defined in it lie between `first` and `last`."""

    name: str
    qualname: str
    lines: frozenset[int]
    first: int
    last: int


def with_qualified_names(
    profile: Profile, *, loaded_ns: int | None = None, folder: Path | None = None
) -> Profile:
    """The profile with qualified names of Python functions, equal functions merged, those at several places parted.

    A name stays as it is where its source can't be read or compiled (by the Python that runs this), where the line is
    no function's of that name or that of several, and where the file was changed after `loaded_ns` (nanoseconds since
    1970), when the program loaded it; None is the profile's own time, 0 that it can't have changed. Files with relative
    names are looked for in `folder`, if there is one. A profile in which a name is qualified already is given back: its
    profiler knows the others, too.
    """
    if any("." in f.name for f in profile.functions if f.file.endswith(".py")):
        return profile
    wanted = _wanted(profile, or_relative=folder is not None)
    if not wanted:
        return profile
    loaded = profile.time_ns if loaded_ns is None else loaded_ns
    left = MOST_BYTES
    codes: dict[tuple[str, str], list[_Code]] = {}
    for file in wanted:
        source = _source((folder or Path()) / file, loaded, left)
        left -= len(source)
        for code in _codes(source):
            codes.setdefault((file, code.name), []).append(code)
    functions: dict[Function, int] = {}
    numbers = []
    frames = zip(profile.frame_function.tolist(), profile.frame_line.tolist(), strict=True)
    for function, line in ((profile.functions[n], line) for n, line in frames):
        possible = codes.get((function.file, function.name), [])
        named = replace(function, name=_qualified(possible, function.name, line))
        numbers.append(functions.setdefault(named, len(functions)))
    return replace(profile, frame_function=np.array(numbers, dtype=np.int64), functions=tuple(functions))


def _wanted(profile: Profile, *, or_relative: bool) -> list[str]:
    """The source files of functions that may have a longer name, the costliest first."""
    amounts = np.repeat(profile.values[:, -1].astype(np.float64), np.diff(profile.offsets))
    by_frame = np.bincount(profile.frame_ids, weights=amounts, minlength=len(profile.frame_function))
    costs: dict[str, float] = {}
    for n, cost in zip(profile.frame_function.tolist(), by_frame.tolist(), strict=True):
        function = profile.functions[n]
        is_found = or_relative or function.file.startswith("/")
        if is_found and function.name != MODULE and function.file.endswith(".py"):
            costs[function.file] = costs.get(function.file, 0.0) + cost
    return sorted(costs, key=lambda file: -costs[file])


def _source(path: Path, loaded_ns: int, most_bytes: int) -> bytes:
    """What is in a plain file of at most `LARGEST_BYTES` and `most_bytes`; nothing when it is newer than loaded."""
    try:
        found = path.stat()  # before it is opened: a pipe would never end
        is_same = not loaded_ns or found.st_mtime_ns <= loaded_ns
        if not stat.S_ISREG(found.st_mode) or not is_same or found.st_size > min(LARGEST_BYTES, most_bytes):
            return b""
        with path.open("rb") as file:
            return file.read(found.st_size)
    except (OSError, ValueError):  # ValueError: a name with a null character
        return b""


def _codes(source: bytes) -> Iterator[_Code]:
    """The functions, classes, lambdas and comprehensions of a file; none when it isn't this Python's."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            module = compile(source, "", "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError):
        return
    for inner in _inner(module):
        yield from _within(inner)


def _within(code: CodeType) -> Iterator[_Code]:
    inner = [found for one in _inner(code) for found in _within(one)]
    lines = frozenset(line for *_, line in code.co_lines() if line) | {code.co_firstlineno}
    yield from inner
    yield _Code(
        name=code.co_name,
        qualname=code.co_qualname,
        lines=lines,
        first=min(lines),
        last=max(max(lines), *(one.last for one in inner), 0),
    )


def _inner(code: CodeType) -> Iterator[CodeType]:
    return (constant for constant in code.co_consts if isinstance(constant, CodeType))


def _qualified(codes: list[_Code], name: str, line: int) -> str:
    """The qualified name of the innermost of a file's functions of that name around a line; the name itself in doubt.

    Lines of a multi-line expression are told differently by other versions of Python, and those of a comprehension
    are its function's own from 3.12 on: so a line may be none of the function's, and still be within it.
    """
    around = [code for code in codes if code.first <= line <= code.last]
    own = {code.qualname for code in around if line in code.lines}
    if not own and around:
        shortest = min(code.last - code.first for code in around)
        own = {code.qualname for code in around if code.last - code.first == shortest}
    return own.pop() if len(own) == 1 else name
