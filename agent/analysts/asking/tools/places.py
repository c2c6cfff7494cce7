"""Files that a model may read: those of the private copy, by paths relative to its root, and nothing else."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from agent.errors import BadRequest
from agent.workspace import NOT_COPIED, is_environment
from tools.errors import UnreadableOutput
from tools.run.reading import read_written

LARGEST_BYTES = 4 * 1024**2
"""Larger files aren't source that somebody reads."""
WALKED = 20_000
"""So many files are looked at to list or search them."""


def place_of(root: Path, name: str) -> Path:
    """Where a file or folder really is, which is below `root`.

    Raises: BadRequest when it isn't there, leads out of the target (also by a link) or into what is no part of it.
    """
    path = PurePosixPath(name)
    if "\0" in name or path.is_absolute() or ".." in path.parts:
        raise BadRequest(f"{name!r} isn't inside the target: give a path relative to its root, without `..`")
    home = root.resolve()
    try:
        real = (home / path).resolve()
        is_there = os.path.lexists(real)
        is_left_out = is_there and _is_left_out(home, path, real)
    except (OSError, RuntimeError, ValueError) as error:
        raise BadRequest(
            f"{name!r} can't be followed ({error}): `list_files` names the files there are"
        ) from error
    if not real.is_relative_to(home):
        raise BadRequest(f"{name!r} is a link that leads out of the target: it isn't followed")
    if not is_there:
        raise BadRequest(f"there is no {name!r}: `list_files` names the files there are")
    if is_left_out:
        raise BadRequest(f"{name!r} is no part of the target's sources: `list_files` names those there are")
    return real


def _is_left_out(home: Path, path: PurePosixPath, real: Path) -> bool:
    """Whether a path, or where it really leads below `home`, is in a folder that isn't copied."""
    parts = real.relative_to(home).parts if real.is_relative_to(home) else ()
    folders = (home.joinpath(*parts[: n + 1]) for n in range(len(parts)))
    return bool(NOT_COPIED.intersection((*path.parts, *parts))) or any(is_environment(f) for f in folders)


def text_of(root: Path, name: str) -> str:
    """The exact text of a source file. Raises: BadRequest saying why it can't be read and what to do instead."""
    real = place_of(root, name)
    found = real.lstat()
    if stat.S_ISDIR(found.st_mode):
        raise BadRequest(f"{name!r} is a folder: `list_files` lists it")
    if not stat.S_ISREG(found.st_mode):
        raise BadRequest(f"{name!r} is no plain file: only source files are read")
    if found.st_size > LARGEST_BYTES:
        raise BadRequest(
            f"{name!r} holds over {LARGEST_BYTES // 1024**2} MiB: that is no source to be read here"
        )
    content = _content(root, real)
    if content is None:
        raise BadRequest(
            f"{name!r} can't be read: it is linked from elsewhere, or not readable; go on without it"
        )
    if b"\0" in content:
        raise BadRequest(f"{name!r} is no text: only source files are read")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadRequest(
            f"{name!r} isn't UTF-8 (at byte {error.start}), so it can be neither quoted nor edited: leave it as it is, "
            "and change what calls it"
        ) from error


def searchable(root: Path, name: str) -> str:
    """The text of a file that `files_below` named, bad bytes replaced; "" for what is no text, or too large."""
    content = _content(root, root.resolve() / name)
    if content is None or b"\0" in content:
        return ""
    return content.decode("utf-8", errors="replace")


def _content(root: Path, real: Path) -> bytes | None:
    try:
        return read_written(root.resolve(), real, limit_bytes=LARGEST_BYTES)
    except (UnreadableOutput, OSError):
        return None


def files_below(root: Path, folder: str = "", glob: str = "") -> Iterator[str]:
    """Plain files below a folder by their paths from `root`, sorted by folder; at most WALKED are looked at.

    `glob` is for a whole path or for a file's name. Raises: BadRequest when the folder can't be used.
    """
    home = root.resolve()
    start = place_of(root, folder) if folder not in ("", ".") else home
    if not start.is_dir():
        raise BadRequest(f"{folder!r} is no folder: `read_file` shows a file")
    looked_at = 0
    for here, folders, files in os.walk(start):
        folders[:] = sorted(f for f in folders if f not in NOT_COPIED and not is_environment(Path(here, f)))
        for file in sorted(files):
            looked_at += 1
            if looked_at > WALKED:
                return
            path = Path(here, file)
            name = path.relative_to(home).as_posix()
            wanted = not glob or fnmatchcase(name, glob) or fnmatchcase(file, glob)
            if wanted and file not in NOT_COPIED and stat.S_ISREG(path.lstat().st_mode):
                yield name
