"""`ask-profiler selftest` as a user runs it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from agent.selftest.catalogue import choose, read_catalogue
from agent.selftest.result import JudgedChange, Rates, SelftestResult
from agent.selftest.telling import line, summary
from tests.doors.targets import living
from tools.measure.trials.rates import Rate
from tools.measure.verdict import Rejection, Verdict

PROGRAM = [sys.executable, "-m", "agent.doors.cli.main", "selftest"]
RACE = choose(read_catalogue(), only=["go/race"])[0]
HEAP = choose(read_catalogue(), only=["go/heap-of-junctions"])[0]


def judged(kind: str, reason: Rejection | None) -> JudgedChange:
    verdict = Verdict(accepted=reason is None, reason=reason, detail="so it is")
    return JudgedChange(change=RACE if kind == "cheat" else HEAP, verdict=verdict, seconds=1.0)


def rates(hits: int, trials: int) -> Rates:
    return Rates(
        language="go",
        false_wins=Rate(hits=hits, trials=trials),
        in_sequence=Rate(hits=3, trials=trials),
        gain=0.1,
        found=Rate(hits=trials, trials=trials),
    )


def selftest(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*PROGRAM, *words],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env=environment(),
    )


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}


def test_changes_are_listed_with_what_they_do(tmp_path: Path) -> None:
    done = selftest("--list", "--language", "go", cwd=tmp_path)
    assert done.returncode == 0
    assert any(text.startswith("go/race ") and text.endswith(RACE.why) for text in done.stdout.splitlines())
    assert "python/" not in done.stdout


def test_a_name_that_no_change_has_is_refused(tmp_path: Path) -> None:
    done = selftest("--only", "nothing", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "'nothing'" in done.stderr


@pytest.mark.parametrize(
    ("kind", "reason", "outcome", "is_right", "is_as_expected"),
    [
        ("cheat", "tests fail", "caught", True, True),
        ("cheat", "no detectable gain", "caught", True, False),
        ("cheat", None, "MISSED", False, False),
        ("honest", None, "accepted", True, True),
        ("honest", "gaming", "ACCUSED", False, False),
        ("honest", "not enough samples", "NOT SHOWN", False, False),
    ],
)
def test_what_became_of_a_change_is_told(
    kind: str, reason: Rejection | None, outcome: str, is_right: bool, is_as_expected: bool
) -> None:
    found = judged(kind, reason)
    assert (found.outcome, found.is_right, found.is_as_expected) == (outcome, is_right, is_as_expected)
    assert line(found).startswith(outcome)
    assert ("so it is" in line(found)) == (not is_as_expected)


def test_it_passes_only_when_all_is_right() -> None:
    right = (judged("cheat", "gaming"), judged("honest", None))
    assert SelftestResult(judged=right, rates=(rates(0, 20),), seconds=2.0).passed
    for wrong in (judged("cheat", None), judged("honest", "no detectable gain")):
        result = SelftestResult(judged=(*right, wrong), rates=(), seconds=2.0)
        assert not result.passed
        assert wrong.change.id in summary(result)


@pytest.mark.parametrize(
    ("hits", "trials", "passed"),
    [(0, 3, True), (1, 20, True), (2, 20, False), (1, 200, True), (6, 200, False)],
)
def test_false_wins_count_when_they_are_beyond_chance(hits: int, trials: int, passed: bool) -> None:
    result = SelftestResult(judged=(), rates=(rates(hits, trials),), seconds=2.0)
    assert result.passed == passed
    assert ("beyond doubt" in summary(result)) == (not passed)


@pytest.mark.slow
def test_a_cheat_is_caught_and_written_as_json(tmp_path: Path) -> None:
    done = selftest("--only", "go/log-deleted", "--json", "found.json", "--quiet", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("caught    go/log-deleted")
    assert done.stdout.splitlines()[-1].startswith("passed in ")
    found = json.loads((tmp_path / "found.json").read_text())
    assert found["passed"] is True
    assert [change["name"] for change in found["changes"]] == ["log-deleted"]


@pytest.mark.slow
def test_an_interrupt_leaves_nothing_behind(tmp_path: Path) -> None:
    mark = str(tmp_path)  # in the environment of all that is ours, and in the sandbox's arguments
    env = environment() | {"TMPDIR": mark}
    process = subprocess.Popen(
        [*PROGRAM, "--only", "go/log-deleted"], cwd=tmp_path, stderr=subprocess.PIPE, stdout=subprocess.PIPE,
        text=True, start_new_session=True, env=env,
    )  # fmt: skip
    assert process.stderr is not None
    for text in process.stderr:
        if "building" in text:
            break
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=30)
    assert process.returncode == 130, stderr
    end = time.monotonic() + 5
    while living(mark) and time.monotonic() < end:
        time.sleep(0.02)
    assert living(mark) == []
    assert list(tmp_path.glob("ask-profiler-selftest-*")) == []
