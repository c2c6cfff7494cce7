"""A PostgreSQL of our own for tests and figures: on loopback, in a temporary folder, as a user without rights."""

from __future__ import annotations

import contextlib
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg import sql

from tools.errors import ProgramMissing

START_S = 60.0
ROOM_BYTES = 2_000_000_000
SMALL = Path("/mnt")
"""Where a server with little space has it; in its own view of the file system only."""


@dataclass(slots=True)
class Server:
    """A server that can be stopped and started again. `small_bytes` gives it a tablespace `small` of that size.
    A durable one waits for the disk, as a server in use does.
    """

    folder: Path
    port: int
    small_bytes: int = 0
    is_durable: bool = False
    connections: int = 300
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def start(self) -> None:
        """Start it, and wait until it answers. Raises: TimeoutError."""
        is_new = not (self.folder / "data" / "PG_VERSION").exists()
        script = f"{self._initdb()} && exec {self._postgres()}" if is_new else f"exec {self._postgres()}"
        user, group = _unprivileged()
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [*self._confined(), "sh", "-c", script],
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                user=user,
                group=group,
            )
        self._wait()
        if self.small_bytes and is_new:
            with psycopg.connect(self.address("postgres"), autocommit=True) as connection:
                connection.execute(
                    sql.SQL("create tablespace small location {}").format(str(SMALL / "space"))
                )

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop it: SIGINT ends sessions first, SIGQUIT ends at once as a crash would."""
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, how)
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def address(self, database: str) -> str:
        """The address of one of its databases."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def new_database(self, *, is_small: bool = False) -> str:
        """The address of a new, empty database; a small one is soon full."""
        name = f"test_{secrets.token_hex(6)}"
        place = sql.SQL(" tablespace small") if is_small else sql.SQL("")
        with psycopg.connect(self.address("postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL("create database {}{}").format(sql.Identifier(name), place))
        return self.address(name)

    def _wait(self) -> None:
        until = time.monotonic() + START_S
        while True:
            try:
                psycopg.connect(self.address("postgres"), connect_timeout=2).close()
            except psycopg.OperationalError as error:
                process = self._process
                if process is None or process.poll() is not None or time.monotonic() > until:
                    log = (self.folder / "log").read_text(errors="replace")[-2000:]
                    raise TimeoutError(f"PostgreSQL did not start: {error}\n{log}") from error
                time.sleep(0.05)
            else:
                return

    def _initdb(self) -> str:
        return (
            f"{find('initdb')} -D {self.folder}/data -U postgres --auth=trust --no-sync -E UTF8 --locale=C "
            "--wal-segsize=4 >/dev/null"
        )

    def _postgres(self) -> str:
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": self.port,
            "unix_socket_directories": "''",
            "fsync": "on" if self.is_durable else "off",
            "max_connections": self.connections,
            "shared_buffers": "64MB",
            "autovacuum_naptime": "5s",
        }
        words = " ".join(f"-c {name}={value}" for name, value in settings.items())
        return f"{find('postgres')} -D {self.folder}/data {words}"

    def _confined(self) -> Sequence[str]:
        """Its own view of the file system, with a little space of its own in it."""
        if not self.small_bytes:
            return ()
        folder = str(self.folder)
        return (
            "bwrap", "--die-with-parent", "--unshare-user", "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc",
            "--bind", folder, folder, "--size", str(self.small_bytes), "--tmpfs", str(SMALL),
            "--dir", str(SMALL / "space"),
        )  # fmt: skip


@contextlib.contextmanager
def server(*, small_bytes: int = 0, is_durable: bool = False) -> Iterator[Server]:
    """A running server for as long as the block lasts; one that isn't durable forgets everything with the host.

    Raises: ProgramMissing, TimeoutError.
    """
    folder = Path(tempfile.mkdtemp(prefix="ask-profiler-pg-", dir=None if is_durable else _memory()))
    user, group = _unprivileged()
    if user is not None and group is not None:
        os.chown(folder, user, group)
    made = Server(folder, _free_port(), small_bytes, is_durable)
    try:
        made.start()
        yield made
    finally:
        made.stop(signal.SIGQUIT)
        shutil.rmtree(folder, ignore_errors=True)


def find(program: str) -> str:
    """Where a program of PostgreSQL is: on PATH, or in the newest version that Debian has put under /usr/lib.

    Raises: ProgramMissing.
    """
    found = sorted(
        Path("/usr/lib/postgresql").glob(f"*/bin/{program}"),
        key=lambda path: float(path.parts[4]),
        reverse=True,
    )
    path = shutil.which(program) or (str(found[0]) if found else None)
    if path is None:
        raise ProgramMissing(program, "apt-get install postgresql")
    return path


def _memory() -> str | None:
    """A folder in memory, where there is room: thousands of small files are made and removed."""
    with contextlib.suppress(OSError):
        if shutil.disk_usage("/dev/shm").free > ROOM_BYTES and os.access("/dev/shm", os.W_OK):  # noqa: S108
            return "/dev/shm"  # noqa: S108
    return None


def _unprivileged() -> tuple[int | None, int | None]:
    """A user and a group, None for those that we are: PostgreSQL refuses to run as root."""
    if os.getuid() != 0:
        return None, None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            user = pwd.getpwnam(name)
            return user.pw_uid, user.pw_gid
    return None, None


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
