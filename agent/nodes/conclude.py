"""Conclude: graphs, targets, checklist, monitoring; the report in all its forms."""

from __future__ import annotations

from typing import Any

from langgraph.runtime import Runtime

from agent.deps import Deps
from agent.nodes.assemble import assemble
from agent.nodes.graphs import draw_graphs
from agent.nodes.stage import stage
from agent.rendering import benchmarks, html, json, markdown
from agent.rendering.monitoring.files import monitoring_files
from agent.report import Graph
from agent.state import RunState


def conclude(state: RunState, runtime: Runtime[Deps]) -> dict[str, Any]:
    """Write everything the run's folder holds; report.json last, as the sign that the run has ended."""
    deps = runtime.context
    graphs: tuple[Graph, ...] = ()
    with stage(deps, "conclude") as clock:
        clock.say("drawing flame graphs")
        graphs = (*state.get("pictures", []), *draw_graphs(state, deps))
        clock.say("writing the report")
        monitoring: tuple[str, ...] = ()
        if state.get("bottlenecks") and state["plan"].kind == "project":
            combined = state.get("combined")
            files = monitoring_files(
                deps.definition.policy,
                state["plan"],
                state.get("judged", []),
                combined.verdict if combined else None,
                combined.evidence if combined else (),
            )
            monitoring = tuple(deps.folder.write_text(name, text).path for name, text in files.items())
    report = assemble(state, deps, graphs=graphs, monitoring=monitoring, concluding=clock.times)
    pictures = {graph.path: (deps.folder.path / graph.path).read_text(encoding="utf-8") for graph in graphs}
    if report.combined is not None:
        deps.folder.write_text("benchmarks.json", benchmarks.render(report))
    deps.folder.write_text("checklist.json", json.render_checklist(report))
    deps.folder.write_text("report.md", markdown.render(report))
    deps.folder.write_text("report.html", html.render(report, pictures))
    deps.folder.write_text("report.json", json.render(report))
    return {"finished": True, "stages": clock.times}
