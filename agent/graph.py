"""The workflow: edges only. What a step does is in agent/nodes."""

from __future__ import annotations

from typing import Any, cast

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.types import Send

from agent.deps import Deps
from agent.nodes.baseline import baseline
from agent.nodes.capture import capture
from agent.nodes.combine import combine
from agent.nodes.conclude import conclude
from agent.nodes.examine import examine
from agent.nodes.intake import intake
from agent.nodes.investigate import investigate
from agent.nodes.observe import observe
from agent.nodes.optimise import optimise
from agent.nodes.scale import scale
from agent.nodes.verify import verify
from agent.state import CaptureTask, RunState
from agent.targets import kind_of

Graph = CompiledStateGraph[RunState, Deps, RunState, RunState]


def build_graph(checkpointer: BaseCheckpointSaver[str] | None = None) -> Graph:
    """The compiled workflow; with a checkpointer every step is durable."""
    graph = StateGraph(RunState, context_schema=Deps)
    graph.add_node("intake", intake)
    graph.add_node("observe", observe)
    graph.add_node("baseline", baseline)
    # Any: langgraph's types don't foresee a node with another TypedDict than the graph's.
    graph.add_node("capture", cast("Any", capture), input_schema=CaptureTask)
    graph.add_node("investigate", investigate)
    graph.add_node("optimise", optimise)
    graph.add_node("verify", verify)
    graph.add_node("combine", combine)
    graph.add_node("examine", examine)
    graph.add_node("scale", scale)
    graph.add_node("conclude", conclude)
    graph.add_conditional_edges(START, at_start, ["intake", "observe"])
    graph.add_conditional_edges("intake", after_intake, ["baseline", "examine"])
    graph.add_conditional_edges("baseline", after_baseline, ["capture", "examine", "conclude"])
    graph.add_edge("capture", "investigate")
    graph.add_edge("observe", "investigate")
    graph.add_conditional_edges("investigate", after_investigate, ["optimise", "conclude"])
    graph.add_conditional_edges("optimise", after_optimise, ["verify", "combine"])
    graph.add_edge("verify", "optimise")
    graph.add_edge("combine", "scale")
    graph.add_edge("scale", "conclude")
    graph.add_edge("examine", "conclude")
    graph.add_edge("conclude", END)
    return graph.compile(checkpointer=checkpointer)


def at_start(state: RunState) -> str:
    """To intake with a project; what was recorded or is running elsewhere is only looked at."""
    return "intake" if kind_of(state["request"].target) == "project" else "observe"


def after_investigate(state: RunState) -> str:
    """To candidates, where there is code to change and a workload to measure it with."""
    return "optimise" if state["plan"].kind == "project" else "conclude"


def after_intake(state: RunState) -> str:
    """To the baseline, unless a given change is decided by reading it."""
    admitted = state.get("admitted")
    return "examine" if admitted is not None and admitted.verdict is not None else "baseline"


def after_baseline(state: RunState) -> list[Send] | str:
    """One capture for each profiler of the plan, or to the given change; straight to the end when the target can't be
    measured.
    """
    if state.get("stopped"):
        return "conclude"
    if state.get("admitted") is not None:
        return "examine"
    plan = state["plan"]
    return [Send("capture", CaptureTask(plan=plan, profiler=name)) for name in plan.profilers] or "conclude"


def after_optimise(state: RunState) -> str:
    """To the gates with the next candidate; on to the combination when there are no more."""
    return "verify" if state.get("candidate") else "combine"
