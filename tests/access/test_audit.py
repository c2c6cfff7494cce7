"""The audit keeps one line for each thing that was asked for, without secrets, whatever is in it."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest

from agent.access.audit import AT_ONCE, Audit, AuditLine
from agent.database.opening import Database
from agent.errors import StorageFailed
from agent.telemetry.masking import Masks
from tests.access.conftest import Clock

SLACK_TOKEN = "-".join(["xoxb", "1234567890", "abcdefghijkl"])


@pytest.fixture
def audit(database: Database, clock: Clock) -> Audit:
    return Audit(database, masks=Masks(("hunter2-hunter2",)), clock=clock)


def lines(audit: Audit) -> list[AuditLine]:
    return list(audit.lines(since=0.0))


def test_who_asked_for_what_and_what_became_of_it(
    audit: Audit, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    audit.note("token:ci", "http", "ask", "shop", "job", "J1: why is it slow?")
    expected = AuditLine(
        time=clock.now,
        caller="token:ci",
        door="http",
        action="ask",
        subject="shop",
        outcome="job",
        detail="J1: why is it slow?",
    )
    assert lines(audit) == [expected]
    (record,) = caplog.records
    fields = record.__dict__["fields"]
    assert (record.name, fields["caller"], fields["outcome"]) == ("agent.access.audit", "token:ci", "job")


def test_lines_are_told_in_order_from_a_time_on_and_of_one_caller(audit: Audit, clock: Clock) -> None:
    for number in range(4):
        clock.now = 100.0 + number
        audit.note("token:ci" if number % 2 else "token:ops", "a2a", "ask", str(number), "job")
    assert [line.subject for line in audit.lines(since=101.0)] == ["1", "2", "3"]
    assert [line.subject for line in audit.lines(since=0, caller="token:ci")] == ["1", "3"]


def test_secrets_and_control_characters_do_not_get_in(audit: Audit, database: Database) -> None:
    ours = "apt_ci_" + "0123456789abcdef" * 4
    text = f"use {SLACK_TOKEN} or {ours}\nfake line\x1b[2J\x00 hunter2-hunter2 \ud800"
    audit.note(f"slack:T1/U1\n{SLACK_TOKEN}", "slack", "ask", text, "refused", text)
    (line,) = lines(audit)
    for word in (line.caller, line.subject, line.detail):
        assert word.isprintable()
        assert SLACK_TOKEN not in word and ours not in word and "hunter2" not in word
    assert "fake line" in line.detail and r"\n" in line.detail


def test_a_long_text_is_cut(audit: Audit) -> None:
    audit.note("c" * 1000, "d" * 100, "a" * 100, "s" * 10_000, "o" * 100, "x" * 100_000)
    (line,) = lines(audit)
    assert [len(getattr(line, n)) for n in ("caller", "door", "action", "subject", "outcome", "detail")] == [
        500, 16, 32, 2000, 32, 2000,
    ]  # fmt: skip


def test_many_lines_are_all_told(audit: Audit, database: Database) -> None:
    from sqlalchemy import insert

    from agent.database.tables import audit as table

    row = {"caller": "c", "door": "http", "action": "ask", "subject": "", "outcome": "job", "detail": ""}
    with database.writing() as connection:
        connection.execute(insert(table), [{**row, "time": float(n)} for n in range(2 * AT_ONCE + 1)])
    assert [line.time for line in audit.lines(since=1.0)] == [float(n) for n in range(1, 2 * AT_ONCE + 1)]


def test_old_lines_are_removed_only_when_that_is_asked_for(audit: Audit, clock: Clock) -> None:
    for number in range(3):
        clock.now = float(number)
        audit.note("c", "http", "ask", str(number), "job")
    assert audit.prune(before=2.0) == 2
    assert [line.subject for line in lines(audit)] == ["2"]


def test_what_can_not_be_audited_does_not_go_on_and_is_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    from sqlalchemy import create_engine

    caplog.set_level(logging.INFO)
    engine = create_engine(f"sqlite:///{tmp_path / 'without-tables.sqlite'}")
    try:
        with pytest.raises(StorageFailed):
            Audit(Database(engine)).note("token:ci", "http", "apply", "shop", "ok")
    finally:
        engine.dispose()
    assert json.dumps(caplog.records[0].__dict__["fields"])
