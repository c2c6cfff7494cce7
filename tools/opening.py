"""Opening a recorded profile whatever wrote it: those that are parsed here, and memray's, which a program reads."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from tools.profiles.inflating import read_start
from tools.profiles.profile import Profile
from tools.profiles.reading import START_BYTES, is_memray, read_profile

if TYPE_CHECKING:
    from tools.run.process import Runner


def open_profile(path: Path, make_runner: Callable[[], Runner]) -> Profile:
    """The profile in a file. `make_runner` is called only for a file that a program has to read; whoever gives it
    closes what it made.

    Raises: UnreadableOutput naming the file; ToolError when memray's reader can't run.
    """
    if not is_memray(read_start(path, START_BYTES)):
        return read_profile(path)
    from tools.python.memory_files import read_memray

    return read_memray(make_runner(), path)
