"""A real PostgreSQL on loopback for every test that needs one, and databases of their own in it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agent.cluster.migrating import migrate
from agent.database.opening import Database
from evals.bench.postgres import Server, server
from tests.cluster.jobs import open_at
from tests.cluster.processes import WorkerProcesses

Fresh = Callable[[], Database]


@pytest.fixture(scope="session")
def shared_server() -> Iterator[Server]:
    """A server that no test stops."""
    with server() as made:
        yield made


@pytest.fixture
def own_server() -> Iterator[Server]:
    """A server that the test may stop."""
    with server() as made:
        yield made


@pytest.fixture
def empty(shared_server: Server) -> Iterator[Database]:
    """A database without tables."""
    with open_at(shared_server.new_database()) as database:
        yield database


@pytest.fixture
def database(empty: Database) -> Database:
    """A database with all tables."""
    migrate(empty)
    return empty


@pytest.fixture
def workers(tmp_path: Path) -> Iterator[WorkerProcesses]:
    """Starts worker processes, and ends those that are left."""
    with contextlib.closing(WorkerProcesses(tmp_path)) as made:
        yield made
