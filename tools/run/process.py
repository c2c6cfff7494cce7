"""Starting programs: the only place that does. Each is bounded, watched, and ended with all it started.

A program's output is capped, its process tree is counted and weighed ten times a second, its time is
limited; whatever goes over ends the whole tree and raises. Descendants that leave the process group
(a double fork, a new session) are found by an environment mark that they all inherit.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, NoReturn

from tools.errors import Cancelled, LimitExceeded, ProgramFailed, ProgramMissing, ProgramTimedOut
from tools.run.launch import Ended, Launcher, LauncherPool
from tools.run.sandbox import Access, Sandbox
from tools.run.tree import TreeUsage, end_tree, tree_usage

MIB = 1024**2
WATCH_S = 0.1
MARK = "ASK_PROFILER_PROCESS"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a program may use; None is no limit. `output_bytes` counts stdout and stderr each."""

    timeout_s: float = 60.0
    output_bytes: int = 16 * MIB
    memory_bytes: int | None = None
    processes: int | None = 1024
    file_bytes: int | None = 4096 * MIB


@dataclass(frozen=True, slots=True, kw_only=True)
class Completed:
    """A program that ended by itself. `peak_rss_bytes` is the largest of its processes' peaks."""

    argv: tuple[str, ...]
    exit_code: int
    duration_s: float
    cpu_s: float
    peak_rss_bytes: int
    stdout: str
    stderr: str


@dataclass(slots=True)
class Runner:
    """Runs programs in a sandbox; safe to use from several threads.

    `seconds_spent` adds up the wall seconds of every program that was run.
    """

    sandbox: Sandbox
    seconds_spent: float = 0.0
    _launchers: LauncherPool = field(default_factory=LauncherPool)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _cancelled: threading.Event = field(default_factory=threading.Event)

    def run(
        self,
        argv: Sequence[str | Path],
        *,
        cwd: Path,
        env: Mapping[str, str] | None = None,
        access: Access | None = None,
        limits: Limits | None = None,
        confined: bool = True,
        check: bool = True,
        stdin: str | None = None,
        stdout_path: Path | None = None,
        cpus: frozenset[int] | None = None,
        program: str | None = None,
    ) -> Completed:
        """Run a program to its end.

        `confined` programs (the target's code) run in the sandbox and see only `env` and an allow-list;
        others (our own tools) see the caller's environment and `env`. `cpus` pins it to processors.
        `program` is its name in messages. Output is decoded as UTF-8, bad bytes replaced.

        Raises: ProgramMissing; ProgramFailed (non-zero exit, when `check`); ProgramTimedOut;
        LimitExceeded; Cancelled. Nothing that was started is left running.
        """
        limits = limits or Limits()
        asked = tuple(str(word) for word in argv)
        words = list(asked)
        name = program or Path(words[0]).name
        mark = secrets.token_hex(8)
        given = {**(env or {}), MARK: mark}
        if confined:
            words = self.sandbox.wrap(words, cwd=cwd, access=access or Access(), env=given)
            environment = self.sandbox.environment(given)
        else:
            environment = {**os.environ, **given}
        if self._cancelled.is_set():
            raise Cancelled(f"{name} wasn't started: the run was cancelled")
        launcher = self._launchers.take()
        started = time.perf_counter()
        try:
            with _Streams(stdin, stdout_path) as streams:
                process = _start(launcher, name, words, cwd, environment, limits, cpus, mark, streams)
                done = process.wait(self._cancelled)
                completed = Completed(
                    argv=asked,
                    exit_code=done.exit_code,
                    duration_s=time.perf_counter() - started,
                    cpu_s=done.cpu_s,
                    peak_rss_bytes=done.peak_rss_bytes,
                    stdout="" if stdout_path else streams.stdout_text(),
                    stderr=streams.stderr_text(),
                )
        finally:
            self._launchers.give(launcher)
            with self._lock:
                self.seconds_spent += time.perf_counter() - started
        if check and completed.exit_code != 0:
            raise _failure(name, completed)
        return completed

    def cancel(self) -> None:
        """End every running program; every later `run` raises Cancelled. Safe in a signal handler."""
        self._cancelled.set()

    def close(self) -> None:
        """End the helper processes that start programs; the runner can't be used afterwards."""
        self._launchers.close()


class _Streams:
    """The three standard streams of a program, as files: nothing can block, sizes can be watched."""

    def __init__(self, stdin: str | None, stdout_path: Path | None) -> None:
        self._stack = contextlib.ExitStack()
        self._given = (stdin or "").encode()
        self._stdout_path = stdout_path

    def __enter__(self) -> _Streams:
        self.input = self._stack.enter_context(tempfile.TemporaryFile())
        self.input.write(self._given)
        self.input.seek(0)
        self.output: IO[bytes] = self._stack.enter_context(
            self._stdout_path.open("w+b") if self._stdout_path else tempfile.TemporaryFile()
        )
        self.error = self._stack.enter_context(tempfile.TemporaryFile())
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def descriptors(self) -> tuple[int, int, int]:
        return self.input.fileno(), self.output.fileno(), self.error.fileno()

    def stdout_text(self) -> str:
        return _text(self.output)

    def stderr_text(self) -> str:
        return _text(self.error)


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode("utf-8", errors="replace")


def _start(
    launcher: Launcher,
    name: str,
    argv: list[str],
    cwd: Path,
    environment: Mapping[str, str],
    limits: Limits,
    cpus: frozenset[int] | None,
    mark: str,
    streams: _Streams,
) -> _Process:
    # The kernel caps every file a program writes, the captured output included.
    file_bytes = max(limits.file_bytes, limits.output_bytes + MIB) if limits.file_bytes else None
    try:
        pid = launcher.start(
            argv, cwd=cwd, env=environment, streams=streams.descriptors, file_bytes=file_bytes, cpus=cpus
        )
    except FileNotFoundError as error:
        if not cwd.is_dir():
            raise ProgramFailed(f"{name}: the folder {cwd} doesn't exist", exit_code=127) from error
        raise ProgramMissing(name, f"install it, or put it on PATH ({argv[0]} was not found)") from error
    except OSError as error:
        raise ProgramFailed(f"{name} could not be started: {error.strerror}", exit_code=126) from error
    return _Process(launcher, name, pid, limits, mark, streams)


@dataclass(slots=True)
class _Process:
    """One started program and its watch."""

    launcher: Launcher
    name: str
    pid: int
    limits: Limits
    mark: str
    streams: _Streams
    started: float = field(default_factory=time.perf_counter)

    def wait(self, cancelled: threading.Event) -> Ended:
        """How it ended by itself; nothing of it is left. Raises: ProgramTimedOut, LimitExceeded, Cancelled."""
        ended: Ended | None = None
        try:
            while ended is None:
                ended = self.launcher.poll(WATCH_S)
                self._watch(cancelled, running=ended is None)
        finally:
            self._end(running=ended is None)
        return ended

    def _watch(self, cancelled: threading.Event, *, running: bool) -> None:
        for file, stream in (
            (self.streams.output, "standard output"),
            (self.streams.error, "standard error"),
        ):
            if os.fstat(file.fileno()).st_size > self.limits.output_bytes:
                self._over(f"more than {self.limits.output_bytes // MIB} MiB on {stream}", "output")
        if not running:
            return
        if cancelled.is_set():
            raise Cancelled(f"{self.name} was ended: the run was cancelled")
        if time.perf_counter() - self.started > self.limits.timeout_s:
            limit_s = self.limits.timeout_s
            raise ProgramTimedOut(
                f"{self.name} was ended after its time limit of {limit_s:g} s", timeout_s=limit_s
            )
        if self.limits.processes is not None or self.limits.memory_bytes is not None:
            self._weigh(tree_usage(self.pid))

    def _weigh(self, usage: TreeUsage) -> None:
        processes, memory = self.limits.processes, self.limits.memory_bytes
        if processes is not None and usage.processes > processes:
            self._over(f"{usage.processes} processes at once (limit {processes})", "processes")
        if memory is not None and usage.rss_bytes > memory:
            self._over(f"{usage.rss_bytes // MIB} MiB of memory (limit {memory // MIB} MiB)", "memory")

    def _over(self, what: str, limit: str) -> NoReturn:
        raise LimitExceeded(f"{self.name} was ended: it used {what}", limit=limit)

    def _end(self, *, running: bool) -> None:
        """End whatever is left of the program and its descendants."""
        if running:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
        end_tree(self.pid, f"{MARK}={self.mark}")
        while running and self.launcher.poll(1.0) is None:
            end_tree(self.pid, f"{MARK}={self.mark}")


def _failure(name: str, completed: Completed) -> ProgramFailed:
    tail = (completed.stderr.strip() or completed.stdout.strip())[-2000:]
    return ProgramFailed(
        f"{name} ended with exit code {completed.exit_code}: {tail or 'it said nothing'}",
        exit_code=completed.exit_code,
        stderr_tail=tail,
    )
