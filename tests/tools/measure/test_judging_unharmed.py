"""A change that must only do no harm: that nothing got slower must be shown, and a doubt is no accusation."""

from __future__ import annotations

import pytest

from tools.measure.judging import judge_unharmed
from tools.measure.verdict import Comparison


def comparison(
    low: float, ratio: float, high: float, *, unit: str = "sec/op", changed: bool = False
) -> Comparison:
    return Comparison(
        benchmark="X", unit=unit, pairs=12, baseline_median=1.0, candidate_median=ratio, ratio=ratio, ratio_low=low,
        ratio_high=high, p_value=0.001 if changed else 0.5, changed=changed,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        ([comparison(0.98, 1.0, 1.02)], None),
        ([comparison(0.5, 0.6, 0.7, changed=True)], None),
        ([comparison(1.01, 1.03, 1.045, changed=True)], None),
        ([comparison(1.06, 1.1, 1.2, changed=True)], "slower elsewhere"),
        ([comparison(0.9, 1.0, 1.1)], "not enough samples"),
        ([comparison(1.01, 1.06, 1.1, changed=True)], "not enough samples"),
        ([comparison(0.0, 1.0, float("inf"))], "not enough samples"),
        (
            [comparison(0.98, 1.0, 1.02), comparison(1.1, 1.2, 1.3, unit="B/op", changed=True)],
            "slower elsewhere",
        ),
        ([comparison(0.98, 1.0, 1.02), comparison(0.9, 1.0, 1.2, unit="peak-RSS-B")], None),
        ([comparison(0.98, 1.0, 1.02, unit="B/op")], "not enough samples"),
        ([], "not enough samples"),
    ],
)
def test_no_harm_is_shown_harm_is_beyond_doubt_and_the_rest_cannot_be_told(
    found: list[Comparison], reason: str | None
) -> None:
    verdict = judge_unharmed(found)
    assert (verdict.accepted, verdict.reason) == (reason is None, reason)
    assert verdict.detail
