"""Launchers: small helper processes that start programs for us (launcher.py says why)."""

from __future__ import annotations

import json
import os
import select
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

LAUNCHER = Path(__file__).with_name("launcher.py")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a program ended: exit code (negative: the signal), CPU seconds, peak resident bytes."""

    exit_code: int
    cpu_s: float
    peak_rss_bytes: int


class Launcher:
    """One helper process; starts one program at a time."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        # `pass_fds` keeps numbers, and the helper reads descriptor 3, whatever number we were given.
        self._process = subprocess.Popen(
            ["/bin/sh", "-c", f'exec "$@" 3<&{theirs.fileno()} {theirs.fileno()}<&-', "sh",
             sys.executable, "-I", "-S", str(LAUNCHER)],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
        theirs.close()
        self._socket = ours
        self._lines = ours.makefile("rb")

    def start(
        self,
        argv: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str],
        streams: tuple[int, int, int],
        file_bytes: int | None,
        cpus: frozenset[int] | None,
    ) -> int:
        """Start a program; its pid (also its session and process group).

        Raises: OSError as exec gave it, with errno.
        """
        request = {
            "argv": list(argv),
            "cwd": str(cwd),
            "env": dict(env),
            "file_bytes": file_bytes,
            "cpus": sorted(cpus) if cpus else None,
        }
        message = json.dumps(request).encode() + b"\n"
        sent = socket.send_fds(self._socket, [message], list(streams))
        self._socket.sendall(message[sent:])
        reply = self._read()
        if reply["error"]:
            number, text = reply["error"]
            raise OSError(number, text)
        return int(reply["pid"])

    def poll(self, timeout_s: float) -> Ended | None:
        """How the program ended, or None when it still runs after `timeout_s`."""
        self._socket.settimeout(None)
        if not _readable(self._socket, timeout_s):
            return None
        reply = self._read()
        return Ended(
            exit_code=os.waitstatus_to_exitcode(reply["status"]),
            cpu_s=float(reply["cpu_s"]),
            peak_rss_bytes=int(reply["peak_rss_bytes"]),
        )

    def close(self) -> None:
        """End the helper; a program it still runs is killed."""
        with suppress(OSError):
            self._lines.close()
            self._socket.close()
        self._process.wait()

    def _read(self) -> Any:
        line = self._lines.readline()
        if not line:
            raise OSError(5, "the launcher process has gone")
        return json.loads(line)


def _readable(channel: socket.socket, timeout_s: float) -> bool:
    return bool(select.select([channel], [], [], timeout_s)[0])


@dataclass(slots=True)
class LauncherPool:
    """Idle launchers, taken and given back; made when there is none."""

    _idle: list[Launcher] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self) -> Launcher:
        """A launcher for one program."""
        with self._lock:
            if self._idle:
                return self._idle.pop()
        return Launcher()

    def give(self, launcher: Launcher) -> None:
        """Give back a launcher whose program has ended."""
        with self._lock:
            self._idle.append(launcher)

    def close(self) -> None:
        """End all idle launchers."""
        with self._lock:
            for launcher in self._idle:
                launcher.close()
            self._idle.clear()
