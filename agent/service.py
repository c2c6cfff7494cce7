"""One run from request to report: makes what the nodes need, runs the workflow, resumes it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.sqlite import SqliteSaver
from pydantic import TypeAdapter

from agent.analysts.selection import Choosing
from agent.checkpoints import CheckpointSerializer
from agent.definition import Definition, read_definition
from agent.deps import Deps, Progress
from agent.errors import BadRequest
from agent.graph import build_graph
from agent.planning import HostIntake
from agent.rendering import json as json_rendering
from agent.report import Report
from agent.request import Request
from agent.resources import definition_path, settings_path
from agent.settings import Settings, read_settings
from agent.state import RunState
from agent.store import EvidenceLog, RunFolder, Store, writing_to
from agent.targets import check
from agent.workspace import Workspace
from tools.measure.judging import TOLERANCE
from tools.run.process import Runner
from tools.run.sandbox import choose_sandbox

REQUEST: TypeAdapter[Request] = TypeAdapter(Request)
"""How a request is kept."""
CHECKPOINT_TYPES = [
    ("agent.request", "Request"),
    ("agent.request", "Change"),
    ("agent.request", "Watching"),
    ("agent.request", "Plan"),
    ("agent.request", "Missing"),
    ("agent.report", "Bottleneck"),
    ("agent.report", "Candidate"),
    ("agent.report", "JudgedCandidate"),
    ("agent.report", "Finding"),
    ("agent.report", "Graph"),
    ("agent.report", "StageTime"),
    ("agent.report", "FamilyScaling"),
    ("agent.report", "WorkloadGrowth"),
    ("agent.report", "FunctionScaling"),
    ("agent.report", "TomorrowsBottleneck"),
    ("agent.evidence", "Reference"),
    ("agent.state", "Admitted"),
    ("agent.state", "Baseline"),
    ("agent.state", "CaptureRecord"),
    ("agent.state", "Combined"),
    ("tools.measure.workload", "Workload"),
    ("tools.measure.workload", "Benchmark"),
    ("tools.measure.verdict", "Verdict"),
    ("tools.measure.verdict", "Comparison"),
    ("tools.profiles.ranking", "Hotspot"),
    ("tools.profiles.ranking", "CallSite"),
]
"""Every type that may stand in a checkpoint; nothing else is imported when one is read."""


@dataclass(slots=True, kw_only=True)
class Service:
    """Runs requests, one at a time, in this process. `folder` is the current run's, once there is one."""

    store: Store
    environment: Mapping[str, str]
    clock: Callable[[], float] = time.monotonic
    folder: RunFolder | None = None
    _runner: Runner | None = field(default=None, init=False)

    def run(self, request: Request, report_progress: Callable[[Progress], None]) -> Report:
        """Answer a request from the start. Raises: AgentError, ToolError."""
        check(request)
        definition_and_settings(request, self.environment)
        self.folder = self.store.create(datetime.now(UTC))
        self.folder.write_json("request.json", REQUEST, request)
        return self._drive(self.folder, request, {"request": request}, report_progress)

    def resume(self, run_id: str, report_progress: Callable[[Progress], None]) -> Report:
        """Go on with an interrupted run. Raises: BadRequest when it has ended, AgentError, ToolError."""
        self.folder = self.store.open(run_id)
        request = self.folder.read_json("request.json", REQUEST)
        if (self.folder.path / "report.json").is_file():
            raise BadRequest(
                f"run {self.folder.id} has ended: `ask-profiler show {self.folder.id}` prints it"
            )
        started = (self.folder.path / "checkpoints.sqlite").is_file()
        return self._drive(self.folder, request, None if started else {"request": request}, report_progress)

    def cancel(self) -> None:
        """End every program of the current run; it stops at once and can be resumed."""
        if self._runner is not None:
            self._runner.cancel()

    def _drive(
        self,
        folder: RunFolder,
        request: Request,
        start: dict[str, Any] | None,
        report_progress: Callable[[Progress], None],
    ) -> Report:
        deps = make_deps(folder, request, self.environment, self.clock, report_progress)
        self._runner = deps.runner
        config: RunnableConfig = {"configurable": {"thread_id": folder.id}, "recursion_limit": 200}
        checkpoints = str(folder.path / "checkpoints.sqlite")
        with writing_to(folder.path), SqliteSaver.from_conn_string(checkpoints) as saver:
            saver.serde = CheckpointSerializer(allowed_msgpack_modules=CHECKPOINT_TYPES)
            graph = build_graph(saver)
            if start is None and not graph.get_state(config).next:
                start = {"request": request}
            graph.invoke(cast("RunState | None", start), config, context=deps, durability="sync")
        deps.workspace.remove()
        return json_rendering.read(folder.path / "report.json")


def make_deps(
    folder: RunFolder,
    request: Request,
    environment: Mapping[str, str],
    clock: Callable[[], float],
    report_progress: Callable[[Progress], None],
) -> Deps:
    """What the nodes need for a request, kept in `folder`. Raises: AgentError, ToolError."""
    definition, settings = definition_and_settings(request, environment)
    sandbox = choose_sandbox(request.sandbox)
    runner = Runner(sandbox.sandbox)
    return Deps(
        folder=folder,
        workspace=Workspace(folder.path / "work"),
        evidence=EvidenceLog.load(folder),
        runner=runner,
        environment=environment,
        definition=definition,
        settings=settings,
        analyst=Choosing(
            request=request,
            settings=settings,
            definition=definition,
            runner=runner,
            environment=environment,
            folder=folder,
        ).choose(),
        intake=HostIntake(
            runner=runner,
            environment=environment,
            request=request,
            sandbox_note=sandbox.warning,
            verify=settings.verify,
            definition=definition.prompt,
        ),
        clock=clock,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        report_progress=report_progress,
        sandbox_note=sandbox.warning,
    )


def definition_and_settings(request: Request, environment: Mapping[str, str]) -> tuple[Definition, Settings]:
    """Who the agent is and how it is deployed. Raises: BadDefinition, BadSettings."""
    file = request.settings_file or environment.get("ASK_PROFILER_SETTINGS")
    settings = read_settings(Path(file) if file else settings_path())
    named = Path(request.definition_file) if request.definition_file else definition_path()
    definition = read_definition(named)
    gain = _minimum_gain(request, settings)
    if gain is not None:
        definition = replace(definition, policy=replace(definition.policy, minimum_gain_ratio=gain))
    return definition, settings


def _minimum_gain(request: Request, settings: Settings) -> float | None:
    """The gain that is asked for and that pairs are planned to find, None for the definition's.

    Of a change that must only do no harm it is the harm that is tolerated.
    """
    change = request.change
    if change is not None and change.no_slower:
        return TOLERANCE
    if change is not None and change.minimum_gain_ratio is not None:
        return change.minimum_gain_ratio
    return settings.policy.minimum_gain_ratio
