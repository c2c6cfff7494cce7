"""How much a process and its descendants use, read from /proc, cheaply enough to watch a benchmark.

Reading the state of every process ten times a second took a tenth of a processor here. Only processes
that have appeared since the last look are read: a process can't become a descendant later in its life.
"""

from __future__ import annotations

import contextlib
import os
import signal
from dataclasses import dataclass

PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_PARENT, _THREADS, _RSS_PAGES = 1, 17, 21
"""Places in /proc/PID/stat after the name, which may hold anything. Source: proc(5)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeUsage:
    """What a process tree uses at this moment. `rss_bytes` counts shared pages in each of its processes."""

    processes: int
    threads: int
    rss_bytes: int


class ProcessTree:
    """The descendants of `root`, a child subreaper, that are started after this object is made."""

    def __init__(self, root: int) -> None:
        self._root = root
        self._strangers = {0, *_pids()}
        self._members: set[int] = set()

    def usage(self) -> TreeUsage:
        """Count the tree, ended but unreaped processes included, and its memory."""
        self._look()
        stats = [stat for pid in self._members if len(stat := _stat(pid)) > _RSS_PAGES]
        return TreeUsage(
            processes=len(self._members),
            threads=sum(int(stat[_THREADS]) for stat in stats),
            rss_bytes=sum(int(stat[_RSS_PAGES]) for stat in stats) * PAGE_BYTES,
        )

    def proportional_bytes(self) -> int:
        """The tree's memory with shared pages divided among those who share them; slower to find out."""
        self._look()
        return sum(_proportional_bytes(pid) for pid in self._members)

    def end(self) -> None:
        """Kill all that is left of the tree, for when its root can't do it."""
        self._look()
        for pid in self._members:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)

    def _look(self) -> None:
        present = _pids()
        self._strangers &= present | {0}
        self._members &= present
        parents = {pid: _parent(pid) for pid in present - self._strangers - self._members}
        for pid in parents:
            chain = []
            step: int | None = pid
            while step is not None and step in parents and step not in self._members:
                chain.append(step)
                step = parents[step]
            if step == self._root or step in self._members:
                self._members.update(chain)
            elif step in self._strangers:
                self._strangers.update(chain)
            # Else a link of the chain ended, or began, between two reads: decided at the next look.


def shared_bytes() -> int:
    """Memory of this host that no process need show for it to be there: files in memory, shared pages."""
    for line in _read("meminfo").splitlines():
        if line.startswith(b"Shmem:"):
            return int(line.split()[1]) * 1024
    return 0


def _pids() -> set[int]:
    return {int(name) for name in os.listdir("/proc") if name.isdigit()}  # noqa: PTH208 - ten times a second


def _parent(pid: int) -> int | None:
    stat = _stat(pid)
    return int(stat[_PARENT]) if len(stat) > _PARENT else None


def _stat(pid: int) -> list[bytes]:
    return _read(f"{pid}/stat").rpartition(b")")[2].split()


def _proportional_bytes(pid: int) -> int:
    for line in _read(f"{pid}/smaps_rollup").splitlines():
        if line.startswith(b"Pss:"):
            return int(line.split()[1]) * 1024
    stat = _stat(pid)
    return int(stat[_RSS_PAGES]) * PAGE_BYTES if len(stat) > _RSS_PAGES else 0


def _read(name: str) -> bytes:
    """A file of /proc; empty when its process has gone."""
    try:
        with open(f"/proc/{name}", "rb") as file:  # noqa: PTH123 - read thousands of times
            return file.read()
    except OSError:
        return b""
