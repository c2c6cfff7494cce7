"""The words a comparison ends in: an interval for each benchmark and unit, and one verdict."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Rejection = Literal[
    "does not apply",
    "does not build",
    "tests fail",
    "results differ",
    "forbidden edit",
    "gaming",
    "slower elsewhere",
    "no detectable gain",
    "gain below the policy",
    "not enough samples",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Baseline against candidate for one benchmark and one unit, from pairs in random order.

    `ratio` is candidate / baseline (below 1 is better for time and sizes) as the exponential of the
    Hodges-Lehmann estimate of the paired log ratios; `ratio_low`, `ratio_high` bound it at the family's 95 %
    level. `changed` says that the interval excludes 1 and that `p_value` reaches the level asked for; that is the
    Holm-adjusted two-sided p of the signed-rank test over everything compared in this unit.
    """

    benchmark: str
    unit: str
    pairs: int
    baseline_median: float
    candidate_median: float
    ratio: float
    ratio_low: float
    ratio_high: float
    p_value: float
    changed: bool
    warnings: tuple[str, ...] = ()

    @property
    def faster_at_least(self) -> float:
        """The gain that holds at 95 %, as a fraction of the baseline saved (0.4: 40 % less); 0 if none."""
        return max(0.0, 1.0 - self.ratio_high)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Accepted, or rejected with exactly one reason; `detail` is one sentence with the evidence.

    `warnings` are doubts that decide nothing, such as a second signal that doesn't agree with time.
    """

    accepted: bool
    reason: Rejection | None
    detail: str
    comparisons: tuple[Comparison, ...] = ()
    warnings: tuple[str, ...] = ()
