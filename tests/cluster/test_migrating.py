"""One command makes all tables and brings them up to date; whoever finds others says so and writes nothing."""

from __future__ import annotations

import contextlib
from concurrent.futures import ThreadPoolExecutor

import pytest

from agent.cluster.connecting import connect
from agent.cluster.migrating import _migrations, _set_mark, check, migrate
from agent.cluster.opening import open_cluster
from agent.cluster.queue import ClusterQueue
from agent.database.opening import Database
from agent.errors import BadSettings, StorageFailed
from agent.settings import Settings
from evals.bench.postgres import Server
from tests.cluster.jobs import claims_of, open_at, record


def change(database: Database, statement: str) -> None:
    with database.writing() as connection:
        connection.exec_driver_sql(statement)


def test_an_empty_database_is_refused_with_the_command_that_helps(empty: Database) -> None:
    with pytest.raises(BadSettings, match="ask-profiler migrate"):
        check(empty)


def test_a_migrated_database_will_do(empty: Database) -> None:
    assert len(migrate(empty)) == 3
    check(empty)
    assert migrate(empty) == (), "a second time there is nothing to do"
    open_cluster(Settings(), {"XDG_STATE_HOME": "/nonexistent"}, empty, claims_of(empty))


def test_migrations_at_the_same_time_wait_for_each_other(empty: Database) -> None:
    with ThreadPoolExecutor(4) as threads:
        done = [sentence for found in threads.map(lambda _: migrate(empty), range(4)) for sentence in found]
    assert len(done) == len(set(done)) == 3
    check(empty)


@pytest.mark.parametrize(
    "statement",
    [
        "drop table checkpoint_migrations",
        "delete from checkpoint_migrations where v > 3",
    ],
)
def test_older_tables_of_steps_are_refused_and_brought_up_to_date(database: Database, statement: str) -> None:
    change(database, statement)
    with pytest.raises(BadSettings, match="run `ask-profiler migrate`"):
        check(database)
    assert migrate(database)
    check(database)


def test_an_older_queue_is_refused_and_brought_up_to_date(empty: Database) -> None:
    older = [path for path in _migrations() if path.name < "03.03"]
    assert older
    assert len(older) < len(_migrations())
    with contextlib.closing(connect(empty.address)) as connection:
        for path in older:
            connection.execute(path.read_bytes(), prepare=False)
        _set_mark(connection, older[-1].name)
    empty.migrate()
    with pytest.raises(BadSettings, match="run `ask-profiler migrate`"):
        check(empty)
    assert len(migrate(empty)) == len(_migrations()) - len(older) + 1
    check(empty)
    job = record(empty)
    ClusterQueue(claims=claims_of(empty)).put(job)
    with empty.reading() as database:
        found = database.exec_driver_sql(
            "select (procrastinate_fetch_job_v2(null, null)).queueing_lock"
        ).scalar_one()
    assert found == job.id


@pytest.mark.parametrize(
    "statement",
    [
        "update ap_version set version = 99",
        "insert into checkpoint_migrations values (99)",
        "comment on table procrastinate_jobs is 'ask-profiler: 99.00.00_01_pre_future.sql'",
    ],
)
def test_newer_tables_are_refused_and_left_alone(database: Database, statement: str) -> None:
    change(database, statement)
    for refused in (check, migrate):
        with pytest.raises(BadSettings, match="version"):
            refused(database)


def test_another_program_s_queue_is_left_alone(database: Database) -> None:
    change(database, "comment on table procrastinate_jobs is null")
    with pytest.raises(BadSettings, match="database of its own"):
        migrate(database)


def test_a_database_that_is_down_is_said_without_its_password(own_server: Server) -> None:
    address = own_server.new_database().replace("postgres@", "postgres:s3cret@")
    own_server.stop()
    with open_at(address) as database, pytest.raises(StorageFailed) as told:
        migrate(database)
    assert "s3cret" not in str(told.value)
    assert "refused" in str(told.value)
