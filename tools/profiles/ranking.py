"""From profiles to hotspots: where the target's own code causes cost. docs/ranking.md tells the method.

1. Every sample's cost goes to the own frame nearest to its leaf (attribution.py).
2. Functions that only pass cost on to one child are left out.
3. One function seen in several views is one hotspot; its score adds the views by their weights.
4. Where a small leaf's cost comes through one line of one caller, that call site is named beside it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from tools.measure.toolchain import ProfileView
from tools.profiles.attribution import Attribution, Place, PlaceCost, attribute
from tools.profiles.causes import Cause
from tools.profiles.ownership import OwnCode
from tools.profiles.profile import Profile

PASS_THROUGH = 0.1
"""A function that causes less than this part of its cumulative cost, nearly all in one child, passes through."""
ONE_CHILD = 0.8
ONE_CALLER = 0.8
SECOND_VIEW = 0.5
MINIMUM_SHARE = 0.01
MOSTLY = 0.5
"""One kind of work is most of a hotspot's cost from this part of it on; below it is only its largest part."""
COUNTED = frozenset({"peak_space", "goroutine", "goroutineleak"})
"""Values that are counted in full, not sampled: few different stacks are no doubt about them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RankedView:
    """A profile to rank, the value it is about, and how much the view weighs for the question asked."""

    view: ProfileView
    value: str
    profile: Profile
    evidence_id: str
    weight: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CallSite:
    """Where a function is called from: `share` (0-1) of its cost comes through this line."""

    function: str
    file: str
    line: int
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Hotspot:
    """An own function that causes cost, in the view where it weighs most.

    Shares (0-1) are of that view's total: `share` with the foreign work it causes directly, `self_share` its own
    instructions, `cumulative_share` with everything below. `lines` maps a line to the share passing through it.
    `cause` is the largest kind of work in it and `cause_share` (0-1) that kind's part of the hotspot's cost;
    `other_frames` are the foreign functions called for it, the costliest first. `attribution` says this in words;
    it holds no number.
    """

    function: str
    file: str
    line: int
    start_line: int
    view: ProfileView
    value: str
    evidence_id: str
    share: float
    self_share: float
    cumulative_share: float
    cause: Cause
    attribution: str
    other_frames: tuple[str, ...]
    lines: Mapping[int, float]
    confidence: Literal["high", "medium", "low"]
    confidence_reason: str
    cause_share: float = 1.0
    called_from: CallSite | None = None
    also: Mapping[str, float] = field(default_factory=dict)


def rank(views: Sequence[RankedView], own: OwnCode, limit: int) -> tuple[Hotspot, ...]:
    """The hotspots of all views, the most important first, at most `limit`; empty when own code costs nothing."""
    attributions = [(view, attribute(view.profile, view.value, own)) for view in views]
    scores: dict[Place, float] = {}
    best: dict[Place, tuple[float, RankedView, Attribution]] = {}
    also: dict[Place, dict[str, float]] = {}
    for view, attribution in attributions:
        for place, cost in attribution.places.items():
            if attribution.total <= 0 or _passes_through(cost):
                continue
            share = cost.attributed / attribution.total
            if share < MINIMUM_SHARE:
                continue
            weighted = view.weight * share
            also.setdefault(place, {})[view.view] = share
            old = best.get(place)
            if old is None or weighted > old[0]:
                best[place] = (weighted, view, attribution)
            scores[place] = scores.get(place, 0.0) + weighted
    order = sorted(scores, key=lambda p: -(best[p][0] + SECOND_VIEW * (scores[p] - best[p][0])))
    found = [_hotspot(place, best[place][1], best[place][2], also[place]) for place in order]
    return tuple(found[:limit])


def _passes_through(cost: PlaceCost) -> bool:
    if cost.attributed >= PASS_THROUGH * cost.cumulative:
        return False
    largest = max(cost.children.values(), default=0)
    return largest >= ONE_CHILD * cost.cumulative or cost.attributed == 0


def _hotspot(place: Place, view: RankedView, attribution: Attribution, also: dict[str, float]) -> Hotspot:
    cost = attribution.places[place]
    total = attribution.total
    cause, caused = cost.causes.most_common(1)[0]
    line = cost.attributed_lines.most_common(1)[0][0]
    confidence, reason = _confidence(cost, total, caused, is_sampled=view.value not in COUNTED)
    frames = _foreign(cost, cause)
    return Hotspot(
        function=place.function,
        file=place.file,
        line=line,
        start_line=cost.start_line,
        view=view.view,
        value=view.value,
        evidence_id=view.evidence_id,
        share=cost.attributed / total,
        self_share=cost.own / total,
        cumulative_share=cost.cumulative / total,
        cause=cause,
        cause_share=caused / max(cost.attributed, 1),
        attribution=_attribution(cause, caused / max(cost.attributed, 1), frames),
        other_frames=frames,
        lines={n: amount / total for n, amount in cost.lines.items()},
        confidence=confidence,
        confidence_reason=reason,
        called_from=_call_site(cost),
        also=also,
    )


def degree(cause_share: float) -> str:
    """`mostly` or `partly`: how much of a cost its largest kind of work is."""
    return "mostly" if cause_share >= MOSTLY else "partly"


def _foreign(cost: PlaceCost, cause: Cause) -> tuple[str, ...]:
    """The foreign functions called for one kind of work; for own instructions those called beside them."""
    everything = cause == "its own instructions"
    found = Counter({name: amount for (c, name), amount in cost.foreign.items() if everything or c == cause})
    return tuple(name for name, _ in found.most_common(3))


def _attribution(cause: Cause, cause_share: float, frames: tuple[str, ...]) -> str:
    words = f"{degree(cause_share)} {cause}"
    return (
        f"{words}, through {', '.join(frames[:2])}" if frames and cause != "its own instructions" else words
    )


def _call_site(cost: PlaceCost) -> CallSite | None:
    """The one line that most of the cost comes through, if there is one."""
    if not cost.callers or not cost.attributed:
        return None
    (place, line), amount = cost.callers.most_common(1)[0]
    share = amount / cost.attributed
    if share < ONE_CALLER:
        return None
    return CallSite(function=place.function, file=place.file, line=line, share=share)


def _confidence(
    cost: PlaceCost, total: int, caused: int, *, is_sampled: bool
) -> tuple[Literal["high", "medium", "low"], str]:
    share = cost.attributed / total
    if is_sampled and cost.samples < 10:
        return "low", "it rests on a handful of samples"
    is_one_kind = caused >= MOSTLY * cost.attributed
    is_plain = cost.samples >= 50 or not is_sampled
    if share >= 0.1 and is_one_kind and is_plain:
        agreed = "many samples agree" if is_sampled else "all of it was counted"
        return "high", f"{agreed}, and one kind of work makes up most of it"
    if share < 0.03:
        return "low", "the share is small"
    if not is_one_kind:
        return "medium", "the share is clear, but it is spread over several kinds of work"
    return (
        "medium",
        "the share is clear, but not large" if is_plain else "the share is clear, but the samples are few",
    )
