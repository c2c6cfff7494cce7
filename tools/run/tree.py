"""A process and its descendants, read from /proc: how much they use, and their end."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeUsage:
    """What a process tree uses at this moment."""

    processes: int
    rss_bytes: int


def tree_usage(pid: int) -> TreeUsage:
    """Count and weigh `pid` and its descendants (shared pages are counted in each)."""
    members = _descendants(pid)
    rss = 0
    for member in members:
        with contextlib.suppress(OSError, ValueError, IndexError):
            rss += int((PROC / str(member) / "statm").read_text().split()[1]) * PAGE_BYTES
    return TreeUsage(processes=len(members), rss_bytes=rss)


def end_tree(pid: int, mark: str) -> None:
    """Kill what is left of the session of `pid`, its descendants, and every process whose environment
    holds `mark`, until none is found.
    """
    for _ in range(50):
        left = [
            p for p in {*_descendants(pid), *_session(pid), *_marked(mark)} if p not in (pid, os.getpid())
        ]
        if not left:
            return
        for member in left:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(member, signal.SIGKILL)
        time.sleep(0.01)


def _processes() -> Iterator[tuple[int, int, int]]:
    """(pid, parent, session) of every living process; zombies left out."""
    for folder in PROC.iterdir():
        if not folder.name.isdigit():
            continue
        with contextlib.suppress(OSError, ValueError, IndexError):
            fields = (folder / "stat").read_text(errors="replace").rpartition(")")[2].split()
            if fields[0] not in "ZX":
                yield int(folder.name), int(fields[1]), int(fields[3])


def _descendants(pid: int) -> set[int]:
    children: dict[int, list[int]] = {}
    for process, parent, _ in _processes():
        children.setdefault(parent, []).append(process)
    found: set[int] = set()
    stack = [pid]
    while stack:
        member = stack.pop()
        if member not in found:
            found.add(member)
            stack.extend(children.get(member, []))
    return found


def _session(pid: int) -> set[int]:
    return {process for process, _, session in _processes() if session == pid}


def _marked(mark: str) -> set[int]:
    needle = mark.encode()
    found = set()
    for process, _, _ in _processes():
        with contextlib.suppress(OSError):
            if needle in (PROC / str(process) / "environ").read_bytes().split(b"\0"):
                found.add(process)
    return found
