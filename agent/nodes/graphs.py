"""Flame graphs of a run: before, after and their difference, for CPU and memory."""

from __future__ import annotations

from agent.deps import Deps
from agent.nodes.picture import load_capture
from agent.report import Graph
from agent.state import CaptureRecord, RunState
from tools.profiles.flamegraph import flame_svg

DRAWN = ("cpu", "memory")


def draw_graphs(state: RunState, deps: Deps) -> tuple[Graph, ...]:
    """Draw what was captured; kept under graphs/."""
    before = {r.view: r for r in state.get("captures", []) if r.view in DRAWN}
    after = {r.view: r for r in state.get("captures_after", []) if r.view in DRAWN}
    found: list[Graph] = []
    for view, record in before.items():
        found.append(_draw(deps, record, None, Graph(title=f"{_NAMES[view]}, before", path=f"graphs/{view}-before.svg",
                                                     view=view, kind="before")))  # fmt: skip
        if view in after:
            found.append(_draw(deps, after[view], None, Graph(title=f"{_NAMES[view]}, after",
                               path=f"graphs/{view}-after.svg", view=view, kind="after")))  # fmt: skip
            found.append(_draw(deps, after[view], record, Graph(
                title=f"{_NAMES[view]}, difference: red grew, blue shrank",
                path=f"graphs/{view}-difference.svg", view=view, kind="difference")))  # fmt: skip
    return tuple(found)


_NAMES = {"cpu": "CPU time", "memory": "Memory", "goroutines": "Goroutines"}


def _draw(deps: Deps, record: CaptureRecord, base: CaptureRecord | None, graph: Graph) -> Graph:
    profile = load_capture(deps, record).profile
    base_profile = load_capture(deps, base).profile if base else None
    svg = flame_svg(profile, value=record.value, title=graph.title, base=base_profile)
    deps.folder.write_text(graph.path, svg)
    return graph
