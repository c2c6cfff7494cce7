"""Finding the source file that a profile names below given folders, and nowhere else."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

LARGEST_BYTES = 8 * 1024 * 1024
"""Larger files aren't source that somebody reads line by line."""
_WORD = re.compile(r"(?<!\w)[^\W\d]\w*")
_TYPES = re.compile(r"\[.*\]")
_NO_NAME = re.compile(
    r"^(func|gowrap|deferwrap|fm|lambda|module|genexpr|listcomp|locals|shape|int|string)\d*$"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """A source file as it is now: where below its root, and its lines without their ends."""

    path: Path
    lines: tuple[str, ...]


def find_source(recorded: str, function: str, roots: Sequence[Path]) -> SourceFile | None:
    """The file that a profile recorded as `recorded` for `function`, below one of `roots`; None without one.

    A program is often built elsewhere, so the longest end of the recorded path that names a file below a root is
    taken: `example.com/app/store/db.go` is `store/db.go` below the module's folder. Of such files only those count
    that hold the function's name. A file outside of the roots is never read, whatever `..` or a link says. What
    isn't UTF-8 is read with replacement characters.
    """
    parts = [part for part in PurePosixPath(recorded.replace("\\", "/")).parts if part not in ("/", ".")]
    if not parts or ".." in parts:
        return None
    name = own_name(function)
    for root, real in _candidates(recorded, parts, roots):
        text = _text(real)
        if text is not None and name in text:
            path = root / real.relative_to(root.resolve())
            return SourceFile(path=path, lines=tuple(text.removesuffix("\n").split("\n")))
    return None


def own_name(function: str) -> str:
    """What a function is called where it is defined: `Load` for `app.(*Store).Load.func1`; "" if it has no name."""
    bare = _TYPES.sub("", function).rpartition("/")[2]
    words = [word for word in _WORD.findall(bare) if not _NO_NAME.match(word)]
    return words[-1] if words else ""


def _text(path: Path) -> str | None:
    """The text of a source file; None when it isn't one or can't be read."""
    try:
        if not path.is_file() or path.stat().st_size > LARGEST_BYTES:
            return None
        return path.read_text(encoding="utf-8", errors="replace")
    except (OSError, ValueError):  # ValueError: a name with a null character
        return None


def _candidates(recorded: str, parts: Sequence[str], roots: Sequence[Path]) -> Iterator[tuple[Path, Path]]:
    """Roots with real places of files below them, the likeliest first."""
    for root in roots:
        yield from _below(root, Path(recorded))
    for first in range(len(parts)):
        for root in roots:
            yield from _below(root, Path(*parts[first:]))


def _below(root: Path, path: Path) -> Iterator[tuple[Path, Path]]:
    try:
        real = (root / path).resolve()
        if real.is_relative_to(root.resolve()):
            yield root, real
    except (OSError, RuntimeError, ValueError):
        return
