"""The tables of the queue and of the runs' steps: made and brought up to date by one command, checked by every start.

Procrastinate keeps no note of its tables' version: the comment on its table of jobs is ours.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
from langgraph.checkpoint.postgres import PostgresSaver
from procrastinate.schema import SchemaManager
from psycopg import sql
from psycopg.rows import DictRow

from agent.cluster.connecting import as_storage_failed, connect
from agent.database.opening import Database
from agent.errors import BadSettings

OLDEST_SERVER = 130_000
"""Source: Procrastinate's README: PostgreSQL 13 and newer."""
LOCK = 0x61736B70
"""The number under which migrations wait for each other."""
MARK = "ask-profiler: "
_FOUND = """
    select to_regclass('procrastinate_jobs') is not null as has_queue,
           obj_description(to_regclass('procrastinate_jobs'), 'pg_class') as mark,
           to_regclass('checkpoint_migrations') is not null as has_steps
"""


def migrate(database: Database) -> tuple[str, ...]:
    """Make the tables that many machines share, the service's own included, or bring them up to date; what was done.

    Two at once wait for each other. Raises: BadSettings when they are newer than this program, StorageFailed.
    """
    with _connected(database) as connection:
        _check_server(connection, database)
        with _alone(connection):
            before = database.found_version()
            database.migrate()
            done = [] if before is not None else ["made the tables of jobs, events, tokens and audit"]
            return (*done, *_migrate_queue(connection, database), *_migrate_steps(connection, database))


def check(database: Database) -> None:
    """Raises: BadSettings when tables are missing, or of another version; StorageFailed when the database is down."""
    database.check()
    with _connected(database) as connection:
        _check_server(connection, database)
        found = _one(connection, _FOUND)
        mark, newest = str(found["mark"] or ""), _newest()
        if not found["has_queue"] or not found["has_steps"] or mark < MARK + newest:
            raise BadSettings(
                f"the database {database.shown} lacks tables, or has older ones than this program works with: "
                "run `ask-profiler migrate`"
            )
        if mark != MARK + newest or _steps(connection) > _newest_step():
            raise BadSettings(_newer(database))
        if _steps(connection) < _newest_step():
            raise BadSettings(
                f"the database {database.shown} has an older table of steps: run `ask-profiler migrate`"
            )


def _migrate_queue(connection: psycopg.Connection[DictRow], database: Database) -> list[str]:
    """Procrastinate's tables, as it ships them."""
    found, newest = _one(connection, _FOUND), _newest()
    if not found["has_queue"]:
        with connection.transaction():
            connection.execute(SchemaManager.get_schema(), prepare=False)
            _set_mark(connection, newest)
        return [f"made the queue's tables ({newest})"]
    mark = str(found["mark"] or "")
    if not mark.startswith(MARK):
        raise BadSettings(
            f"the database {database.shown} has tables of Procrastinate that belong to something else: "
            "give ask-profiler a database of its own"
        )
    if mark > MARK + newest:
        raise BadSettings(_newer(database))
    done = []
    for path in _migrations():
        if MARK + path.name > mark:
            # Not in one transaction: new values of an enumeration can't be used where they are added.
            connection.execute(path.read_bytes(), prepare=False)
            _set_mark(connection, path.name)
            done.append(f"brought the queue's tables to {path.name}")
    return done


def _migrate_steps(connection: psycopg.Connection[DictRow], database: Database) -> list[str]:
    """langgraph's tables, as it ships them."""
    found = _one(connection, _FOUND)
    before = _steps(connection) if found["has_steps"] else -1
    if before > _newest_step():
        raise BadSettings(_newer(database))
    if before == _newest_step():
        return []
    PostgresSaver(connection).setup()
    return [f"brought the tables of steps from version {before} to {_newest_step()}"]


def _newer(database: Database) -> str:
    return (
        f"the database {database.shown} has newer tables than this program works with: install the version that "
        "migrated it"
    )


def _check_server(connection: psycopg.Connection[DictRow], database: Database) -> None:
    version = connection.info.server_version
    if version < OLDEST_SERVER:
        raise BadSettings(
            f"{database.shown} is PostgreSQL {version // 10_000}: version {OLDEST_SERVER // 10_000} or newer is needed"
        )


@contextlib.contextmanager
def _connected(database: Database) -> Iterator[psycopg.Connection[DictRow]]:
    try:
        with contextlib.closing(connect(database.address)) as connection:
            yield connection
    except psycopg.Error as error:
        raise as_storage_failed(error, database.shown) from error


@contextlib.contextmanager
def _alone(connection: psycopg.Connection[DictRow]) -> Iterator[None]:
    """One migration at a time. It is asked for again and again: a statement that waited for the lock would itself be
    waited for by CREATE INDEX CONCURRENTLY, for ever.
    """
    while not _one(connection, "select pg_try_advisory_lock(%s) as got", LOCK)["got"]:
        time.sleep(0.1)
    try:
        yield
    finally:
        with contextlib.suppress(psycopg.Error):
            connection.execute("select pg_advisory_unlock(%s)", (LOCK,))


def _one(connection: psycopg.Connection[DictRow], query: str, *values: object) -> DictRow:
    row = connection.execute(query.encode(), values or None).fetchone()
    return row if row is not None else {}


def _steps(connection: psycopg.Connection[DictRow]) -> int:
    return int(_one(connection, "select coalesce(max(v), -1) as v from checkpoint_migrations")["v"])


def _newest_step() -> int:
    return len(PostgresSaver.MIGRATIONS) - 1


def _migrations() -> list[Path]:
    return sorted(Path(SchemaManager.get_migrations_path()).glob("*.sql"), key=lambda path: path.name)


def _newest() -> str:
    return _migrations()[-1].name


def _set_mark(connection: psycopg.Connection[DictRow], name: str) -> None:
    connection.execute(sql.SQL("comment on table procrastinate_jobs is {}").format(MARK + name))
