"""Flame graphs of a run: before, after and their difference, for CPU and memory."""

from __future__ import annotations

from agent.deps import Deps
from agent.nodes.picture import load_capture
from agent.report import Graph
from agent.request import VIEW_NAMES, View
from agent.state import CaptureRecord, RunState
from tools.measure.workload import BYTES_PER_OP, PEAK_RSS_BYTES, SECONDS_PER_OP, profiled_benchmarks
from tools.profiles.flamegraph import flame_svg
from tools.profiles.profile import Profile

DRAWN = ("cpu", "memory")
UNIT_OF_VALUE = {"cpu": SECONDS_PER_OP, "alloc_space": BYTES_PER_OP, "peak_space": PEAK_RSS_BYTES}
"""Which measured unit tells how a profile's value changed for one operation."""


def draw_graphs(state: RunState, deps: Deps) -> tuple[Graph, ...]:
    """Draw what was captured; kept under graphs/. What is only looked at has no before, and every view is drawn."""
    if state["plan"].kind != "project":
        return tuple(
            _draw(
                deps,
                r,
                None,
                Graph(title=_name(r.view), path=f"graphs/{r.view}.svg", view=r.view, kind="before"),
            )
            for r in state.get("captures", [])
        )
    before = {r.view: r for r in state.get("captures", []) if r.view in DRAWN}
    after = {r.view: r for r in state.get("captures_after", []) if r.view in DRAWN}
    found: list[Graph] = []
    for view, record in before.items():
        found.append(_draw(deps, record, None, Graph(title=f"{_name(view)}, before", path=f"graphs/{view}-before.svg",
                                                     view=view, kind="before")))  # fmt: skip
        if view in after:
            found.append(_draw(deps, after[view], None, Graph(title=f"{_name(view)}, after",
                               path=f"graphs/{view}-after.svg", view=view, kind="after")))  # fmt: skip
            found.append(_draw(deps, after[view], record, Graph(
                title=f"{_name(view)}, difference: red grew, blue shrank",
                path=f"graphs/{view}-difference.svg", view=view, kind="difference"),
                measured_ratio(state, after[view])))  # fmt: skip
    return tuple(found)


def _name(view: View) -> str:
    """The view as a title begins."""
    name = VIEW_NAMES[view]
    return name[0].upper() + name[1:]


def measured_ratio(state: RunState, record: CaptureRecord) -> float | None:
    """What one operation took before, by what it takes after, in a capture's value; None where not measured.

    Profiles run for a time, not for a number of operations, so their totals can't be compared. The pairs measured
    what an operation takes, which holds for the profile only where one benchmark was profiled.
    """
    watched = profiled_benchmarks(state["plan"].workload)
    combined = state.get("combined")
    unit = UNIT_OF_VALUE.get(record.value)
    if combined is None or unit is None or len(watched) != 1:
        return None
    found = [c for c in combined.verdict.comparisons if (c.benchmark, c.unit) == (watched[0].name, unit)]
    return 1.0 / found[0].ratio if found and found[0].ratio > 0 else None


def _named_alike(deps: Deps, record: CaptureRecord) -> Profile:
    """A capture's profile with the target's files named as in any copy."""
    profile = load_capture(deps, record).profile
    for root in deps.workspace.copies():
        profile = profile.without_root(str(root))
    return profile


def _draw(
    deps: Deps,
    record: CaptureRecord,
    base: CaptureRecord | None,
    graph: Graph,
    base_ratio: float | None = None,
) -> Graph:
    profile = _named_alike(deps, record)
    base_profile = _named_alike(deps, base) if base else None
    svg = flame_svg(
        profile,
        value=record.value,
        title=graph.title,
        base=base_profile,
        base_ratio=base_ratio,
        orientation="icicle",
    )
    deps.folder.write_text(graph.path, svg)
    return graph
