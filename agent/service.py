"""One run from request to report: makes what the nodes need, runs the workflow, resumes it."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

from langchain_core.runnables import RunnableConfig
from langgraph.errors import GraphDrained
from langgraph.runtime import RunControl
from pydantic import TypeAdapter

from agent.analysts.selection import Choosing
from agent.checkpoints import Checkpoints, in_folder
from agent.definition import Definition, read_definition
from agent.deps import Deps, Progress
from agent.ending import ending_by, why_unfinished
from agent.errors import AgentError, BadRequest, StorageFailed
from agent.evidence import EvidenceIndex
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
from agent.telemetry.tracing import around_programs
from agent.workspace import Workspace
from tools.errors import ToolError
from tools.measure.judging import TOLERANCE
from tools.run.process import Runner
from tools.run.sandbox import choose_sandbox

REQUEST: TypeAdapter[Request] = TypeAdapter(Request)
"""How a request is kept."""


Update = Callable[[str, Mapping[str, object], EvidenceIndex], None]
"""Told of each finished step: its name, what it found by the state's fields, and the evidence so far."""


class Paused(Exception):
    """A run was asked to stop and has finished its step; it can be resumed."""


@dataclass(slots=True, kw_only=True)
class Service:
    """Runs requests, one at a time, in this process. `folder` is the current run's, once there is one. `checkpoints`
    says where its steps are kept, `on_update` is told of each.
    """

    store: Store
    environment: Mapping[str, str]
    clock: Callable[[], float] = time.monotonic
    checkpoints: Checkpoints = in_folder
    on_update: Update | None = None
    folder: RunFolder | None = None
    _runner: Runner | None = field(default=None, init=False)
    _control: RunControl = field(default_factory=RunControl, init=False)
    _cancelled: bool = field(default=False, init=False)

    def run(
        self, request: Request, report_progress: Callable[[Progress], None], run_id: str | None = None
    ) -> Report:
        """Answer a request from the start, under a new id where none is given.

        Raises: AgentError, ToolError, Paused.
        """
        check(request)
        definition_and_settings(request, self.environment)
        self.folder = self.store.create(datetime.now(UTC), run_id)
        self.folder.write_json("request.json", REQUEST, request)
        with self._ending(self.folder, is_new=True):
            return self._drive(self.folder, request, report_progress)

    def resume(self, run_id: str, report_progress: Callable[[Progress], None]) -> Report:
        """Go on with a run that was interrupted, or that failed and may get further now.

        Raises: BadRequest when it has ended, AgentError, ToolError, Paused.
        """
        self.folder = self.store.open(run_id)
        request = self.folder.read_json("request.json", REQUEST)
        if (self.folder.path / "report.json").is_file():
            raise BadRequest(
                f"run {self.folder.id} has ended: `ask-profiler show {self.folder.id}` prints it"
            )
        ending = self.folder.ending
        if ending is not None and not ending.can_go_on:
            raise BadRequest(why_unfinished(self.folder.id, ending))
        with self._ending(self.folder, is_new=False):
            return self._drive(self.folder, request, report_progress)

    def cancel(self) -> None:
        """End every program of the current run, or of the one that is about to begin; it can be resumed."""
        self._cancelled = True
        if self._runner is not None:
            self._runner.cancel()

    def pause(self) -> None:
        """Finish the step that is worked on, and no other: the run then raises Paused."""
        self._control.request_drain()

    @contextlib.contextmanager
    def _ending(self, folder: RunFolder, *, is_new: bool) -> Iterator[None]:
        """Keep with the run how it ends in the block without a report; being interrupted is no end."""
        folder.keep_ending(None)
        try:
            yield
        except (AgentError, ToolError) as error:
            ending = None if self._cancelled else ending_by(error, is_new=is_new)
            if ending is not None:
                with contextlib.suppress(StorageFailed):  # then it is listed as interrupted
                    folder.keep_ending(ending)
            raise

    def _drive(
        self, folder: RunFolder, request: Request, report_progress: Callable[[Progress], None]
    ) -> Report:
        deps = make_deps(folder, request, self.environment, self.clock, report_progress)
        self._runner = deps.runner
        if self._cancelled:
            deps.runner.cancel()
        config: RunnableConfig = {"configurable": {"thread_id": folder.id}, "recursion_limit": 200}
        try:
            with writing_to(folder.path), shutting_down_quietly(), self.checkpoints(folder) as saver:
                graph = build_graph(saver)
                # Not by its `next`: where a step's results were kept, and the process was killed before the checkpoint
                # that follows them, nothing is next, and yet the run goes on from there.
                is_begun = saver.get_tuple(config) is not None
                is_over = bool(graph.get_state(config).values.get("finished")) if is_begun else True
                start = {"request": request} if is_over else None
                steps = graph.stream(
                    cast("RunState | None", start), config, context=deps, durability="sync", stream_mode="updates",
                    control=self._control,
                )  # fmt: skip
                for step in steps:
                    self._tell(step, deps.evidence)
        except GraphDrained as paused:
            raise Paused(f"run {folder.id} was asked to stop, and can be resumed") from paused
        finally:
            deps.runner.close()
        deps.workspace.remove()
        return json_rendering.read(folder.path / "report.json")

    def _tell(self, step: object, evidence: EvidenceLog) -> None:
        if self.on_update is None or not isinstance(step, dict):
            return
        for name, found in step.items():
            if isinstance(found, dict):
                self.on_update(str(name), found, evidence.index)


@contextlib.contextmanager
def shutting_down_quietly() -> Iterator[None]:
    """Where one of several steps ends the run, the others end after it, and langgraph can't keep their errors any more:
    expected, that is all that it says of it; what happens, it is logged with two tracebacks (langgraph 1.2.22,
    `pregel._executor.Submit.done`).
    """

    def is_news(record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        return not (isinstance(error, RuntimeError) and "after shutdown" in str(error))

    log = logging.getLogger("concurrent.futures")
    log.addFilter(is_news)
    try:
        yield
    finally:
        log.removeFilter(is_news)


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
    runner = Runner(sandbox.sandbox, around=around_programs())
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
    named = request.definition_file or environment.get("ASK_PROFILER_DEFINITION")
    definition = read_definition(Path(named) if named else definition_path())
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
