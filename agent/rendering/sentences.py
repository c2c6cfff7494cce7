"""Sentences that several renderings share: outcome, verdicts, comparisons. Numbers come from comparisons."""

from __future__ import annotations

from collections.abc import Iterable

from agent.rendering.quantities import format_number, format_speedup, resolve
from agent.report import JudgedCandidate, Report
from tools.measure.verdict import Comparison
from tools.measure.workload import SECONDS_PER_OP

OUTCOMES = {
    "improved": "Improved",
    "nothing worth changing": "Nothing worth changing",
    "no change to offer": "No change to offer",
    "cannot tell": "Can't tell on this host",
    "not improved": "Not improved",
    "not measured": "Not measured",
    "accepted": "Accepted",
    "rejected": "Rejected",
    "observed": "Observed",
}
SAID_AS_IT_IS = frozenset({"not measured", "accepted", "rejected"})
"""Outcomes whose summary is no prose: it holds the words of a program, or of a verdict."""
UNIT_NAMES = {
    "sec/op": "time",
    "B/op": "bytes allocated",
    "allocs/op": "allocations",
    "cpu-sec/op": "CPU time",
    "process-cpu-sec": "CPU time, whole process",
    "peak-RSS-B": "peak memory",
}


def title(report: Report) -> str:
    """The answer in a few words."""
    if report.outcome == "rejected" and report.combined is not None:
        return f"Rejected: {report.combined.reason}"
    return OUTCOMES[report.outcome]


def headline_comparison(report: Report) -> Comparison | None:
    """The comparison the answer leads with: time of the largest decisive benchmark that got faster."""
    if report.combined is None:
        return None
    times = [c for c in report.combined.comparisons if c.unit == SECONDS_PER_OP and c.changed and c.ratio < 1]
    sizes = {b.name: b.size or 0 for b in report.plan.workload.benchmarks}
    return max(times, key=lambda c: (sizes.get(c.benchmark, 0), c.baseline_median), default=None)


def headline(report: Report) -> str:
    """The answer in one sentence. Raises: KeyError when it names a number that was not measured."""
    comparison = headline_comparison(report)
    if report.outcome == "improved" and comparison is not None:
        before, after = (
            format_number(v, SECONDS_PER_OP)
            for v in (comparison.baseline_median, comparison.candidate_median)
        )
        return (
            f"{comparison.benchmark} is {format_speedup(comparison.ratio)}, and at least "
            f"{format_speedup(comparison.ratio_high)} (95 %): in pairs {1 - comparison.ratio:.1%} less time; "
            f"the medians are {before.removesuffix('/op')} before and {after.removesuffix('/op')} after."
        )
    if report.outcome in SAID_AS_IT_IS:
        return report.summary  # holds a program's own words
    return resolve(report.summary, report.index)


def change(comparison: Comparison) -> str:
    """`-65.2 %`, or `~` where nothing significant happened."""
    return f"{100 * (comparison.ratio - 1):+.1f} %" if comparison.changed else "~"


def interval(comparison: Comparison) -> str:
    """The bounds of the change at 95 %."""
    low, high = 100 * (comparison.ratio_low - 1), 100 * (comparison.ratio_high - 1)
    return f"{low:+.1f} % to {high:+.1f} %"


def verdict_words(judged: JudgedCandidate) -> str:
    """`accepted: …` or `rejected (reason): …`."""
    verdict = judged.verdict
    head = "accepted" if verdict.accepted else f"rejected ({verdict.reason})"
    return f"{head}: {verdict.detail}"


def ordered_comparisons(comparisons: Iterable[Comparison]) -> list[Comparison]:
    """Time first, then the other units; the order of benchmarks kept."""
    order = {unit: n for n, unit in enumerate(UNIT_NAMES)}
    return sorted(comparisons, key=lambda c: order.get(c.unit, len(order)))
