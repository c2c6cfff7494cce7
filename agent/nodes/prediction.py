"""The gain that the profiles predict beside the gain that was measured: is it where the change was made?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from agent.deps import Deps
from agent.evidence import Quantity
from agent.nodes.picture import load_capture, own_code
from agent.report import quoted
from agent.state import CaptureRecord, Combined, RunState
from tools.measure.statistics import Interval
from tools.measure.verdict import Comparison
from tools.measure.workload import SECONDS_PER_OP, profiled_benchmarks
from tools.profiles.attribution import Place
from tools.profiles.ownership import OwnCode
from tools.profiles.prediction import Prediction, Share, predict, share_of

ELSEWHERE = 0.10
"""A part of the time that is saved outside the changed functions and that is worth a word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Predicted:
    """What the profiles say of a gain; empty where they can't say anything."""

    evidence: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def with_prediction(
    state: RunState, deps: Deps, combined: Combined, after: Sequence[CaptureRecord]
) -> Combined:
    """The combination with what the profiles say of its gain."""
    found = predict_gain(state, deps, combined, after)
    return replace(
        combined,
        verdict=replace(combined.verdict, warnings=(*combined.verdict.warnings, *found.warnings)),
        evidence=(*combined.evidence, *found.evidence),
        checks=(*combined.checks, *found.checks),
    )


def predict_gain(
    state: RunState, deps: Deps, combined: Combined, after: Sequence[CaptureRecord]
) -> Predicted:
    """Function win against workload win, for the accepted candidates together.

    Only where one benchmark was profiled: the shares of several say nothing of one.
    """
    plan = state["plan"]
    before = next((r for r in state.get("captures", []) if r.view == "cpu"), None)
    later = next((r for r in after if r.view == "cpu"), None)
    watched = profiled_benchmarks(plan.workload)
    if before is None or later is None or len(watched) != 1:
        return Predicted()
    measured = _measured(combined.verdict.comparisons, watched[0].name)
    accepted = [j.candidate.bottleneck_rank for j in state.get("judged", []) if j.verdict.accepted]
    changed = [b for b in state["bottlenecks"] if b.rank in accepted]
    if measured is None or not changed:
        return Predicted()
    places = {Place(b.function, b.file) for b in changed}
    own = own_code(deps, plan)
    result = OwnCode(language=own.language, root=deps.workspace.step(len(accepted)), module=own.module)
    shares = (
        share_of(load_capture(deps, before).profile, before.value, own, places),
        share_of(load_capture(deps, later).profile, later.value, result, places),
    )
    if shares[0] is None or shares[1] is None:
        return Predicted()
    found = predict(shares[0], shares[1], measured)
    return _said(deps, found, measured, [b.function for b in changed], shares[0])


def _measured(comparisons: Sequence[Comparison], benchmark: str) -> Interval | None:
    """The time after over the time before, of the benchmark that was profiled."""
    for c in comparisons:
        if (c.benchmark, c.unit) == (benchmark, SECONDS_PER_OP):
            return Interval(estimate=c.ratio, low=c.ratio_low, high=c.ratio_high, confidence=0.95)
    return None


def _said(
    deps: Deps, found: Prediction, measured: Interval, functions: Sequence[str], before: Share
) -> Predicted:
    parts = {"limit": found.limit, "inside": found.inside, "elsewhere": found.elsewhere}
    evidence = deps.evidence.add(
        "analysis",
        "where the gain is, by the profiles",
        "ask-profiler prediction",
        quantities=[
            Quantity(name=name, value=part.estimate, unit="ratio", interval=(part.low, part.high))
            for name, part in parts.items()
        ]
        + [
            Quantity(name="saved", value=1 - measured.estimate, unit="ratio",
                     interval=(1 - measured.high, 1 - measured.low)),
            Quantity(name="samples", value=float(before.samples), unit="count"),
        ],
    )  # fmt: skip
    names = ", ".join(quoted(name) for name in functions)
    words = (
        f"{names} took {{{evidence.id}.limit}} of the CPU time, which is the most that could be saved there. By the "
        f"profiles {{{evidence.id}.inside}} is saved there and {{{evidence.id}.elsewhere}} elsewhere; end to end "
        f"{{{evidence.id}.saved}} less time was measured."
    )
    warnings: tuple[str, ...] = ()
    if 1 - measured.high > found.limit.high and found.elsewhere.low > ELSEWHERE:
        warnings = (
            "more time is saved than the profile saw in the changed functions: look at where the gain comes from",
        )
    return Predicted(evidence=(evidence.id,), checks=(words,), warnings=warnings)
