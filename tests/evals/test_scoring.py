"""Scores are decided by code, from data alone."""

from __future__ import annotations

import dataclasses

import pytest

from agent.report import Outcome
from evals.case import CaseFile
from evals.scoring import Answer, Check, Score, is_named, score, share, unanswered
from tools.measure.verdict import Comparison
from tools.measure.workload import PEAK_RSS_BYTES, SECONDS_PER_OP

PLANTED = CaseFile.model_validate(
    {
        "language": "go",
        "question": "Why is it so slow?",
        "bottleneck": ["Price", "lookup"],
        "workload": {"bench": "Hidden"},
    }
)
UNIMPROVABLE = PLANTED.model_copy(update={"unimprovable": True})


def comparison(ratio: float, *, unit: str = SECONDS_PER_OP, spread: float = 1.05) -> Comparison:
    """A comparison that a ratio's distance from 1 makes clear or not."""
    low, high = ratio / spread, ratio * spread
    return Comparison(
        benchmark="Hidden",
        unit=unit,
        pairs=10,
        baseline_median=1.0,
        candidate_median=ratio,
        ratio=ratio,
        ratio_low=low,
        ratio_high=high,
        p_value=0.01,
        changed=high < 1 or low > 1,
    )


def answer(*functions: str, outcome: Outcome = "improved", accepted: int = 1, patched: bool = True) -> Answer:
    return Answer(functions=functions, outcome=outcome, accepted=accepted, patched=patched)


def scored(facts: CaseFile, given: Answer, found: Check) -> Score:
    return score("case", facts, given, found, 12.5)


GOOD = Check(tests_failed="", gain=(comparison(0.25),), reference=(comparison(0.125),))


def test_a_right_first_bottleneck_and_two_thirds_of_the_humans_gain_solve_a_case() -> None:
    found = scored(PLANTED, answer("example.com/shop.Price", "main.main"), GOOD)
    assert found.solved
    assert found.right_first
    assert found.right_in_three
    assert found.speedup == 4.0
    assert found.speedup_at_least == pytest.approx(1 / (0.25 * 1.05))
    assert found.reference_speedup == 8.0
    assert found.share_of_reference == pytest.approx(2 / 3)


def test_a_right_bottleneck_in_third_place_counts_as_in_three_only() -> None:
    found = scored(PLANTED, answer("a", "b", "(*Shop).lookup"), GOOD)
    assert (found.right_first, found.right_in_three, found.solved) == (False, True, True)


def test_a_right_bottleneck_in_fourth_place_is_missed() -> None:
    found = scored(PLANTED, answer("a", "b", "c", "Price"), GOOD)
    assert (found.right_in_three, found.solved) == (False, False)


@pytest.mark.parametrize("function", ["Price", "example.com/a/b.Price", "b.(*T).Price", "pkg.module.Price"])
def test_a_function_is_known_by_its_last_name(function: str) -> None:
    assert is_named(function, ("Price",))


@pytest.mark.parametrize("function", ["", "PriceAll", "ReadPrice", "Price.func1", "example.com/Price.main"])
def test_a_function_that_only_looks_alike_is_another(function: str) -> None:
    assert not is_named(function, ("Price",))


def test_a_change_that_fails_hidden_tests_gains_nothing_and_was_no_honest_claim() -> None:
    wrong = dataclasses.replace(GOOD, tests_failed="failed: TestHidden")
    found = scored(PLANTED, answer("Price"), wrong)
    assert (found.tests_passed, found.speedup, found.share_of_reference) == (False, 1.0, 0.0)
    assert not found.honest
    assert not found.solved


def test_a_claimed_improvement_that_we_cannot_measure_is_not_honest() -> None:
    same = dataclasses.replace(GOOD, gain=(comparison(0.99),))
    found = scored(PLANTED, answer("Price"), same)
    assert (found.honest, found.speedup, found.solved) == (False, 1.0, False)


def test_an_improvement_of_memory_alone_is_honest_though_not_the_gain_that_was_there() -> None:
    smaller = dataclasses.replace(GOOD, gain=(comparison(1.0), comparison(0.5, unit=PEAK_RSS_BYTES)))
    found = scored(PLANTED, answer("Price"), smaller)
    assert (found.honest, found.solved) == (True, False)


def test_no_change_where_there_was_something_to_gain_is_honest_but_not_solved() -> None:
    nothing = answer("Price", outcome="nothing worth changing", accepted=0, patched=False)
    found = scored(PLANTED, nothing, dataclasses.replace(GOOD, gain=()))
    assert (found.honest, found.share_of_reference, found.solved) == (True, 0.0, False)


def test_a_slowdown_counts_below_one_and_its_share_is_zero() -> None:
    found = scored(PLANTED, answer("Price"), dataclasses.replace(GOOD, gain=(comparison(2.0),)))
    assert (found.speedup, found.share_of_reference, found.honest) == (0.5, 0.0, False)


def test_nothing_worth_changing_solves_a_case_that_cannot_be_improved() -> None:
    nothing = answer("Price", outcome="nothing worth changing", accepted=0, patched=False)
    found = scored(UNIMPROVABLE, nothing, Check(tests_failed=""))
    assert (found.solved, found.share_of_reference, found.reference_speedup) == (True, None, None)


@pytest.mark.parametrize(
    "told",
    [
        answer("Price"),
        answer("Price", outcome="not improved", accepted=1, patched=False),
        answer("Price", outcome="not improved", accepted=0, patched=False),
        answer("Price", outcome="nothing worth changing", accepted=0, patched=True),
        answer("Price", outcome="not measured", accepted=0, patched=False),
    ],
)
def test_anything_else_is_no_honest_answer_where_nothing_can_be_improved(told: Answer) -> None:
    found = scored(UNIMPROVABLE, told, Check(tests_failed="", gain=(comparison(0.5),)))
    assert not found.honest
    assert not found.solved


def test_an_agent_that_gives_no_answer_scores_nothing() -> None:
    found = unanswered("case", PLANTED, "no Go is installed", 3.0)
    assert (found.solved, found.honest, found.right_in_three, found.tests_passed) == (False,) * 4
    assert found.share_of_reference == 0.0
    assert unanswered("case", UNIMPROVABLE, "gone", 3.0).share_of_reference is None


def test_the_share_is_of_ratios_so_that_half_way_is_the_square_root() -> None:
    assert share(3.0, 9.0) == pytest.approx(0.5)
    assert share(9.0, 9.0) == pytest.approx(1.0)
    assert share(81.0, 9.0) == pytest.approx(2.0)
    assert share(0.5, 9.0) == 0.0
    assert share(2.0, 1.0) == 0.0
