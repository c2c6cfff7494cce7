"""Keeping one program within its limits while it runs."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

from tools.errors import Cancelled, LimitExceeded, ProgramFailed, ProgramMissing, ProgramTimedOut
from tools.run.launch import Ended, Launch, Launcher, LauncherGone
from tools.run.streams import Streams
from tools.run.tree import ProcessTree

MIB = 1024**2
WATCH_S = 0.1
WATCH_FLOOD_S = 0.01
GRACE_S = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a program may use; None is no limit. `output_bytes` counts stdout and stderr each."""

    timeout_s: float = 60.0
    output_bytes: int = 16 * MIB
    memory_bytes: int | None = None
    processes: int | None = 1024
    file_bytes: int | None = 4096 * MIB


@dataclass(slots=True)
class Watch:
    """One program from its start to its end, kept within its limits."""

    name: str
    limits: Limits
    streams: Streams
    cancelled: Callable[[], bool]

    def run(self, launcher: Launcher, launch: Launch) -> Ended:
        """How it ended by itself.

        Raises: ToolError when it could not be started or was ended by us, and nothing of it is left;
        LauncherGone.
        """
        tree = ProcessTree(launcher.pid)
        self._start(launcher, launch)
        started = time.perf_counter()
        ended: Ended | None = None
        try:
            while ended is None:
                ended = launcher.poll(self._pause_s())
                self._check_output()
                if ended is None:
                    self._check_time(time.perf_counter() - started)
                    self._check_tree(tree)
        except (ProgramTimedOut, Cancelled):
            self._end(launcher, grace_s=GRACE_S)
            raise
        except LimitExceeded:
            if ended is None:
                self._end(launcher, grace_s=0.0)
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

    def _check_tree(self, tree: ProcessTree) -> None:
        processes, memory = self.limits.processes, self.limits.memory_bytes
        if processes is None and memory is None:
            return
        usage = tree.usage(weigh=memory is not None)
        if processes is not None and usage.processes > processes:
            self._over(f"{usage.processes} processes at once (limit {processes})", "processes")
        # Forked workers share pages; only when the plain sum is over is the slower, fair one asked for.
        if memory is not None and usage.rss_bytes > memory:
            used = tree.proportional_bytes()
            if used > memory:
                self._over(f"{size_text(used)} of memory (limit {size_text(memory)})", "memory")

    def _over(self, what: str, limit: str) -> NoReturn:
        raise LimitExceeded(f"{self.name} was ended: it used {what}", limit=limit)

    def _end(self, launcher: Launcher, *, grace_s: float) -> None:
        """End the program and whatever it started; a program that obeys SIGTERM may tidy up first."""
        with contextlib.suppress(LauncherGone):
            if grace_s:
                launcher.ask_to_end()
                if launcher.poll(grace_s) is not None:
                    return
            launcher.end()
            while launcher.poll(1.0) is None:
                pass


def size_text(count: int) -> str:
    """A number of bytes for a message."""
    return f"{count / MIB:g} MiB" if count >= MIB else f"{count} bytes"
