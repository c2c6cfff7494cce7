"""Keeping one program within its limits while it runs.

The kernel's control groups refuse memory and processes at the limit, where this user may make groups
(cgroups.py). Everything is watched ten times a second besides: groups are often not to be had, and a program
that was refused something goes on with a confusing error of its own.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

from tools.errors import Cancelled, LimitExceeded, ProgramFailed, ProgramMissing, ProgramTimedOut
from tools.run.disk import DiskWatch
from tools.run.enclosing import count_in, remove_groups
from tools.run.launch import STOPPED_S, Ended, Launch, Launcher, LauncherGone
from tools.run.streams import Streams
from tools.run.tree import ProcessTree, shared_bytes

MIB = 1024**2
WATCH_S = 0.1
WATCH_FLOOD_S = 0.01
GRACE_S = 0.5
ENDING_S = 12.0
"""How long a launcher may take to end a program before it is ended itself."""
THREADS_PER_PROCESS = 8
"""Threads of all processes together may be this many times the most processes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a program may use; None is no limit. `output_bytes` counts stdout and stderr each.

    `file_bytes` is for each file, `disk_bytes` and `disk_files` for what all it writes takes from the disk.
    """

    timeout_s: float = 60.0
    output_bytes: int = 16 * MIB
    memory_bytes: int | None = None
    processes: int | None = 1024
    file_bytes: int | None = 4096 * MIB
    disk_bytes: int = 8192 * MIB
    disk_files: int = 200_000

    @property
    def tasks(self) -> int | None:
        """The most processes and threads together."""
        return None if self.processes is None else self.processes * THREADS_PER_PROCESS


@dataclass(slots=True)
class Watch:
    """One program from its start to its end, kept within its limits. `written` is where it may write."""

    name: str
    limits: Limits
    streams: Streams
    cancelled: Callable[[], bool]
    written: tuple[Path, ...] = ()
    _shared_before: int = field(default=0, init=False)

    def run(self, launcher: Launcher, launch: Launch) -> Ended:
        """How it ended by itself.

        Raises: ToolError when it could not be started or was ended by us, and nothing of it is left;
        LauncherGone.
        """
        tree = ProcessTree(launcher.pid)
        disk = DiskWatch(self.written)
        self._shared_before = shared_bytes()
        ended: Ended | None = None
        try:
            self._start(launcher, launch)
            started = time.perf_counter()
            while ended is None:
                ended = launcher.poll(self._pause_s())
                self._check_output()
                if ended is not None:
                    self._check_refused(ended.refused)
                else:
                    self._check_time(time.perf_counter() - started)
                    self._check_groups(launch)
                    self._check_tree(tree, launch)
                    self._check_disk(disk)
        except LauncherGone:
            _bury(tree, launch)
            raise
        except (ProgramTimedOut, Cancelled):
            self._end(launcher, launch, tree, grace_s=GRACE_S)
            raise
        except LimitExceeded:
            if ended is None:
                self._end(launcher, launch, tree, grace_s=0.0)
            raise
        return ended

    def _start(self, launcher: Launcher, launch: Launch) -> None:
        try:
            launcher.start(launch)
        except FileNotFoundError as error:
            raise ProgramMissing(
                self.name, f"install it, or put it on PATH ({launch.argv[0]} was not found)"
            ) from error
        except OSError as error:
            raise ProgramFailed(
                f"{self.name} could not be started: {error.strerror}", exit_code=126
            ) from error

    def _pause_s(self) -> float:
        """Look more often once output comes in masses."""
        size, _ = self.streams.longest
        return WATCH_FLOOD_S if size > self.limits.output_bytes // 8 else WATCH_S

    def _check_output(self) -> None:
        size, stream = self.streams.longest
        if size > self.limits.output_bytes:
            self._over(f"more than {size_text(self.limits.output_bytes)} on {stream}", "output")

    def _check_time(self, elapsed_s: float) -> None:
        if self.cancelled():
            raise Cancelled(f"{self.name} was ended: the run was cancelled")
        limit_s = self.limits.timeout_s
        if elapsed_s > limit_s:
            raise ProgramTimedOut(
                f"{self.name} was ended after its time limit of {limit_s:g} s", timeout_s=limit_s
            )

    def _check_groups(self, launch: Launch) -> None:
        if launch.group is not None:
            self._check_refused({name: count_in(*place) for name, place in launch.group.counters.items()})

    def _check_refused(self, refused: Mapping[str, int]) -> None:
        """What the kernel has refused is over the limit, whatever the program made of it."""
        if refused.get("memory") and self.limits.memory_bytes is not None:
            limit = size_text(self.limits.memory_bytes)
            self._over(f"more than {limit} of memory (limit {limit})", "memory")
        if refused.get("pids"):
            self._over_tasks()

    def _check_tree(self, tree: ProcessTree, launch: Launch) -> None:
        processes, memory = self.limits.processes, self.limits.memory_bytes
        weighed = memory is not None and not (launch.group and "memory" in launch.group.counters)
        if processes is None and not weighed:
            return
        usage = tree.usage()
        if processes is not None and usage.processes > processes:
            self._over(f"{usage.processes} processes at once (limit {processes})", "processes")
        if (
            self.limits.tasks is not None and usage.threads >= self.limits.tasks
        ):  # the kernel refuses the next
            self._over_tasks()
        if weighed and memory is not None:
            self._check_memory(tree, usage.rss_bytes, memory)

    def _check_memory(self, tree: ProcessTree, rss_bytes: int, limit_bytes: int) -> None:
        # Forked workers share pages; only when the plain sum is over is the slower, fair one asked for.
        used = tree.proportional_bytes() if rss_bytes > limit_bytes else 0
        if used > limit_bytes:
            self._over(f"{size_text(used)} of memory (limit {size_text(limit_bytes)})", "memory")
        # Files in memory are in no process's sum. Whoever else fills memory so fast meanwhile counts, too.
        shared = shared_bytes() - self._shared_before
        if shared > limit_bytes:
            limit = size_text(limit_bytes)
            self._over(f"{size_text(shared)} of memory for files and shared pages (limit {limit})", "memory")

    def _check_disk(self, disk: DiskWatch) -> None:
        excess = disk.excess(self.limits.disk_bytes, self.limits.disk_files)
        if excess:
            self._over(excess, "disk")

    def _over_tasks(self) -> NoReturn:
        self._over(f"more than {self.limits.tasks} processes and threads at once", "processes")

    def _over(self, what: str, limit: str) -> NoReturn:
        raise LimitExceeded(f"{self.name} was ended: it used {what}", limit=limit)

    def _end(self, launcher: Launcher, launch: Launch, tree: ProcessTree, *, grace_s: float) -> None:
        """End the program and whatever it started; a program that obeys SIGTERM may tidy up first."""
        with contextlib.suppress(LauncherGone):
            if grace_s:
                launcher.ask_to_end()
                if launcher.poll(grace_s) is not None:
                    return
            launcher.end()
            until = time.monotonic() + ENDING_S
            while launcher.poll(STOPPED_S) is None:
                launcher.go_on()  # a program that stops it again and again is ended between two stops
                if time.monotonic() > until:
                    launcher.kill()
                    break
            else:
                return
        _bury(tree, launch)


def _bury(tree: ProcessTree, launch: Launch) -> None:
    """End what a launcher that is no more has left, as far as it can be found."""
    tree.end()
    if launch.group is not None:
        remove_groups([str(folder) for folder in launch.group.folders])


def size_text(count: int) -> str:
    """A number of bytes for a message."""
    return f"{count / MIB:g} MiB" if count >= MIB else f"{count} bytes"
