"""Investigate: rank where the target's own code costs, and let the analyst name the bottlenecks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from langgraph.runtime import Runtime

from agent.deps import Deps
from agent.evidence import Quantity
from agent.nodes.laboratory import Laboratory
from agent.nodes.noticed import COUNTED, noticed
from agent.nodes.picture import code_root, load_capture, make_picture, own_code
from agent.nodes.remarks import with_remarks
from agent.nodes.stage import stage
from agent.request import Plan, View
from agent.state import CaptureRecord, RunState
from tools.profiles.attribution import attribute
from tools.profiles.causes import Cause
from tools.profiles.ranking import Hotspot, RankedView, rank

HOTSPOTS = 12
VIEW_WEIGHTS = (1.0, 0.5, 0.25)
LEAST_WEIGHT = 0.1
FEW_GOROUTINES = 100
"""Below so many at the peak goroutines are no bottleneck, and what little there is would rank by chance."""
ALLOCATION: tuple[Cause, ...] = ("garbage collection", "allocation")


def investigate(state: RunState, runtime: Runtime[Deps]) -> dict[str, Any]:
    """Rank hotspots from every view and ask the analyst for bottlenecks. Raises: AgentError."""
    deps, plan = runtime.context, state["plan"]
    records = state.get("captures", [])
    with stage(deps, "investigate") as clock:
        clock.say("ranking the target's own code")
        hotspots = rank_hotspots(deps, plan, records)
        clock.say(f"{deps.analyst.name}: looking for root causes")
        lab = Laboratory(deps=deps, plan=plan, tell=clock.say)
        picture = make_picture(state, deps, hotspots, code_root(deps, plan), lab)
        bottlenecks = deps.analyst.investigate(picture)
        if plan.kind == "project":
            bottlenecks = with_remarks(deps, plan, hotspots, bottlenecks)
    return {
        "hotspots": list(hotspots),
        "findings": [*state.get("findings", []), *noticed(deps)],
        "bottlenecks": list(bottlenecks),
        "turn": 0,
        "stages": clock.times,
    }


def rank_hotspots(deps: Deps, plan: Plan, records: Sequence[CaptureRecord]) -> tuple[Hotspot, ...]:
    """Hotspots of all views, the question's focus weighing most; kept as evidence titled `ranking`."""
    started = deps.clock()
    weights = view_weights(deps, plan, records)
    views = [
        RankedView(
            view=record.view,
            value=record.value,
            profile=load_capture(deps, record).profile,
            evidence_id=record.evidence_id,
            weight=weights.get(record.view, VIEW_WEIGHTS[-1]),
        )
        for record in records
        if record.view != "goroutines" or _are_many(deps, record)
    ]
    hotspots = rank(views, own_code(deps, plan), HOTSPOTS)
    deps.evidence.add_once(
        "analysis",
        "ranking",
        "ask-profiler ranking",
        duration_s=deps.clock() - started,
        quantities=[quantity for n, h in enumerate(hotspots, 1) for quantity in _shares(n, h)],
        warnings=tuple(f"hotspot {n}: {h.function} ({h.view})" for n, h in enumerate(hotspots, 1)),
    )
    return hotspots


def _are_many(deps: Deps, record: CaptureRecord) -> bool:
    """Whether a goroutine profile saw enough goroutines to be about something."""
    found = deps.evidence.index.get(record.evidence_id)
    return any(q.name in COUNTED and q.value >= FEW_GOROUTINES for q in found.quantities)


def view_weights(deps: Deps, plan: Plan, records: Sequence[CaptureRecord]) -> dict[View, float]:
    """How much each view counts: by the order in which the question asks about them.

    For a question about time, memory counts as much as allocating and collecting were seen to take of the CPU.
    """
    weights = dict(zip(plan.focus, VIEW_WEIGHTS, strict=False))
    cpu = next((r for r in records if r.view == "cpu"), None)
    if plan.focus[0] != "memory" and cpu is not None and "memory" in weights:
        found = attribute(load_capture(deps, cpu).profile, cpu.value, own_code(deps, plan))
        spent = sum(found.unattributed[cause] for cause in ALLOCATION)
        spent += sum(cost.causes[cause] for cost in found.places.values() for cause in ALLOCATION)
        weights["memory"] = min(max(spent / max(found.total, 1), LEAST_WEIGHT), VIEW_WEIGHTS[1])
    return weights


def _shares(n: int, hotspot: Hotspot) -> list[Quantity]:
    return [
        Quantity(name=f"share_{n}", value=hotspot.share, unit="ratio"),
        Quantity(name=f"self_share_{n}", value=hotspot.self_share, unit="ratio"),
        Quantity(name=f"cumulative_share_{n}", value=hotspot.cumulative_share, unit="ratio"),
    ]
