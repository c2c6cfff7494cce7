"""A verdict is an acceptance, or a rejection with exactly one reason and its numbers."""

from __future__ import annotations

from typing import Literal

import pytest

from tools.measure.judging import TOLERANCE, judge
from tools.measure.verdict import Comparison, Verdict
from tools.measure.workload import ALLOCATIONS_PER_OP, BYTES_PER_OP, PEAK_RSS_BYTES, SECONDS_PER_OP


def comparison(
    ratio: float,
    *,
    benchmark: str = "Report",
    unit: str = SECONDS_PER_OP,
    spread: float = 0.01,
    few: bool = False,
) -> Comparison:
    low, high = ratio - spread, ratio + spread
    return Comparison(
        benchmark=benchmark,
        unit=unit,
        pairs=3 if few else 12,
        baseline_median=1.0,
        candidate_median=ratio,
        ratio=ratio,
        ratio_low=low,
        ratio_high=high,
        p_value=0.001,
        changed=not low <= 1 <= high and not few,
        warnings=("3 pairs are too few to show a difference among 1 comparisons",) if few else (),
    )


def verdict(
    *found: Comparison, view: Literal["cpu", "memory", "goroutines"] = "cpu", minimum_gain: float = 0.1
) -> Verdict:
    decided = judge(
        found, primary={"Report"}, minimum_gain=minimum_gain, smallest_detectable_gain=0.03, view=view
    )
    assert decided.accepted == (decided.reason is None)
    assert decided.detail
    assert decided.comparisons == found
    return decided


def test_a_clear_gain_is_accepted_with_its_interval() -> None:
    decided = verdict(comparison(0.6))
    assert decided.accepted
    assert decided.detail == "Report: time -40.0% (-41.0% to -39.0%)"


def test_a_gain_counts_as_much_as_is_sure() -> None:
    """15 % on average but only 7 % for sure is below a policy of 10 %."""
    decided = verdict(comparison(0.85, spread=0.08))
    assert decided.reason == "gain below the policy"
    assert "the policy asks for 10%" in decided.detail
    assert verdict(comparison(0.85, spread=0.08), minimum_gain=0.06).accepted


def test_what_can_not_be_told_from_noise_is_no_gain() -> None:
    decided = verdict(comparison(0.98, spread=0.05))
    assert decided.reason == "no detectable gain"
    assert "what this host can tell is 3.0% with 12 pairs" in decided.detail


def test_too_few_pairs_are_not_judged() -> None:
    decided = verdict(comparison(0.5, few=True))
    assert decided.reason == "not enough samples"
    assert decided.detail == "only 3 pairs were measured"


def test_a_benchmark_that_was_not_timed_is_not_judged() -> None:
    assert verdict().reason == "not enough samples"
    assert verdict(comparison(0.5, unit=BYTES_PER_OP)).reason == "not enough samples"
    assert verdict(comparison(0.5, benchmark="Other")).reason == "not enough samples"


def test_a_slowdown_of_another_benchmark_rejects() -> None:
    decided = verdict(comparison(0.5), comparison(1.2, benchmark="Other"))
    assert decided.reason == "slower elsewhere"
    assert decided.detail.startswith("Other: time +20.0%")


def test_the_worst_of_several_slowdowns_is_named() -> None:
    decided = verdict(comparison(0.5), comparison(1.2, benchmark="Other"), comparison(1.9, benchmark="Worst"))
    assert decided.detail.startswith("Worst: ")


def test_a_slowdown_within_the_tolerance_or_the_noise_does_not_reject() -> None:
    assert verdict(comparison(0.5), comparison(1 + TOLERANCE / 2, benchmark="Other")).accepted
    assert verdict(comparison(0.5), comparison(1.3, benchmark="Other", spread=0.4)).accepted
    assert verdict(comparison(0.5), comparison(1.1, benchmark="Other", spread=0.08)).accepted


def test_a_slower_program_is_slower_not_just_without_gain() -> None:
    assert verdict(comparison(1.4)).reason == "slower elsewhere"


@pytest.mark.parametrize("unit", [BYTES_PER_OP, PEAK_RSS_BYTES])
def test_memory_may_pay_for_time_but_not_more_than_it_brings(unit: str) -> None:
    assert verdict(comparison(0.5), comparison(1.8, unit=unit)).accepted
    decided = verdict(comparison(0.5), comparison(2.3, unit=unit))
    assert decided.reason == "slower elsewhere"
    assert "+130.0%" in decided.detail


def test_more_but_smaller_allocations_do_not_reject() -> None:
    assert verdict(comparison(0.5), comparison(3.0, unit=ALLOCATIONS_PER_OP)).accepted


def test_saved_memory_counts_when_memory_is_the_question() -> None:
    found = (comparison(1.0), comparison(0.4, unit=BYTES_PER_OP))
    assert verdict(*found, view="memory").accepted
    assert verdict(*found, view="memory").detail.startswith("Report: allocated bytes -60.0%")
    assert verdict(*found, view="cpu").reason == "no detectable gain"


def test_memory_saved_in_another_benchmark_does_not_count() -> None:
    found = (comparison(1.0), comparison(0.4, unit=BYTES_PER_OP, benchmark="Other"))
    assert verdict(*found, view="memory").reason == "no detectable gain"


def test_memory_saved_at_the_price_of_time_is_rejected() -> None:
    found = (comparison(1.5), comparison(0.4, unit=BYTES_PER_OP))
    assert verdict(*found, view="memory").reason == "slower elsewhere"
