"""The workflow for LangGraph's own development tools (`langgraph dev`): langgraph.json names `make_graph`.

Its input is a question and a target's path; the steps are those of every run, which is kept where the CLI's runs are.
The tools bring their own checkpoints, so the graph has none.
"""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypedDict

from langchain_core.runnables import RunnableConfig
from langgraph.config import get_stream_writer
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph

from agent.deps import Progress
from agent.graph import build_graph
from agent.request import Request
from agent.service import REQUEST, make_deps
from agent.store import Store, default_runs_dir
from agent.targets import check


class Asked(TypedDict, total=False):
    """What is given: a question, and the path of its target."""

    question: str
    target: str


class Answered(Asked, total=False):
    """What comes of it: the report as Markdown, and the run's folder."""

    report: str
    folder: str


def make_graph() -> CompiledStateGraph[Answered, None, Asked, Answered]:
    """The workflow with a step in front that makes what it works with."""
    workflow = build_graph()

    def ask(state: Asked, config: RunnableConfig) -> dict[str, Any]:
        """Run the workflow on the target. Raises: AgentError, ToolError."""
        write = get_stream_writer()

        def tell(progress: Progress) -> None:
            write({"stage": progress.stage, "text": progress.text})

        request = Request(question=state["question"], target=str(Path(state["target"]).absolute()))
        check(request)
        folder = Store(default_runs_dir(os.environ).resolve()).create(datetime.now(UTC))
        folder.write_json("request.json", REQUEST, request)
        deps = make_deps(folder, request, os.environ, time.monotonic, tell)
        try:
            workflow.invoke({"request": request}, {**config, "recursion_limit": 200}, context=deps)
        finally:
            deps.runner.close()
            deps.workspace.remove()
        report = (folder.path / "report.md").read_text(encoding="utf-8")
        return {"report": report, "folder": str(folder.path)}

    graph = StateGraph(Answered, input_schema=Asked)
    graph.add_node("ask", ask)
    graph.add_edge(START, "ask")
    graph.add_edge("ask", END)
    return graph.compile()
