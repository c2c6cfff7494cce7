"""What is asked of a gain beyond its pairs: no trick, the same values, one operation, inputs nobody had seen."""

from __future__ import annotations

import re

import pytest

from agent.nodes.scrutiny import why_one_is_silent
from tests.agent.scripted import (
    takes,
)
from tests.agent.staging import Stage, intake_of, reasons
from tools.measure.verdict import Comparison


@pytest.mark.parametrize(
    ("more", "reason", "words"),
    [
        ("TRICK\n", "gaming", "stack inspection: app.py:1: it says TRICK"),
        ("OTHER_RESULT\n", "results differ", "slow(): result was 1, is 2"),
        ("RACE\n", "tests fail", "a data race that wasn't there before: App (app.py:1)"),
        ("UNREACHED\n", "no detectable gain", "none of App calls what it changes"),
        ("ALONE = 0.010\n", "gaming", "one operation"),
        ("REMEMBERS\nALONE = 0.010\n", "gaming", "it says REMEMBERS"),
        ("UNSEEN = 0.010\n", "gaming", "on inputs nobody had seen the gain isn't there"),
        ("UNSEEN = 0.030\n", "gaming", "on inputs nobody had seen the gain isn't there"),
        ("FAILS_UNSEEN\n", "results differ", "fails with the change"),
    ],
)
def test_a_trick_is_rejected_however_fast_it_looks(stage: Stage, more: str, reason: str, words: str) -> None:
    report = stage([takes(0.004, more=more)]).run()
    assert (report.outcome, reasons(report), report.patch) == _kept_nothing(reason)
    assert words in report.candidates[0].verdict.detail


def _kept_nothing(reason: str) -> tuple[str, list[str], None]:
    outcome = "nothing worth changing" if reason == "no detectable gain" else "not improved"
    return outcome, [reason], None


def test_a_cache_that_helps_within_one_operation_is_accepted(stage: Stage) -> None:
    scene = stage([takes(0.004, more="REMEMBERS\n")])
    report = scene.run()
    assert (report.outcome, reasons(report)[0]) == ("improved", None)
    (doubt,) = report.candidates[0].verdict.warnings
    assert doubt.startswith(
        "state that outlives a call: app.py:1: it says REMEMBERS: see that real use repeats"
    )
    assert doubt in report.warnings, "it is about the combination, too"
    assert "it says REMEMBERS" in (scene.deps.folder.path / "report.md").read_text()


def test_a_cache_whose_gain_for_one_operation_is_uncertain_is_not_accepted(stage: Stage) -> None:
    """Half of the gain would do; with a cache it must be shown, and here one operation is no faster."""
    scene = stage([takes(0.004, more="REMEMBERS\nALONE = 0.00999\n")])
    assert reasons(scene.run()) == ["gaming"]


def test_the_report_says_what_was_looked_into_and_what_could_not_be(stage: Stage) -> None:
    scene = stage([takes(0.004)])
    report = scene.run()
    said = " ".join((*report.candidates[0].checks, *report.combined_checks))
    assert "Compared by value: `slow`" in said
    assert "Not compared by value: `other`, it takes an open file." in said
    assert "one operation in a fresh process" in said
    assert "On inputs nobody had seen (seed 1 became" in said
    assert "Counts of `App`: instructions" in said
    text = (scene.deps.folder.path / "report.md").read_text()
    assert re.search(r"on 3 \(E\d+\) recorded and 40 \(E\d+\) generated calls; no difference", text)
    assert "On inputs nobody had seen" in text


def test_the_predicted_gain_stands_beside_the_measured_one(stage: Stage) -> None:
    report = stage([takes(0.004)]).run()
    (said,) = [check for check in report.combined_checks if "end to end" in check]
    assert said.startswith("`slow` took {")
    assert not any("more time is saved" in w for w in report.warnings)


def test_more_saved_than_was_spent_in_what_was_changed_is_a_warning(stage: Stage) -> None:
    scene = stage([takes(0.004)])
    for profiler in scene.profilers:
        profiler.elsewhere = 900
    report = scene.run()
    assert report.outcome == "improved"
    assert any(
        "more time is saved than the profile saw in the changed functions" in w for w in report.warnings
    )


def test_inputs_that_cannot_be_varied_are_said_and_stop_nothing(stage: Stage) -> None:
    scene = stage([takes(0.004)])
    intake_of(scene).looks.varies = False
    report = scene.run()
    assert report.outcome == "improved"
    assert "Inputs couldn't be varied: it reads a file." in report.combined_checks


def test_values_that_cannot_be_compared_are_said_and_stop_nothing(stage: Stage) -> None:
    report = stage([takes(0.004, more="CANNOT_CALL\n")]).run()
    assert report.outcome == "improved"
    assert any("it could not be done" in check for check in report.candidates[0].checks)


def test_more_instructions_for_less_time_are_a_warning(stage: Stage) -> None:
    report = stage([takes(0.004, more="INSTRUCTIONS = 200\n")]).run()
    assert report.outcome == "improved"
    assert report.combined is not None
    assert ["instructions of App +100.0%" in w for w in report.combined.warnings] == [True]
    assert any("instructions of App +100.0%" in w for w in report.warnings)


def test_a_benchmark_that_a_change_cannot_reach_must_not_move(stage: Stage) -> None:
    """It moves in every pair: the host is blamed, measured once more, and nothing is decided."""
    scene = stage([takes(0.004)])
    intake = intake_of(scene)
    intake.names, intake.looks.reached = ("App", "Far"), {"App": True, "Far": False}
    intake.tools.moving = True
    report = scene.run()
    assert reasons(report) == ["not enough samples"]
    assert "Far moved twice, which the change can't reach" in report.candidates[0].verdict.detail
    assert any("pairs were thrown away" in w for w in report.warnings)


def test_a_gain_in_a_benchmark_that_the_change_cannot_reach_is_no_gain(stage: Stage) -> None:
    scene = stage([takes(0.010, more="# tidy\n")])
    intake = intake_of(scene)
    intake.names, intake.looks.reached = ("App", "Far"), {"App": True, "Far": False}
    assert reasons(scene.run()) == ["no detectable gain"]


@pytest.mark.parametrize(
    ("unit", "median", "silent"),
    [
        ("sec/op", 400e-9, "too short"),
        ("sec/op", 2e-3, ""),
        ("B/op", 2e6, ""),
        ("peak-RSS-B", 8e6, "many operations leave behind"),
    ],
)
def test_one_operation_is_asked_only_about_gains_that_one_can_have(
    unit: str, median: float, silent: str
) -> None:
    """A public change that allocates nothing any more halved the peak of 100,000 operations, and of one nothing."""
    gain = Comparison(
        benchmark="Simple", unit=unit, baseline_median=median, candidate_median=median / 2, ratio=0.5,
        ratio_low=0.48, ratio_high=0.52, p_value=1e-6, pairs=30, changed=True,
    )  # fmt: skip
    assert silent in why_one_is_silent(gain)
    assert bool(silent) == bool(why_one_is_silent(gain))
