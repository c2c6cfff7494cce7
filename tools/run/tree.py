"""How much a process and its descendants use, read from /proc, cheaply enough to watch a benchmark.

Reading the state of every process ten times a second took a tenth of a processor here. Only processes
that have appeared since the last look are read: a process can't become a descendant later in its life.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeUsage:
    """What a process tree uses at this moment. `rss_bytes` counts shared pages in each of its processes."""

    processes: int
    rss_bytes: int


class ProcessTree:
    """The descendants of `root`, a child subreaper, that are started after this object is made."""

    def __init__(self, root: int) -> None:
        self._root = root
        self._strangers = {0, *_pids()}
        self._members: set[int] = set()

    def usage(self, *, weigh: bool) -> TreeUsage:
        """Count the tree, ended but unreaped processes included; its memory is 0 unless asked to `weigh`."""
        self._look()
        rss = sum(_rss_bytes(pid) for pid in self._members) if weigh else 0
        return TreeUsage(processes=len(self._members), rss_bytes=rss)

    def proportional_bytes(self) -> int:
        """The tree's memory with shared pages divided among those who share them; slower to find out."""
        self._look()
        return sum(_proportional_bytes(pid) for pid in self._members)

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


def _pids() -> set[int]:
    return {int(name) for name in os.listdir("/proc") if name.isdigit()}  # noqa: PTH208 - ten times a second


def _parent(pid: int) -> int | None:
    stat = _read(pid, "stat").rpartition(b")")[2].split()
    return int(stat[1]) if len(stat) > 1 else None


def _rss_bytes(pid: int) -> int:
    fields = _read(pid, "statm").split()
    return int(fields[1]) * PAGE_BYTES if len(fields) > 1 else 0


def _proportional_bytes(pid: int) -> int:
    for line in _read(pid, "smaps_rollup").splitlines():
        if line.startswith(b"Pss:"):
            return int(line.split()[1]) * 1024
    return _rss_bytes(pid)


def _read(pid: int, name: str) -> bytes:
    """A file of a process; empty when the process has gone."""
    try:
        with open(f"/proc/{pid}/{name}", "rb") as file:  # noqa: PTH123 - read thousands of times
            return file.read()
    except OSError:
        return b""
