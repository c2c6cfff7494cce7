"""How much of the disk a program takes while it runs, told from what is left of it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

FREE_KEPT = 0.5
"""The part of what was free at the start that is never given to one program."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Free:
    """What is left of a file system: bytes and files (0 files where it doesn't say)."""

    data_bytes: int
    files: int


class DiskWatch:
    """The file systems below some folders, from now on.

    What is left of them is looked at, not what was written: a walk over a million files takes longer than writing
    them. Whatever else writes there meanwhile counts, too, so the limits must be generous.
    """

    def __init__(self, folders: Iterable[Path]) -> None:
        self._folders: dict[Path, _Free] = {}
        seen: set[int] = set()
        for folder in folders:
            try:
                device = folder.stat().st_dev
                if device not in seen:
                    seen.add(device)
                    self._folders[folder] = _free(folder)
            except OSError:  # gone, or never there: nothing can be written to it
                continue

    def excess(self, limit_bytes: int, limit_files: int) -> str:
        """What is over the limit, in words; "" when nothing is. Half of what was free is always spared."""
        for folder, before in self._folders.items():
            try:
                now = _free(folder)
            except OSError:
                continue
            most = min(limit_bytes, int(before.data_bytes * FREE_KEPT))
            if before.data_bytes - now.data_bytes > most:
                return f"more than {most / 1024**2:.4g} MiB of the disk"
            most = min(limit_files, int(before.files * FREE_KEPT))
            if before.files and before.files - now.files > most:
                return f"more than {most} files on the disk"
        return ""


def _free(folder: Path) -> _Free:
    found = os.statvfs(folder)
    return _Free(data_bytes=found.f_bavail * found.f_frsize, files=found.f_favail)
