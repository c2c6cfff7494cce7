"""Worker processes of one machine: started with the service, started again when one ends, ended with it."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType

log = logging.getLogger(__name__)
LEAST_S = 2.0
"""A worker that ended sooner than this is started again after a pause that doubles up to MOST_S."""
MOST_S = 60.0


@dataclass(slots=True, kw_only=True)
class Workers:
    """`count` processes of `ask-profiler worker` with these arguments, for as long as the block lasts.

    At its end they are asked to finish their steps, and ended after `stop_s`.
    """

    count: int
    environment: Mapping[str, str]
    arguments: Sequence[str] = ()
    stop_s: float = 30.0
    _children: list[subprocess.Popen[bytes]] = field(default_factory=list, init=False)
    _over: threading.Event = field(default_factory=threading.Event, init=False)
    _threads: list[threading.Thread] = field(default_factory=list, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)

    def __enter__(self) -> Workers:
        for number in range(self.count):
            thread = threading.Thread(target=self._keep, name=f"worker-{number}", daemon=True)
            thread.start()
            self._threads.append(thread)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with self._lock:
            self._over.set()
            children = list(self._children)
        for child in children:
            with contextlib.suppress(ProcessLookupError):
                child.send_signal(signal.SIGTERM)
        until = time.monotonic() + self.stop_s
        for child in children:
            try:
                child.wait(timeout=max(0.0, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                log.warning(
                    "worker process %d did not finish its step in %g s: ended", child.pid, self.stop_s
                )
                child.kill()
                child.wait()
        for thread in self._threads:
            thread.join()

    @property
    def pids(self) -> tuple[int, ...]:
        """The processes that run now."""
        with self._lock:
            return tuple(child.pid for child in self._children if child.poll() is None)

    def _keep(self) -> None:
        pause_s = 0.0
        while not self._over.wait(pause_s):
            started = time.monotonic()
            child = self._start()
            if child is None:
                return
            code = child.wait()
            with self._lock:
                self._children.remove(child)
            if self._over.is_set():
                return
            log.warning("worker process %d ended with %d: another one is started", child.pid, code)
            is_quick = time.monotonic() - started < LEAST_S
            pause_s = min(MOST_S, max(0.5, 2 * pause_s)) if is_quick else 0.0

    def _start(self) -> subprocess.Popen[bytes] | None:
        with self._lock:
            if self._over.is_set():
                return None
            # In a group of its own: Ctrl-C reaches the service, which tells its workers. -P: no module of the folder
            # that the service happens to be started in is taken for one of ours.
            child = subprocess.Popen(
                [
                    sys.executable,
                    "-P",
                    "-m",
                    "agent.doors.cli.main",
                    "worker",
                    "--end-with-parent",
                    str(os.getpid()),
                    *self.arguments,
                ],
                env=dict(self.environment),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                process_group=0,
            )
            self._children.append(child)
            return child


def end_with_parent(parent: int) -> None:
    """Make this process end when the one that started it does, however that happens, even if it has by now.

    Source: prctl(2), PR_SET_PDEATHSIG.
    """
    import ctypes

    parent_death_signal = 1
    ctypes.CDLL(None, use_errno=True).prctl(parent_death_signal, signal.SIGTERM)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGTERM)
