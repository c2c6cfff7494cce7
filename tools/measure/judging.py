"""From comparisons to a verdict: accepted, or rejected with exactly one reason and its numbers."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from tools.measure.toolchain import ProfileView
from tools.measure.verdict import Comparison, Rejection, Verdict
from tools.measure.workload import (
    ALLOCATIONS_PER_OP,
    BYTES_PER_OP,
    CPU_SECONDS_PER_OP,
    PEAK_RSS_BYTES,
    PROCESS_CPU_SECONDS,
    SECONDS_PER_OP,
)

TOLERANCE = 0.05
"""A slowdown, or more memory, below 5 % isn't material."""
MEMORY_UNITS = (BYTES_PER_OP, PEAK_RSS_BYTES)
GUARDED_UNITS = (SECONDS_PER_OP, BYTES_PER_OP, PEAK_RSS_BYTES)
SECOND_SIGNALS = (CPU_SECONDS_PER_OP, PROCESS_CPU_SECONDS, ALLOCATIONS_PER_OP, BYTES_PER_OP, PEAK_RSS_BYTES)


def judge(
    comparisons: Sequence[Comparison],
    *,
    primary: Collection[str],
    minimum_gain: float,
    smallest_detectable_gain: float,
    view: ProfileView,
) -> Verdict:
    """Decide on a candidate.

    A candidate wins when a primary benchmark's time is less by at least `minimum_gain` at 95 %; one that is
    about memory may win in bytes or peak memory instead. It loses when anything else gets materially worse.
    """
    found = tuple(comparisons)
    times = [c for c in found if c.unit == SECONDS_PER_OP and c.benchmark in primary]
    if not times:
        return _rejected("not enough samples", "no time per operation was measured", found)
    if any(warning for c in times for warning in c.warnings if "too few" in warning):
        return _rejected("not enough samples", f"only {times[0].pairs} pairs were measured", found)
    best = best_gain(found, primary, view)
    worse = _worse(found, best)
    if worse is not None:
        return _rejected("slower elsewhere", f"{_words(worse)}", found)
    if best is None:
        closest = min(times, key=lambda c: c.ratio_high)
        told = f"what this host can tell is {smallest_detectable_gain:.1%} with {closest.pairs} pairs"
        detail = f"{_words(closest)}; {told}"
        return _rejected("no detectable gain", detail, found)
    if best.faster_at_least < minimum_gain:
        return _rejected(
            "gain below the policy", f"{_words(best)}; the policy asks for {minimum_gain:.0%}", found
        )
    return Verdict(
        accepted=True,
        reason=None,
        detail=_words(best),
        comparisons=found,
        warnings=disagreements(found, best),
    )


def judge_unharmed(comparisons: Sequence[Comparison]) -> Verdict:
    """Decide on a change that isn't meant to make anything faster: it must make nothing materially slower or bigger.

    That must be shown: where a time's interval reaches beyond the tolerance, nothing can be told.
    """
    found = tuple(comparisons)
    times = [c for c in found if c.unit == SECONDS_PER_OP]
    if not times:
        return _rejected("not enough samples", "no time per operation was measured", found)
    worse = _worse(found, None)
    if worse is not None:
        return _rejected("slower elsewhere", _words(worse), found)
    worst = max(times, key=lambda c: c.ratio_high)
    if worst.ratio_high > 1 + TOLERANCE:
        detail = f"{_words(worst)}, where {TOLERANCE:.0%} more would be too much: this host can't tell"
        return _rejected("not enough samples", detail, found)
    detail = f"nothing is more than {TOLERANCE:.0%} slower; the least sure is {_words(worst)}"
    return Verdict(accepted=True, reason=None, detail=detail, comparisons=found)


def best_gain(
    comparisons: Sequence[Comparison], primary: Collection[str], view: ProfileView
) -> Comparison | None:
    """The comparison that a verdict rests on: the gain that holds with the largest bound; None without a gain."""
    return max(_wins(tuple(comparisons), primary, view), key=lambda c: c.faster_at_least, default=None)


def disagreements(comparisons: Sequence[Comparison], best: Comparison) -> tuple[str, ...]:
    """What the other signals of the winning benchmark say against it: counts or CPU time that grew beyond doubt.

    CPU time tells of work that was spread over processors or moved; counts repeat better than any time.
    """
    found = [
        c
        for c in comparisons
        if c.benchmark == best.benchmark and c.unit in SECOND_SIGNALS and c.unit != best.unit
        if c.changed and c.ratio_low > 1 + TOLERANCE
    ]
    return tuple(f"a second signal doesn't agree: {_words(c)} while {_words(best)}" for c in found)


def _wins(comparisons: tuple[Comparison, ...], primary: Collection[str], view: str) -> list[Comparison]:
    units = (SECONDS_PER_OP, *MEMORY_UNITS) if view == "memory" else (SECONDS_PER_OP,)
    return [
        c for c in comparisons if c.unit in units and c.benchmark in primary and c.changed and c.ratio < 1
    ]


def _worse(comparisons: tuple[Comparison, ...], best: Comparison | None) -> Comparison | None:
    """The comparison that got worst, beyond doubt and beyond tolerance; memory may pay for a time gain
    as long as it grows by less than time shrinks.
    """
    allowed = 1 + TOLERANCE
    if best is not None and best.unit == SECONDS_PER_OP:
        allowed = max(allowed, 1 / best.ratio)
    limits = {SECONDS_PER_OP: 1 + TOLERANCE, BYTES_PER_OP: allowed, PEAK_RSS_BYTES: allowed}
    over = [c for c in comparisons if c.unit in limits and c.changed and c.ratio_low > limits[c.unit]]
    return max(over, key=lambda c: c.ratio, default=None)


def _rejected(reason: Rejection, detail: str, comparisons: tuple[Comparison, ...]) -> Verdict:
    return Verdict(accepted=False, reason=reason, detail=detail, comparisons=comparisons)


def _words(comparison: Comparison) -> str:
    what = {
        SECONDS_PER_OP: "time",
        BYTES_PER_OP: "allocated bytes",
        ALLOCATIONS_PER_OP: "allocations",
        PEAK_RSS_BYTES: "peak memory",
        CPU_SECONDS_PER_OP: "CPU time",
        PROCESS_CPU_SECONDS: "CPU time of the whole process",
    }.get(comparison.unit, comparison.unit)
    change = (
        f"{comparison.ratio - 1:+.1%} ({comparison.ratio_low - 1:+.1%} to {comparison.ratio_high - 1:+.1%})"
    )
    return f"{comparison.benchmark}: {what} {change}"
