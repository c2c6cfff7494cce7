"""Limits hold per caller, over all replicas, and say when it may be tried again."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from agent.access.caller import LOCAL, LOCAL_CALLER, Caller
from agent.access.limits import DAY_S, Limits
from agent.database.opening import Database, open_database
from agent.errors import LimitReached
from agent.service_settings import LimitSettings
from agent.settings import Settings
from tests.access.conftest import Clock

CI = Caller(id="token:ci", scopes=frozenset({"ask"}))
OPS = Caller(id="token:ops", scopes=frozenset({"ask"}))


def limits_of(database: Database, clock: Clock, **settings: float | None) -> Limits:
    none: dict[str, float | None] = {
        "requests_per_minute": None,
        "waiting_jobs": None,
        "runs_per_day": None,
        "model_cost_usd_per_day": None,
    }
    return Limits(settings=LimitSettings.model_validate({**none, **settings}), database=database, clock=clock)


def admitted(limits: Limits, caller: Caller, count: int, *, is_run: bool = True, waiting: int = 0) -> int:
    done = 0
    for _ in range(count):
        try:
            limits.admit(caller, is_run=is_run, waiting=waiting)
        except LimitReached:
            continue
        done += 1
    return done


def test_a_minute_has_so_many_requests_and_they_come_back_one_by_one(
    database: Database, clock: Clock
) -> None:
    limits = limits_of(database, clock, requests_per_minute=6)
    assert admitted(limits, CI, 10) == 6
    with pytest.raises(LimitReached, match="at most 6 a minute") as refused:
        limits.admit(CI, is_run=False, waiting=0)
    assert refused.value.retry_after_s == pytest.approx(10, abs=0.01)
    assert refused.value.status == 429
    clock.now += refused.value.retry_after_s
    assert admitted(limits, CI, 3) == 1
    clock.now += 3600
    assert admitted(limits, CI, 10) == 6


def test_one_caller_takes_nothing_from_another(database: Database, clock: Clock) -> None:
    limits = limits_of(database, clock, requests_per_minute=2, runs_per_day=3)
    assert admitted(limits, CI, 5) == 2
    assert admitted(limits, OPS, 5) == 2


def test_the_user_of_this_machine_has_no_limits(database: Database, clock: Clock) -> None:
    limits = limits_of(database, clock, requests_per_minute=1, waiting_jobs=1, runs_per_day=1)
    assert admitted(limits, LOCAL_CALLER, 20, waiting=50) == 20
    limits.spent(LOCAL, 1000.0)


def test_too_many_waiting_jobs(database: Database, clock: Clock) -> None:
    limits = limits_of(database, clock, waiting_jobs=3)
    limits.admit(CI, is_run=True, waiting=2)
    with pytest.raises(LimitReached, match="3 jobs of yours are waiting or running") as refused:
        limits.admit(CI, is_run=True, waiting=3)
    assert refused.value.retry_after_s > 0


def test_a_day_has_so_many_runs_and_follow_ups_are_none(database: Database, clock: Clock) -> None:
    clock.now = 20_000 * DAY_S + 3600
    limits = limits_of(database, clock, runs_per_day=2)
    assert admitted(limits, CI, 5, is_run=False) == 5
    assert admitted(limits, CI, 5) == 2
    with pytest.raises(LimitReached, match="started 2 runs today") as refused:
        limits.admit(CI, is_run=True, waiting=0)
    assert refused.value.retry_after_s == DAY_S - 3600
    assert admitted(limits, CI, 1, is_run=False) == 1
    clock.now += refused.value.retry_after_s
    assert admitted(limits, CI, 5) == 2


def test_a_day_has_so_much_money_and_then_nothing_is_taken(database: Database, clock: Clock) -> None:
    limits = limits_of(database, clock, model_cost_usd_per_day=1.0)
    limits.spent(CI.id, 0.4)
    limits.spent(CI.id, 0.59)
    limits.spent(CI.id, 0.0)
    assert admitted(limits, CI, 2) == 2
    limits.spent(CI.id, 0.02)
    with pytest.raises(LimitReached, match=r"cost 1\.01 USD for you today, and 1 USD"):
        limits.admit(CI, is_run=False, waiting=0)
    assert admitted(limits, OPS, 1) == 1
    clock.now += DAY_S
    assert admitted(limits, CI, 1) == 1


def test_what_is_turned_away_is_no_run(database: Database, clock: Clock) -> None:
    limits = limits_of(database, clock, requests_per_minute=100, waiting_jobs=1, runs_per_day=2)
    assert admitted(limits, CI, 10, waiting=1) == 0
    assert admitted(limits, CI, 10, waiting=0) == 2


def test_what_is_turned_away_counts_for_the_rate(database: Database, clock: Clock) -> None:
    limits = limits_of(database, clock, requests_per_minute=5, waiting_jobs=1)
    assert admitted(limits, CI, 5, waiting=1) == 0
    with pytest.raises(LimitReached, match="a minute"):
        limits.admit(CI, is_run=True, waiting=0)


@contextmanager
def replica(settings: Settings) -> Iterator[Database]:
    found = open_database(settings, {})
    yield found
    found.engine.dispose()


def test_replicas_share_one_limit(settings: Settings, database: Database, clock: Clock) -> None:
    done: list[int] = []
    with replica(settings) as other:
        both = [limits_of(one, clock, requests_per_minute=50, runs_per_day=30) for one in (database, other)]

        def ask(limits: Limits) -> None:
            done.append(admitted(limits, CI, 15))

        threads = [threading.Thread(target=ask, args=(both[number % 2],)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sum(done) == 30
        left = limits_of(other, clock, requests_per_minute=50)
        assert admitted(left, CI, 10) == 0  # the minute was spent, too


def test_a_long_name_of_a_caller_is_counted_as_any(database: Database, clock: Clock) -> None:
    limits = limits_of(database, clock, requests_per_minute=2, runs_per_day=2)
    caller = Caller(id="oidc:https://issuer.example#" + "x" * 400, scopes=frozenset({"ask"}))
    assert admitted(limits, caller, 4) == 2


def test_the_defaults_are_those_of_the_settings(database: Database, clock: Clock) -> None:
    limits = replace(Limits.of(Settings(), database), clock=clock)
    assert admitted(limits, CI, 100) == 60
