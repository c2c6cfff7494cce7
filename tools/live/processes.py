"""Processes as /proc shows them: state, owner, language, processor time; and why one can't be looked into.

Source: proc(5); PF_KTHREAD in include/linux/sched.h.
"""

from __future__ import annotations

import os
import pwd
import re
from dataclasses import dataclass
from pathlib import Path

from tools.errors import ToolError
from tools.live.gobinary import go_version_of
from tools.measure.workload import Language

PROC = Path("/proc")
TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_STATE, _PARENT, _FLAGS, _USER_TICKS, _SYSTEM_TICKS, _START = 0, 1, 6, 11, 12, 19
"""Places in /proc/PID/stat after the name, which may hold anything."""
_KERNEL_THREAD = 0x00200000
_ENDED = frozenset("ZXx")
_PYTHON_EXE = re.compile(r"^python(\d(\.\d+)?)?t?$|^pypy")
_PYTHON_LIBRARY = re.compile(r"/libpython\d[^/]*\.so|/libpypy[^/]*\.so")
_MAPS_BYTES = 16 * 1024**2


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """A process that runs and may be looked into. `started_ticks` tells it from a later one with the same number.

    `language` is None for what is neither Go nor Python; `runtime_version` is Go's (`go1.26.8`), else "".
    """

    pid: int
    name: str
    command: tuple[str, ...]
    started_ticks: int
    language: Language | None
    runtime_version: str = ""

    @property
    def is_running(self) -> bool:
        """Whether it still runs, and is the same process."""
        stat = _stat(self.pid)
        return bool(stat) and stat[_STATE] not in _ENDED and int(stat[_START]) == self.started_ticks


def find_process(pid: int) -> Process:
    """The process with this number. Raises: ToolError saying why it can't be looked into, and what to do."""
    stat = _stat(pid) if pid > 0 else []
    if not stat:
        raise ToolError(f"there is no process {pid}: has it ended? `pgrep -fa NAME` lists those that run")
    name = _read(pid, "comm").decode(errors="replace").strip()
    if pid == os.getpid():
        raise ToolError(f"process {pid} is ask-profiler itself: give the process to look at")
    if int(stat[_FLAGS]) & _KERNEL_THREAD:
        raise ToolError(
            f"process {pid} ({name}) is a thread of the kernel: it has no code that can be profiled here"
        )
    if stat[_STATE] in _ENDED:
        raise ToolError(
            f"process {pid} ({name}) has ended, and its parent ({stat[_PARENT]}) hasn't taken note of it (a zombie): "
            "there is nothing to look at"
        )
    _check_owner(pid, name)
    language, version = _language(pid)
    return Process(
        pid=pid,
        name=name,
        command=tuple(w.decode(errors="replace") for w in _read(pid, "cmdline").split(b"\0") if w),
        started_ticks=int(stat[_START]),
        language=language,
        runtime_version=version,
    )


def cpu_seconds(pid: int) -> float | None:
    """Processor time of all threads of a process since its start, in steps of 10 ms; None when it has ended."""
    stat = _stat(pid)
    if not stat or stat[_STATE] in _ENDED:
        return None
    return (int(stat[_USER_TICKS]) + int(stat[_SYSTEM_TICKS])) / TICKS_PER_S


def children_of(pid: int) -> tuple[int, ...]:
    """The processes that it started and that still run, theirs included; smallest number first."""
    parents = {int(p.name): _parent(int(p.name)) for p in PROC.iterdir() if p.name.isdecimal()}
    found = {pid}
    while more := {child for child, parent in parents.items() if parent in found and child not in found}:
        found |= more
    return tuple(sorted(found - {pid}))


def _check_owner(pid: int, name: str) -> None:
    """That we may look into it: the kernel shows the program of a process only to those who may trace it."""
    try:
        (PROC / str(pid) / "exe").readlink()
    except PermissionError as error:
        owner = _owner(pid)
        again = "" if owner == _name_of(os.geteuid()) else f"run ask-profiler as {owner}, or "
        raise ToolError(
            f"process {pid} ({name}) belongs to {owner}, and may not be looked into from here: {again}give "
            "ask-profiler the SYS_PTRACE capability"
        ) from error
    except OSError as error:  # it ended between two looks
        raise ToolError(
            f"process {pid} ({name}) can't be looked into ({error.strerror}): has it ended?"
        ) from error


def _owner(pid: int) -> str:
    try:
        return _name_of((PROC / str(pid)).stat().st_uid)
    except OSError:
        return "another user"


def _name_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"


def _language(pid: int) -> tuple[Language | None, str]:
    exe = PROC / str(pid) / "exe"
    version = go_version_of(exe)
    if version is not None:
        return "go", version
    try:
        program = exe.readlink().name.removesuffix(" (deleted)")
    except OSError:
        program = ""
    if _PYTHON_EXE.match(program) or _PYTHON_LIBRARY.search(_read(pid, "maps").decode(errors="replace")):
        return "python", ""
    return None, ""


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat after the name, empty when there is no such process."""
    return _read(pid, "stat").rpartition(b")")[2].decode().split()


def _parent(pid: int) -> int:
    stat = _stat(pid)
    return int(stat[_PARENT]) if stat else 0


def _read(pid: int, name: str) -> bytes:
    try:
        with (PROC / str(pid) / name).open("rb") as file:
            return file.read(_MAPS_BYTES)
    except OSError:
        return b""
