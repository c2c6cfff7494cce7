"""Reading what the target may have written, without being led anywhere by it.

In the place of a file that we expect there may be a link to the user's keys, a pipe that nobody ever writes to,
or terabytes of zeros. Whoever reads something that code of the target's could write does it here.
"""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

from tools.errors import UnreadableOutput
from tools.run.removing import open_folder, remove_tree
from tools.run.watch import MIB, size_text

_PLACE = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC


def read_written(root: Path, path: Path, *, limit_bytes: int = 64 * MIB) -> bytes | None:
    """The content of a file below `root`, None when it isn't there.

    Raises: UnreadableOutput when it, or a folder on the way, is a link; when it is no plain file, has another
    name elsewhere, is larger than `limit_bytes`, or lies outside of `root`.
    """
    place = _find(root, path)
    if place is None:
        return None
    try:
        found = os.fstat(place)
        if stat.S_ISLNK(found.st_mode):
            raise _refused(path, "it is a symbolic link")
        if not stat.S_ISREG(found.st_mode):
            raise _refused(path, "it is no plain file")
        if found.st_nlink > 1:
            raise _refused(path, "it has another name elsewhere (a hard link)")
        if found.st_size > limit_bytes:
            raise _refused(path, f"it holds more than {size_text(limit_bytes)}")
        with Path(f"/proc/self/fd/{place}").open("rb") as file:
            return file.read(limit_bytes)
    except OSError as error:
        raise _refused(path, str(error.strerror)) from error
    finally:
        os.close(place)


def read_text(root: Path, path: Path, *, limit_bytes: int = 64 * MIB) -> str | None:
    """As `read_written`, as UTF-8 with bad bytes replaced."""
    content = read_written(root, path, limit_bytes=limit_bytes)
    return None if content is None else content.decode("utf-8", errors="replace")


def read_json(root: Path, path: Path, *, limit_bytes: int = 64 * MIB) -> object:
    """The JSON value of a file below `root`, None when it isn't there.

    Raises: UnreadableOutput as `read_written`, and when it is no JSON or nested too deep.
    """
    content = read_written(root, path, limit_bytes=limit_bytes)
    if content is None:
        return None
    return parse_json(content, path.name)


def parse_json(content: bytes | str, name: str) -> object:
    """A JSON value that the target wrote. Raises: UnreadableOutput."""
    try:
        value: object = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise UnreadableOutput(f"{name} holds no JSON that can be read: {error}") from error
    return value


def shown_name(name: str) -> str:
    """A file's name as it can be written down; its bytes may be no UTF-8, which no report can hold."""
    return name.encode("utf-8", errors="surrogateescape").decode("utf-8", errors="replace")


def fresh_folder(root: Path, *names: str) -> Path:
    """An empty folder below `root`; whatever lies in its place is removed, a link on the way with it.

    Raises: OSError when it can't be made.
    """
    parent = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for name in names[:-1]:
            inner = _real_folder(name, parent)
            os.close(parent)
            parent = inner
        remove_tree(names[-1], dir_fd=parent)
        os.mkdir(names[-1], dir_fd=parent)
    finally:
        os.close(parent)
    return root.joinpath(*names)


def _real_folder(name: str, parent: int) -> int:
    """A descriptor of a folder that is no link; what else has its name is removed."""
    try:
        return open_folder(name, parent)
    except OSError:  # not there, a link, a file
        remove_tree(name, dir_fd=parent)
        os.mkdir(name, dir_fd=parent)
        return open_folder(name, parent)


def _find(root: Path, path: Path) -> int | None:
    """A descriptor of what is at `path`, reached without following a link below `root`; None for nothing."""
    parts = path.relative_to(root).parts if path.is_relative_to(root) else ("..",)
    if ".." in parts or not parts:
        raise _refused(path, f"it lies outside of {root}")
    here = os.open(root, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    for number, part in enumerate(parts):
        flags = _PLACE if number == len(parts) - 1 else _PLACE | os.O_DIRECTORY
        try:
            there = os.open(part, flags, dir_fd=here)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _refused(path, f"{part} on the way to it is a link or no folder") from error
        finally:
            os.close(here)
        here = there
    return here


def _refused(path: Path, why: str) -> UnreadableOutput:
    return UnreadableOutput(f"{path} isn't read: {why}; the target's code left it there")
