"""Looking through a run's folder: its files, links and empty folders, without what is made again by itself."""

from __future__ import annotations

import hashlib
import os
import stat
import time
from dataclasses import dataclass, field
from pathlib import Path

CACHES = frozenset({"__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache"})
LEFT_OUT = frozenset(
    {"checkpoints.sqlite", "checkpoints.sqlite-wal", "checkpoints.sqlite-shm", "followups.lock"}
)
"""Of the folder itself: steps are kept in the database, and a lock means nothing on another host."""
SETTLED_NS = 1_000_000_000
"""A file that was changed less than this before it was read is read again: clocks of file systems are coarse."""
SMALL_BYTES = 8_000_000
"""Files up to this size are read once, to be hashed and kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenFile:
    """A file as it lies there."""

    size_bytes: int
    mode: int
    mtime_ns: int


@dataclass(slots=True, kw_only=True)
class Look:
    """What lies in a folder at one moment, by paths relative to it."""

    files: dict[str, SeenFile] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    folders: list[str] = field(default_factory=list)


def look_through(folder: Path) -> Look:
    """Everything below a folder, links not followed. Pipes, sockets and what vanishes meanwhile are left out."""
    found = Look()
    top = os.fspath(folder)
    for place, folders, files in os.walk(top):
        relative = os.path.relpath(place, top)
        folders[:] = [name for name in folders if name not in CACHES]
        prefix = "" if relative == "." else relative + "/"
        for name in [*files, *folders]:
            if not prefix and name in LEFT_OUT:
                continue
            _look_at(found, os.path.join(place, name), prefix + name)  # noqa: PTH118 - hot: thousands of files
        folders[:] = [name for name in folders if prefix + name not in found.links]
        if prefix and not files and not folders:
            found.folders.append(relative)
    return found


def _look_at(found: Look, path: str, name: str) -> None:
    try:
        status = os.lstat(path)
        if stat.S_ISLNK(status.st_mode):
            found.links[name] = os.readlink(path)  # noqa: PTH115 - hot
        elif stat.S_ISREG(status.st_mode):
            found.files[name] = SeenFile(
                size_bytes=status.st_size, mode=status.st_mode & 0o777, mtime_ns=status.st_mtime_ns
            )
    except OSError:
        return


def read_small(path: Path) -> tuple[str, bytes] | None:
    """A file's hash and content; None when it vanished or can't be read."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    return hashlib.sha256(content).hexdigest(), content


def hash_large(path: Path, seen: SeenFile) -> str | None:
    """A file's hash; None when it vanished, can't be read, or is being written: then a later look has it."""
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        return digest if is_same(path, seen) else None
    except OSError:
        return None


def is_same(path: Path, seen: SeenFile) -> bool:
    """Whether a file is still as it was seen. Raises: OSError."""
    status = path.lstat()
    return (status.st_size, status.st_mtime_ns) == (seen.size_bytes, seen.mtime_ns)


def is_settled(seen: SeenFile, read_ns: int) -> bool:
    """Whether a file that looks the same later is the same: it had been left alone when it was read."""
    return seen.mtime_ns < read_ns - SETTLED_NS


def now_ns() -> int:
    """The time that files' times are compared with."""
    return time.time_ns()
