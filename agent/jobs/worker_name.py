"""Which process a worker is, so that others on its host can tell whether it lives, and end it."""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import socket
import time
from dataclasses import dataclass
from pathlib import Path

KILL_S = 5.0
"""How long a killed process may take to end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerName:
    """A worker process, so that another one on its host can tell whether it lives: `started` is the process's start
    in clock ticks since the host's, `host` names the host and its process numbers' namespace.
    """

    host: str
    pid: int
    started: int
    number: str = ""

    @classmethod
    def own(cls) -> WorkerName:
        """This process's."""
        pid = os.getpid()
        return cls(host=host_name(), pid=pid, started=started_of(pid) or 0, number=secrets.token_hex(4))

    def __str__(self) -> str:
        return f"{self.host}/{self.pid}/{self.started}/{self.number}"

    @classmethod
    def parse(cls, text: str) -> WorkerName | None:
        """The worker that is written so, None for what is no worker's name."""
        host, *parts = text.split("/")
        if len(parts) != 3 or not all(part.isdecimal() for part in parts[:2]):
            return None
        return cls(host=host, pid=int(parts[0]), started=int(parts[1]), number=parts[2])


def host_name() -> str:
    """This host, and which of its namespaces of process numbers: numbers mean nothing in another one."""
    try:
        space = str(Path("/proc/self/ns/pid").readlink()).rpartition("[")[2].rstrip("]")
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()[:8]
    except OSError:
        return socket.gethostname()
    return f"{socket.gethostname()}:{boot}:{space}".replace("/", "-")


def started_of(pid: int) -> int | None:
    """When a process was started, in clock ticks since its host was; None when it isn't there, or is a zombie.

    Source: proc(5), /proc/pid/stat: fields 3 and 22.
    """
    try:
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b") ")[2].split()
    except OSError:
        return None
    return None if fields[0] in (b"Z", b"X") else int(fields[19])


def is_alive(worker: WorkerName) -> bool | None:
    """Whether a worker's process is there; None where that can't be told from this host."""
    if worker.host != host_name():
        return None
    return started_of(worker.pid) == worker.started


def end_process(worker: WorkerName) -> bool:
    """End a worker's process, unless it is this one, has ended, or is on another host; whether it was ended."""
    if worker.pid == os.getpid() or not is_alive(worker):
        return False
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(worker.pid, signal.SIGKILL)
    until = time.monotonic() + KILL_S
    while is_alive(worker) and time.monotonic() < until:
        time.sleep(0.02)
    return not is_alive(worker)
