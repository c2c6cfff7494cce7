"""Starting programs: the only place that does. Each is bounded, watched, and ended with all it started.

A program's output is capped, its process tree is counted and weighed ten times a second, its time and what it
takes of the disk are limited; whatever goes over ends the whole tree and raises. Output goes to files and not
through this process, which would otherwise take processor time from what is being measured. The kernel holds the
limits on memory and processes where it can: by control groups, and RLIMIT_NPROC for other users than root.
RLIMIT_AS would stop a Go program before it starts.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path

from tools.errors import Cancelled, LimitExceeded, ProgramFailed, ProgramMissing, ToolError
from tools.run.cgroups import Group, Groups, find_groups
from tools.run.launch import Ended, Launch, LauncherGone, LauncherPool
from tools.run.sandbox import TMP_BYTES, Access, Sandbox
from tools.run.streams import Streams
from tools.run.watch import MIB, Limits, Watch, size_text

__all__ = ["Access", "Completed", "Limits", "Runner"]

HOST_SHARE = 0.9
DISK_FULL = "No space left on device"
DISK_FULL_SIGNALS = (-signal.SIGXFSZ, 128 + signal.SIGXFSZ)


@dataclass(frozen=True, slots=True, kw_only=True)
class Completed:
    """A program that ended by itself. `peak_rss_bytes` is the largest of its processes' peaks.

    `thrown_away` names up to ten files that it wrote or changed where changes are forgotten, caches left out.
    """

    argv: tuple[str, ...]
    exit_code: int
    duration_s: float
    cpu_s: float
    peak_rss_bytes: int
    stdout: str
    stderr: str
    thrown_away: tuple[str, ...] = ()


@dataclass(slots=True, weakref_slot=True)
class Runner:
    """Runs programs in a sandbox; safe to use from several threads.

    `seconds_spent` adds up the wall seconds of every program that was run. `thrown_away` has by a program's name
    what its last run wrote and that was forgotten, where it wrote anything (Completed says more). Control groups
    are used for confined programs where this user may make them, unless `use_groups` is False. `around` is entered
    around each run, with the program's name: it may trace it.
    """

    sandbox: Sandbox
    seconds_spent: float = 0.0
    use_groups: bool = True
    around: Callable[[str], AbstractContextManager[object]] = nullcontext
    thrown_away: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _groups: tuple[Groups | None] | None = None
    _launchers: LauncherPool = field(default_factory=LauncherPool)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _cancelled: bool = False

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
        `program` is its name in messages. Output is decoded as UTF-8, bad bytes replaced; standard
        output goes to `stdout_path`, if given, and `Completed.stdout` is empty then.

        Raises: ProgramMissing; ProgramFailed (it could not be started, or a non-zero exit when `check`);
        ProgramTimedOut; LimitExceeded; Cancelled. Nothing that was started is left running.
        """
        limits = _on_this_host(limits or Limits())
        asked = tuple(str(word) for word in argv)
        name = program or Path(asked[0]).name
        if self._cancelled:
            raise Cancelled(f"{name} wasn't started: the run was cancelled")
        if not cwd.is_dir():
            raise ProgramFailed(f"{name} can't be started in {cwd}: there is no such folder", exit_code=127)
        access = access or Access()
        if confined:
            words = self.sandbox.wrap(list(asked), cwd=cwd, access=access, env=env or {})
            environment = self.sandbox.environment(env or {})
        else:
            words, environment = list(asked), {**os.environ, **(env or {})}
        namespace = confined and self.sandbox.forgets
        started = time.perf_counter()
        try:
            with self.around(name), Streams(stdin, stdout_path) as streams:
                launch = Launch(
                    argv=words,
                    cwd=cwd,
                    env=environment,
                    streams=streams.descriptors,
                    wrapped=words != list(asked),
                    confined=confined,
                    namespace=namespace,
                    forgotten=access.forgotten if namespace else (),
                    kept=access.kept() if namespace else (),
                    tasks=limits.tasks,
                    file_bytes=_file_bytes(limits),
                    cpus=cpus,
                    group=self._group(limits) if confined else None,
                )
                written = access.written(cwd) if confined else ()
                watch = Watch(name, limits, streams, lambda: self._cancelled, written)
                ended = self._watch(launch, watch)
                completed = Completed(
                    argv=asked,
                    exit_code=ended.exit_code,
                    duration_s=ended.duration_s,
                    cpu_s=ended.cpu_s,
                    peak_rss_bytes=ended.peak_rss_bytes,
                    stdout="" if stdout_path else streams.output_text(),
                    stderr=streams.error_text(),
                    thrown_away=ended.thrown_away,
                )
        finally:
            with self._lock:
                self.seconds_spent += time.perf_counter() - started
        if completed.thrown_away:
            self.thrown_away[name] = completed.thrown_away
        if launch.wrapped:
            _check_found(name, asked[0], completed)
        if check and completed.exit_code != 0:
            raise _failure(name, completed, limits)
        return completed

    def cancel(self) -> None:
        """End every running program; every later `run` raises Cancelled. Safe in a signal handler."""
        self._cancelled = True

    def is_cancelled(self) -> bool:
        """Whether `cancel` was called; for whatever waits without running a program."""
        return self._cancelled

    def close(self) -> None:
        """End the helper processes that start programs; happens by itself when nobody holds the runner."""
        self._launchers.close()

    def _group(self, limits: Limits) -> Group | None:
        """A control group for one program, None where there are none to be had."""
        with self._lock:
            if self._groups is None:
                self._groups = (find_groups() if self.use_groups else None,)
        (groups,) = self._groups
        if groups is None:
            return None
        try:
            return groups.make(memory_bytes=limits.memory_bytes, tasks=limits.tasks)
        except OSError:  # what was allowed before isn't any more: watching goes on
            return None

    def _watch(self, launch: Launch, watch: Watch) -> Ended:
        launcher = self._launchers.take()
        try:
            ended = watch.run(launcher, launch)
        except LauncherGone as error:
            launcher.close()
            raise ProgramFailed(
                f"{watch.name} was ended from outside, with the helper that ran it", exit_code=-9
            ) from error
        except ToolError:
            self._launchers.give(launcher)
            raise
        except BaseException:  # Ctrl-C, at whatever point: with the launcher everything ends
            launcher.close()
            raise
        self._launchers.give(launcher)
        return ended


def _on_this_host(limits: Limits) -> Limits:
    """The limits, with no more memory than this host can give without ending something else."""
    if limits.memory_bytes is None:
        return limits
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return replace(limits, memory_bytes=min(limits.memory_bytes, int(total * HOST_SHARE) // MIB * MIB))


def _file_bytes(limits: Limits) -> int | None:
    """The kernel's cap for every file a program writes; captured output is one of them."""
    if limits.file_bytes is None:
        return None
    return max(limits.file_bytes, limits.output_bytes + MIB)


def _check_found(name: str, path: str, completed: Completed) -> None:
    """bwrap says that it could not start the program in its own words, with exit code 1."""
    if completed.exit_code == 1 and completed.stderr.startswith(f"bwrap: execvp {path}: No such file"):
        raise ProgramMissing(name, f"install it where the sandbox sees it ({path} was not found)")


def _failure(name: str, completed: Completed, limits: Limits) -> ProgramFailed | LimitExceeded:
    if completed.exit_code in DISK_FULL_SIGNALS and limits.file_bytes is not None:
        return LimitExceeded(
            f"{name} was ended: it wrote a file of more than {size_text(limits.file_bytes)}", limit="disk"
        )
    tail = (completed.stderr.strip() or completed.stdout.strip())[-2000:]
    hint = f" (the sandbox's /tmp holds {size_text(TMP_BYTES)})" if DISK_FULL in tail else ""
    return ProgramFailed(
        f"{name} ended with exit code {completed.exit_code}: {tail or 'it said nothing'}{hint}",
        exit_code=completed.exit_code,
        stderr_tail=tail,
    )
