"""Opening the service's database: its address, its version, and the one way a transaction is made.

Source: SQLAlchemy 2.1, "pysqlite: transactions with SELECT, SAVEPOINT": SQLite's driver is told to leave BEGIN to us.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event, inspect, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import ConnectionPoolEntry

from agent.database.tables import metadata, version
from agent.errors import BadSettings, StorageFailed
from agent.settings import Settings
from agent.store import default_runs_dir

VERSION = 1
"""Of the tables; another one is not written to."""
BUSY_S = 10.0
"""How long a writer waits for another one, on SQLite."""
CONNECTING: Mapping[str, str | int] = {
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
    "application_name": "ask-profiler",
}
"""How PostgreSQL is connected to: one that went away without a word is noticed within 11 s.

Seconds, and milliseconds for `tcp_user_timeout`. Source: libpq, "Parameter Key Words".
"""
RETRY_S = 20.0
"""How long a database that went away is waited for, with a transaction that had done nothing yet."""


@dataclass(frozen=True, slots=True)
class Database:
    """The service's database. `writing` and `reading` are transactions: all of it happens, or nothing."""

    engine: Engine

    @property
    def is_postgres(self) -> bool:
        """Whether several machines can share it."""
        return self.engine.dialect.name == "postgresql"

    @property
    def file(self) -> Path | None:
        """Where it is kept, None for a PostgreSQL."""
        return None if self.is_postgres else Path(str(self.engine.url.database))

    @property
    def address(self) -> str:
        """Its address with the password, for the libraries that open it themselves."""
        return self.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)

    @property
    def shown(self) -> str:
        """Its address without the password."""
        return self.engine.url.render_as_string(hide_password=True)

    @contextlib.contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that writes; it is kept at the end of the block. Raises: StorageFailed."""
        with said_clearly(self.shown), self._connected() as connection:
            transaction = connection.begin()
            try:
                if not self.is_postgres:
                    connection.exec_driver_sql("BEGIN IMMEDIATE")
                yield connection
            except BaseException:
                transaction.rollback()
                raise
            transaction.commit()

    @contextlib.contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that only reads. Raises: StorageFailed."""
        with said_clearly(self.shown), self._connected() as connection, connection.begin():
            yield connection

    @contextlib.contextmanager
    def _connected(self) -> Iterator[Connection]:
        """A connection that works; while the database restarts it is tried again for RETRY_S."""
        until = time.monotonic() + RETRY_S
        while True:
            try:
                connection = self.engine.connect()
                break
            except OperationalError:
                if not self.is_postgres or time.monotonic() > until:
                    raise
                time.sleep(0.2)
        try:
            yield connection
        finally:
            connection.close()

    def check(self) -> None:
        """Raises: BadSettings when its tables are missing or of another version, StorageFailed when it is down."""
        found = self.found_version()
        if found is None:
            raise BadSettings(
                f"the database {self.shown} has no tables of ask-profiler: run `ask-profiler migrate`"
            )
        if found != VERSION:
            newer = "install that version" if found > VERSION else "run `ask-profiler migrate`"
            raise BadSettings(
                f"the database {self.shown} has tables of version {found}, and this program works with {VERSION}: "
                f"{newer}"
            )

    def found_version(self) -> int | None:
        """The version of the tables that are there, None without any. Raises: StorageFailed."""
        with self.reading() as connection:
            if not inspect(connection).has_table(version.name):
                return None
            return connection.execute(select(version.c.version)).scalar_one_or_none()

    def migrate(self) -> int:
        """Make the tables, or bring them to this program's version; the version that was there, 0 for none.

        Raises: BadSettings when they are newer than this program, StorageFailed.
        """
        found = self.found_version()
        if found is not None and found > VERSION:
            self.check()
        if found is None:
            with self.writing() as connection:
                metadata.create_all(connection)
                if connection.execute(select(version.c.version)).scalar_one_or_none() is None:
                    connection.execute(version.insert().values(version=VERSION))
        return found or 0


def open_database(settings: Settings, environment: Mapping[str, str]) -> Database:
    """The database that the settings name; a file of SQLite is made with its tables, a PostgreSQL is as it is.

    Raises: BadSettings, StorageFailed.
    """
    named = environment.get(settings.storage.database_env, "")
    if named:
        return Database(_postgres(named, settings.storage.database_env))
    folder = state_folder(settings, environment)
    database = Database(_sqlite(folder / "service.sqlite"))
    if database.migrate():
        database.check()
    return database


def state_folder(settings: Settings, environment: Mapping[str, str]) -> Path:
    """Where one machine's service keeps its database. Raises: StorageFailed."""
    named = settings.storage.state_folder
    folder = Path(named).expanduser() if named else default_runs_dir(environment).parent
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise StorageFailed(
            f"could not make the folder {folder}: {error.strerror}: set storage.state_folder"
        ) from error
    return folder


def _postgres(address: str, variable: str) -> Engine:
    try:
        url = make_url(address)
    except ArgumentError:
        raise BadSettings(
            f"{variable} is no address of a database: give postgresql://USER@HOST/DATABASE"
        ) from None
    if not url.drivername.startswith("postgres"):
        raise BadSettings(
            f"{variable} names a database of {url.drivername}: only PostgreSQL is shared by machines"
        )
    try:
        return create_engine(
            url.set(drivername="postgresql+psycopg"),
            pool_size=2,
            max_overflow=18,
            pool_pre_ping=True,
            connect_args=dict(CONNECTING),
        )
    except ModuleNotFoundError as error:
        raise BadSettings(
            f"{variable} names a PostgreSQL, and {error.name} isn't installed: pip install 'ask-profiler[cluster]'"
        ) from error


def _sqlite(path: Path) -> Engine:
    # Secrets are never in it, yet questions are: nobody else reads it.
    with contextlib.suppress(OSError):
        os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
    engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": BUSY_S, "check_same_thread": False})

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _: ConnectionPoolEntry) -> None:
        connection.isolation_level = None
        for setting in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {setting}")

    return engine


@contextlib.contextmanager
def said_clearly(shown: str) -> Iterator[None]:
    """What a database refuses is StorageFailed with its own words, without statements and values."""
    try:
        yield
    except IntegrityError:  # the caller's own way to see that something is there already
        raise
    except PoolTimeout as error:
        raise StorageFailed(f"the database {shown} is busy: no connection came free; try again") from error
    except DBAPIError as error:
        words = " ".join(str(error.orig).split())[:300]
        raise StorageFailed(f"the database {shown} failed: {words}") from error
