"""Nobody comes in without a valid token, whoever is refused isn't told why, and a revoked one stops within 5 s."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event

from agent.access.gate import NO_TOKEN, NOT_VALID, REMEMBERED_S, Gate
from agent.access.oidc import Provider
from agent.access.tokens import Tokens
from agent.database.opening import Database
from agent.errors import StorageFailed, Unauthenticated
from agent.settings import Settings
from tests.access.conftest import Clock, IdentityProvider


@pytest.fixture
def gate(database: Database, clock: Clock) -> Gate:
    return Gate(tokens=Tokens(database=database, clock=clock), clock=clock, ticks=clock)


@pytest.fixture
def statements(database: Database) -> Iterator[list[str]]:
    """Every statement that reaches the database."""
    found: list[str] = []

    def note(_: object, __: object, statement: str, *___: object) -> None:
        found.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    yield found
    event.remove(database.engine, "before_cursor_execute", note)


def test_who_shows_a_valid_token_is_known(gate: Gate) -> None:
    secret = gate.tokens.create("ci", ["ask"]).secret
    for header in (f"Bearer {secret}", f"bearer   {secret} ", f"BEARER {secret}"):
        caller = gate.authenticate(header)
        assert (caller.id, caller.name, caller.scopes, caller.is_local) == (
            "token:ci",
            "ci",
            frozenset({"ask"}),
            False,
        )


@pytest.mark.parametrize("header", [None, "", "  ", "Bearer", "Bearer ", "Basic YTpi", "apt_ci_0", "Token x"])
def test_without_a_token_it_is_said_how_to_send_one(gate: Gate, header: str | None) -> None:
    with pytest.raises(Unauthenticated) as refused:
        gate.authenticate(header)
    assert str(refused.value) == NO_TOKEN


def test_whoever_is_refused_is_not_told_why(
    gate: Gate, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    revoked, expired = gate.tokens.create("a", ["ask"]), gate.tokens.create("b", ["ask"], lifetime_s=1)
    gate.tokens.revoke("a")
    clock.now += 2
    jwt_like = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0."
    wrong = [revoked.secret, expired.secret, "apt_a_" + "0" * 64, jwt_like, "x", "x" * 20_000, "ä", "a\x00b"]
    for token in wrong:
        with pytest.raises(Unauthenticated) as refused:
            gate.authenticate(f"Bearer {token}")
        assert str(refused.value) == NOT_VALID
    assert not any(token in caplog.text for token in wrong if len(token) > 5)


@given(st.text(max_size=300))
def test_whatever_is_sent_is_refused_in_one_sentence(text: str) -> None:
    gate = Gate(tokens=Tokens(database=_never()))
    for header in (text, f"Bearer {text.replace('apt_', '')}"):
        with pytest.raises(Unauthenticated):
            gate.authenticate(header)


def _never() -> Database:
    """A database that isn't asked: what can't be a token of ours is known by its form."""
    from sqlalchemy import create_engine

    return Database(create_engine("sqlite:////nowhere/at/all"))


def test_a_revoked_token_stops_working_within_5_s(gate: Gate, clock: Clock) -> None:
    secret = gate.tokens.create("ci", ["ask"]).secret
    gate.authenticate(f"Bearer {secret}")
    gate.tokens.revoke("ci")
    refused_at = clock.now
    while clock.now < refused_at + 4.9:  # asked all the time, which must not keep it alive
        clock.now += 0.1
        try:
            gate.authenticate(f"Bearer {secret}")
        except Unauthenticated:
            break
    assert clock.now - refused_at <= REMEMBERED_S + 0.2 < 5


def test_a_token_that_expires_stops_at_once_though_it_is_remembered(gate: Gate, clock: Clock) -> None:
    secret = gate.tokens.create("ci", ["ask"], lifetime_s=1).secret
    gate.authenticate(f"Bearer {secret}")
    clock.now += 1
    with pytest.raises(Unauthenticated):
        gate.authenticate(f"Bearer {secret}")


def test_a_rotated_token_stops_when_the_overlap_ends(gate: Gate, clock: Clock) -> None:
    old = gate.tokens.create("ci", ["ask"]).secret
    new = gate.tokens.rotate("ci", overlap_s=10).secret
    assert gate.authenticate(f"Bearer {old}") == gate.authenticate(f"Bearer {new}")
    clock.now += 10
    assert gate.authenticate(f"Bearer {new}").id == "token:ci"
    with pytest.raises(Unauthenticated):
        gate.authenticate(f"Bearer {old}")


def test_a_new_token_works_at_once_though_it_was_tried_before(gate: Gate) -> None:
    with pytest.raises(Unauthenticated):
        gate.authenticate("Bearer apt_ci_" + "0" * 64)
    secret = gate.tokens.create("ci", ["ask"]).secret
    assert gate.authenticate(f"Bearer {secret}")


def test_200_streams_of_one_caller_ask_the_database_once(gate: Gate, statements: list[str]) -> None:
    secret = gate.tokens.create("ci", ["ask"]).secret
    statements.clear()
    for _ in range(200):
        gate.authenticate(f"Bearer {secret}")
    assert len([s for s in statements if "ap_tokens" in s]) == 1


def test_callers_from_many_threads_are_all_known(gate: Gate) -> None:
    secrets = [gate.tokens.create(f"t{n}", ["ask"]).secret for n in range(8)]
    found: list[str] = []

    def ask(secret: str) -> None:
        found.extend(gate.authenticate(f"Bearer {secret}").id for _ in range(50))

    threads = [threading.Thread(target=ask, args=(secret,)) for secret in secrets]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == sorted(f"token:t{n}" for n in range(8) for _ in range(50))


def test_a_database_that_is_down_lets_nobody_in() -> None:
    gate = Gate(tokens=Tokens(database=_never()))
    with pytest.raises(StorageFailed):
        gate.authenticate("Bearer apt_ci_" + "0" * 64)


def test_the_gate_opens_by_the_settings(
    database: Database, settings: Settings, identity_provider: IdentityProvider
) -> None:
    assert Gate.open(settings, database).provider is None
    oidc = {"issuer": identity_provider.issuer, "audience": "ask-profiler"}
    both = Gate.open(Settings.model_validate({**settings.model_dump(), "access": {"oidc": oidc}}), database)
    secret = both.tokens.create("ci", ["ask"]).secret
    assert both.authenticate(f"Bearer {secret}").id == "token:ci"
    token = identity_provider.token(scope="ask-profiler.ask")
    assert both.authenticate(f"Bearer {token}").id == f"oidc:{identity_provider.issuer}#ann"


def test_a_token_of_the_provider_is_remembered_but_not_past_its_end(
    gate: Gate, provider: Provider, identity_provider: IdentityProvider, clock: Clock
) -> None:
    gate.provider = provider
    clock.now = time.time()
    token = identity_provider.token(exp=time.time() + 1)
    assert gate.authenticate(f"Bearer {token}").name == "ann"
    clock.now += 62  # a minute of leeway is over, too
    gate.ticks = lambda: 0.0  # it is still remembered
    with pytest.raises(Unauthenticated):
        gate.authenticate(f"Bearer {token}")
