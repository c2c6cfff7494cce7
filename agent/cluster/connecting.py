"""Connections to the PostgreSQL that hosts share, which is waited for when it goes away.

A worker that is frozen in the middle of a transaction would keep its locks from the one that takes over: the server
ends such a session by itself. Source: PostgreSQL, "Client Connection Defaults", idle_in_transaction_session_timeout.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

import psycopg
from psycopg.rows import DictRow, dict_row
from sqlalchemy import Engine, event
from sqlalchemy.pool import ConnectionPoolEntry

from agent.database.opening import CONNECTING
from agent.errors import StorageFailed

T = TypeVar("T")
log = logging.getLogger(__name__)
PATIENCE_S = 120.0
"""How long a run waits for a database that went away before it is given back."""
FROZEN_S = 5.0
"""A session that is idle in a transaction for so long is ended by the server; shorter than a job takes to be lost."""
LIMITED = f"set idle_in_transaction_session_timeout = {int(1000 * FROZEN_S)}"


def connect(address: str) -> psycopg.Connection[DictRow]:
    """A connection as langgraph's checkpoints want it: a transaction is made where one is asked for.

    Raises: psycopg.OperationalError.
    """
    connection = psycopg.connect(
        address, autocommit=True, prepare_threshold=0, row_factory=dict_row, **CONNECTING  # type: ignore[arg-type]
    )  # fmt: skip
    connection.execute(LIMITED)
    return connection


def limit_sessions(engine: Engine) -> None:
    """Have the server end the records' sessions as well when they are frozen within a transaction."""

    @event.listens_for(engine, "connect")
    def limit(connection: psycopg.Connection[tuple[object, ...]], _: ConnectionPoolEntry) -> None:
        connection.autocommit = True
        connection.execute(LIMITED)
        connection.autocommit = False

    engine.dispose()


def until_back(
    work: Callable[[], T],
    shown: str,
    *,
    patience_s: float = PATIENCE_S,
    wait: Callable[[float], None] = time.sleep,
) -> T:
    """What `work` gives; while the database is away it is done again, for `patience_s` at most.

    `work` must do no harm when it is done twice: a connection that breaks doesn't tell whether it was kept.
    Raises: StorageFailed when the database stays away, or refuses.
    """
    until = time.monotonic() + patience_s
    pause_s = 0.2
    while True:
        try:
            return work()
        except (psycopg.Error, StorageFailed) as error:
            if not is_away(error) or time.monotonic() > until:
                raise as_storage_failed(error, shown) from error
            log.warning("the database %s is away (%s): trying again", shown, one_line(error))
        wait(pause_s)
        pause_s = min(2.0, 2 * pause_s)


def is_away(error: BaseException) -> bool:
    """Whether an error says that the database went away, or isn't there yet: it may come back by itself.

    Source: PostgreSQL, "Error Codes": class 08, 57P01 to 57P03, 53300 (too many connections), 25P03 (a session that
    was idle in a transaction); libpq's own errors have no code.
    """
    for cause in _causes(error):
        if isinstance(cause, psycopg.OperationalError | psycopg.InterfaceError):
            code = cause.sqlstate
            return code is None or code[:2] == "08" or code[:3] == "57P" or code in ("53300", "25P03")
    return False


def as_storage_failed(error: BaseException, shown: str) -> StorageFailed:
    """The sentence for what the database refused: its own words, without statements and values."""
    if isinstance(error, StorageFailed):
        return error
    return StorageFailed(f"the database {shown} failed: {one_line(error)}")


def one_line(error: BaseException) -> str:
    """What an error says, short enough for a log."""
    words = str(error) or next((str(cause) for cause in _causes(error) if str(cause)), type(error).__name__)
    return " ".join(words.split())[:300]


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
