"""Launchers: small helper processes that start programs for us (launcher.py says why)."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import weakref
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.run.cgroups import Group

LAUNCHER = Path(__file__).with_name("launcher.py")
CLOSING_S = 15.0
"""Longer than a launcher tries to end a program."""
STOPPED_S = 0.05
"""A launcher that is to end a program and doesn't answer for so long may have been stopped: it is let on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a program ended: exit code (negative: the signal), wall and CPU seconds, peak resident bytes.

    `refused` is how often the kernel refused memory or a process by the program's control group. `thrown_away`
    names up to ten files that it wrote where changes are forgotten.
    """

    exit_code: int
    duration_s: float
    cpu_s: float
    peak_rss_bytes: int
    refused: Mapping[str, int]
    thrown_away: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """What to start. `wrapped` says that `argv` is a sandbox's program around the real one.

    `confined` is code of the target's, with or without a sandbox. Changes below `forgotten` folders are gone at
    the end, those below `kept` folders in them stay; `tasks` limits processes and threads where the kernel can.
    Both need a `namespace` of the program's own. Its `group` is removed at the end.
    """

    argv: Sequence[str]
    cwd: Path
    env: Mapping[str, str]
    streams: tuple[int, int, int] = (0, 1, 2)
    wrapped: bool = False
    confined: bool = False
    namespace: bool = False
    forgotten: tuple[Path, ...] = ()
    kept: tuple[Path, ...] = ()
    tasks: int | None = None
    file_bytes: int | None = None
    cpus: frozenset[int] | None = None
    group: Group | None = None


class LauncherGone(Exception):
    """The helper process was ended by someone else; the program it ran has ended with it."""


class Launcher:
    """One helper process; starts one program at a time. `pid` is the parent of all it starts."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", str(LAUNCHER), str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        self._socket = ours
        self._received = b""
        self.pid = self._process.pid

    def start(self, launch: Launch) -> int:
        """Start a program; its pid (also its session and process group).

        Raises: OSError as exec gave it, with errno; LauncherGone.
        """
        request = {
            "argv": list(launch.argv),
            "cwd": str(launch.cwd),
            "env": dict(launch.env),
            "file_bytes": launch.file_bytes,
            "cpus": sorted(launch.cpus) if launch.cpus else None,
            "wrapped": launch.wrapped,
            "confined": launch.confined,
            "namespace": launch.namespace,
            "forgotten": [str(path) for path in launch.forgotten],
            "kept": [str(path) for path in launch.kept],
            "tasks": launch.tasks,
            "groups": [str(folder) for folder in launch.group.folders] if launch.group else [],
            "counters": launch.group.counters if launch.group else {},
        }
        message = json.dumps(request).encode() + b"\n"
        try:
            sent = socket.send_fds(self._socket, [message], list(launch.streams))
            self._socket.sendall(message[sent:])
        except OSError as error:
            raise LauncherGone from error
        reply = self._awaited()  # a quick program may stop its launcher before that has answered
        if reply["error"]:
            self._awaited()
            number, text = reply["error"]
            raise OSError(number, text)
        return int(reply["pid"])

    def poll(self, timeout_s: float) -> Ended | None:
        """How the program ended, or None when it still runs after `timeout_s`. Raises: LauncherGone."""
        # A quick program's two answers may have come together: the second is then already here.
        if not self._received and not select.select([self._socket], [], [], timeout_s)[0]:
            return None
        reply = self._read()
        self._awaited()
        return Ended(
            exit_code=os.waitstatus_to_exitcode(reply["status"]),
            duration_s=float(reply["duration_s"]),
            cpu_s=float(reply["cpu_s"]),
            peak_rss_bytes=int(reply["peak_rss_bytes"]),
            refused=reply["refused"],
            thrown_away=tuple(reply["thrown_away"]),
        )

    def ask_to_end(self) -> None:
        """Send the program's process group SIGTERM."""
        with suppress(OSError):
            self._socket.sendall(b"T")

    def end(self) -> None:
        """Kill the program and everything it started; `poll` then gives its end."""
        with suppress(OSError):
            self._socket.sendall(b"K")
        self.go_on()

    def go_on(self) -> None:
        """Let the helper run where somebody has stopped it: without a sandbox a program can stop its launcher."""
        self._process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """End the helper itself, which doesn't answer any more; what it ran dies with it."""
        self._process.kill()
        self._process.wait()

    def is_gone(self) -> bool:
        """Whether the helper has ended, so that it can run nothing more."""
        return self._process.poll() is not None

    def close(self) -> None:
        """End the helper; a program it still runs is killed. A helper that somebody has stopped is killed, too."""
        with suppress(OSError):
            self._socket.close()
        try:
            self._process.wait(CLOSING_S)
        except subprocess.TimeoutExpired:
            self.kill()

    def _awaited(self) -> Any:
        """The next answer, which is sure to come. Raises: LauncherGone.

        What is made for a program, and removed after it, may take long; or somebody stopped the helper.
        """
        while not self._received and not select.select([self._socket], [], [], STOPPED_S)[0]:
            self.go_on()
        return self._read()

    def _read(self) -> Any:
        while b"\n" not in self._received:
            try:
                more = self._socket.recv(65536)
            except OSError as error:
                raise LauncherGone from error
            if not more:
                raise LauncherGone
            self._received += more
        line, _, self._received = self._received.partition(b"\n")
        return json.loads(line)


class LauncherPool:
    """Idle launchers, taken and given back; made when there is none. Closes itself when nobody holds it."""

    def __init__(self) -> None:
        self._idle: list[Launcher] = []
        self._lock = threading.Lock()
        self._finalizer = weakref.finalize(self, _close_all, self._idle)

    def take(self) -> Launcher:
        """A launcher for one program."""
        with self._lock:
            if self._idle:
                return self._idle.pop()
        return Launcher()

    def give(self, launcher: Launcher) -> None:
        """Give back a launcher whose program has ended."""
        if launcher.is_gone():
            launcher.close()
            return
        with self._lock:
            self._idle.append(launcher)

    def close(self) -> None:
        """End all idle launchers."""
        with self._lock:
            _close_all(self._idle)


def _close_all(launchers: list[Launcher]) -> None:
    while launchers:
        launchers.pop().close()
