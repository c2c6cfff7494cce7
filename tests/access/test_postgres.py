"""Tokens, limits and the audit are the same on a PostgreSQL that several machines share."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from agent.access.audit import Audit
from agent.access.caller import Caller
from agent.access.configuration import doubts, problems
from agent.access.gate import Gate
from agent.access.limits import Limits
from agent.access.tokens import Tokens
from agent.database.opening import Database, open_database
from agent.definition import read_definition
from agent.errors import LimitReached, Unauthenticated
from agent.resources import definition_path
from agent.service_settings import LimitSettings
from agent.settings import Settings
from evals.bench.postgres import Server, server
from tests.access.conftest import Clock

pytestmark = pytest.mark.slow
CI = Caller(id="token:ci", scopes=frozenset({"ask"}))


@pytest.fixture(scope="module")
def shared_server() -> Iterator[Server]:
    with server() as made:
        yield made


@contextmanager
def opened(address: str) -> Iterator[Database]:
    found = open_database(Settings(), {"ASK_PROFILER_DATABASE": address})
    yield found
    found.engine.dispose()


@pytest.fixture
def address(shared_server: Server) -> str:
    found = shared_server.new_database()
    with opened(found) as database:
        database.migrate()
    return found


def test_a_token_lives_as_it_does_on_one_machine(address: str, clock: Clock) -> None:
    with opened(address) as one, opened(address) as other:
        tokens = Tokens(database=one, clock=clock)
        gate = Gate(tokens=Tokens(database=other, clock=clock), clock=clock, ticks=clock)
        first = tokens.create("ci", ["ask"], lifetime_s=3600).secret
        assert gate.authenticate(f"Bearer {first}").id == "token:ci"
        second = tokens.rotate("ci", overlap_s=60).secret
        assert gate.authenticate(f"Bearer {second}").id == "token:ci"
        clock.now += 60
        with pytest.raises(Unauthenticated):
            gate.authenticate(f"Bearer {first}")
        assert tokens.revoke("ci") == 1
        clock.now += 5
        with pytest.raises(Unauthenticated):
            gate.authenticate(f"Bearer {second}")


def test_machines_share_one_limit(address: str, clock: Clock) -> None:
    settings = LimitSettings(requests_per_minute=50, runs_per_day=30)
    done: list[int] = []

    def ask(limits: Limits) -> None:
        count = 0
        for _ in range(15):
            try:
                limits.admit(CI, is_run=True, waiting=0)
            except LimitReached:
                continue
            count += 1
        done.append(count)

    with opened(address) as one, opened(address) as other:
        both = [Limits(settings=settings, database=database, clock=clock) for database in (one, other)]
        threads = [threading.Thread(target=ask, args=(both[number % 2],)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sum(done) == 30
        spend = [threading.Thread(target=limits.spent, args=(CI.id, 5.0)) for limits in both * 5]
        for thread in spend:
            thread.start()
        for thread in spend:
            thread.join()
        clock.now += 60
        with pytest.raises(LimitReached, match=r"50\.00 USD"):
            both[0].admit(CI, is_run=True, waiting=0)


def test_what_postgresql_takes_no_text_of_is_audited_all_the_same(address: str) -> None:
    with opened(address) as database:
        audit = Audit(database)
        audit.note("token:ci", "http", "ask", "a\x00b", "refused", "half \ud83d a character")
        (line,) = audit.lines(since=0)
        assert (line.subject, line.detail) == (r"a\x00b", r"half \ud83d a character")


def test_the_configuration_is_checked_against_it(shared_server: Server, address: str) -> None:
    definition = read_definition(definition_path())
    empty = shared_server.new_database()
    (found,) = problems(Settings(), {"ASK_PROFILER_DATABASE": empty}, definition)
    assert "ask-profiler migrate" in found
    environment = {"ASK_PROFILER_DATABASE": address}
    assert problems(Settings(), environment, definition) == ()
    told = doubts(Settings(), environment, definition)
    assert any("storage.artefacts_url" in sentence for sentence in told)
    assert any("ask-profiler token create" in sentence for sentence in told)
