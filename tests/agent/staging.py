"""A run from a script, ready to be started, and what tests ask of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.memory import InMemorySaver

from agent.checkpoints import serializer
from agent.definition import read_definition
from agent.deps import Deps
from agent.graph import Graph, build_graph
from agent.rendering import json as json_rendering
from agent.report import Report
from agent.request import Request
from agent.resources import definition_path
from agent.settings import BudgetSettings, MeasureSettings, Settings
from agent.state import RunState
from agent.store import EvidenceLog, Store
from agent.workspace import Workspace
from tests.agent.scripted import (
    Edit,
    ScriptedAnalyst,
    ScriptedIntake,
    ScriptedProfiler,
    ScriptedToolchain,
    make_target,
)
from tools.run.process import Runner

CONFIG: RunnableConfig = {"configurable": {"thread_id": "1"}, "recursion_limit": 100}


@dataclass
class Scene:
    """A run that can be started, and looked at while and after it runs."""

    deps: Deps
    request: Request
    analyst: ScriptedAnalyst
    profilers: tuple[ScriptedProfiler, ...]
    graph: Graph

    def run(self, *, resume: bool = False) -> Report:
        start: RunState | None = None if resume else {"request": self.request}
        self.graph.invoke(start, CONFIG, context=self.deps)
        return json_rendering.read(self.deps.folder.path / "report.json")


Stage = Callable[..., Scene]


@pytest.fixture
def stage(tmp_path: Path, runner: Runner) -> Stage:
    def make(
        edits: Sequence[Edit] = (),
        profilers: Sequence[ScriptedProfiler] | None = None,
        source: str = "",
        measure: MeasureSettings | None = None,
        outputs: bool = False,
        unsteady_after: int = 10**9,
    ) -> Scene:
        target = make_target(tmp_path / "target")
        if source:
            (target / "app.py").write_text(source)
        if profilers is None:
            profilers = [ScriptedProfiler("one", "cpu"), ScriptedProfiler("two", "memory")]
        folder = Store(tmp_path / "runs").create(datetime(2026, 1, 1, tzinfo=UTC))
        analyst = ScriptedAnalyst(runner, edits)
        deps = Deps(
            folder=folder,
            workspace=Workspace(folder.path / "work"),
            evidence=EvidenceLog.load(folder),
            runner=runner,
            environment={},
            definition=read_definition(definition_path()),
            settings=Settings(
                measure=measure
                or MeasureSettings(calibration_pairs=8, pairs_min=12, pairs_max=12, final_s=0),
                budgets=BudgetSettings(attempts_per_bottleneck=3),
            ),
            analyst=analyst,
            intake=ScriptedIntake(
                ScriptedToolchain(tuple(profilers), outputs=outputs, unsteady_after=unsteady_after)
            ),
            clock=lambda: 0.0,
            created="2026-01-01T00:00:00+00:00",
            report_progress=lambda progress: None,
            sandbox_note="",
        )
        saver = InMemorySaver(serde=serializer())
        request = Request(question="Why is it slow?", target=str(target))
        return Scene(deps, request, analyst, tuple(profilers), build_graph(saver))

    return make


def reasons(report: Report) -> list[str | None]:
    """Why each candidate was rejected, None for one that was accepted."""
    return [j.verdict.reason for j in report.candidates]


def intake_of(scene: Scene) -> ScriptedIntake:
    """The script behind a scene."""
    assert isinstance(scene.deps.intake, ScriptedIntake)
    return scene.deps.intake
