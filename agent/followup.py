"""Questions about a finished run: its state, evidence and profiles are opened again, and its thread goes on.

<runs>/<id>/  followups.jsonl   each question with its answer
              followups/        the patches of what was tried; nothing of them is applied
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

from langchain_core.runnables import RunnableConfig
from pydantic import TypeAdapter, ValidationError

from agent.analysts.analyst import Reply, ReplyOutcome
from agent.checkpoints import FILE, Checkpoints, in_folder
from agent.deps import Deps, Progress
from agent.errors import BadRequest, BadTarget
from agent.evidence import EvidenceIndex
from agent.graph import build_graph
from agent.nodes.harness import written_tests
from agent.nodes.intake import HASHES, SOURCES, take
from agent.nodes.laboratory import Laboratory, record_of
from agent.nodes.picture import code_root, make_picture
from agent.nodes.stage import StageClock, stage
from agent.nodes.trying import Trying
from agent.rendering import json as json_rendering
from agent.report import Report
from agent.service import REQUEST, make_deps
from agent.state import RunState
from agent.store import EvidenceLog, RunFolder, Store, storage_failed, write_atomically, writing_to
from agent.targets import locate
from agent.workspace import Workspace, file_hashes
from tools.errors import ToolError
from tools.run.process import Runner

ANSWERS = "followups.jsonl"
LOCK = "followups.lock"
NAMED = 5
"""So many files that differ are named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """A question and its answer: prose with `{E7.name}` references, the evidence it rests on, when and by whom, and
    whether it was answered at all.
    """

    question: str
    text: str
    evidence: tuple[str, ...]
    analyst: str
    time: str
    warnings: tuple[str, ...] = ()
    outcome: ReplyOutcome = "answered"


_ANSWERED: TypeAdapter[Answered] = TypeAdapter(Answered)


@dataclass(slots=True, kw_only=True)
class FollowUp:
    """A conversation about one run. `make_deps` gives each question what it works with, so that one that was cancelled
    leaves nothing behind. With the first one a private copy of the target is taken: `closed` then says why nothing can
    be measured any more, "" where it can, and `warnings` how the target differs from what was measured.
    """

    folder: RunFolder
    state: RunState
    report: Report
    make_deps: Callable[[], Deps]
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    closed: str = ""
    warnings: tuple[str, ...] = ()
    evidence: EvidenceIndex = field(default_factory=EvidenceIndex)
    _is_prepared: bool = field(default=False, init=False)
    _runner: Runner | None = field(default=None, init=False)

    def ask(self, question: str) -> Answered:
        """The answer, kept in the run's folder. Raises: AgentError, ToolError, Cancelled."""
        question = " ".join(question.split())
        if not question:
            raise BadRequest("the question is empty: ask something, such as 'why this one?'")
        deps = self.make_deps()
        self._runner = deps.runner
        try:
            with writing_to(self.folder.path), stage(deps, "investigate") as clock:
                if not self._is_prepared:
                    clock.say("taking a private copy of the target")
                    self.closed, found = take_copy(deps, self.state)
                    self.warnings, self._is_prepared = tuple(found), True
                reply = self._reply(deps, clock, question)
        finally:
            self.evidence = deps.evidence.index
            deps.runner.close()
        answered = Answered(
            question=question,
            text=reply.text,
            evidence=reply.evidence,
            analyst=deps.analyst.name,
            time=self.now().isoformat(timespec="seconds"),
            warnings=self.warnings,
            outcome=reply.outcome,
        )
        keep(self.folder, answered)
        return answered

    def _reply(self, deps: Deps, clock: StageClock, question: str) -> Reply:
        state, doubts = with_asked_captures(self.state, deps), () if self.closed else self.warnings
        lab = Laboratory(deps=deps, plan=state["plan"], tell=clock.say, closed=self.closed, doubts=doubts)
        root = code_root(deps, state["plan"])
        picture = make_picture(state, deps, state.get("hotspots", []), root, lab)
        report = replace(self.report, warnings=(*self.report.warnings, *self.warnings))
        trying = Trying(deps=deps, state=state, closed=self.closed, doubts=doubts)
        return deps.analyst.reply(picture, report, question, trying)

    def cancel(self) -> None:
        """End what the current question has started; the thread stays as it was."""
        if self._runner is not None:
            self._runner.cancel()


@contextlib.contextmanager
def opened(
    store: Store,
    run_id: str,
    environment: Mapping[str, str],
    report_progress: Callable[[Progress], None],
    analyst: str | None = None,
    checkpoints: Checkpoints = in_folder,
) -> Iterator[FollowUp]:
    """A conversation about a finished run, for this process alone. `analyst` is another one than the run's.

    Raises: BadRequest when the run isn't there, hasn't ended, or can't be read; AgentError, ToolError.
    """
    folder = store.open_finished(run_id)
    request = folder.read_json("request.json", REQUEST)
    if analyst is not None:
        request = replace(request, analyst=analyst)
    report = json_rendering.read(folder.path / "report.json")
    with _alone(folder):
        _check_evidence(folder)
        try:
            yield FollowUp(
                folder=folder,
                state=read_state(folder, checkpoints),
                report=report,
                make_deps=lambda: make_deps(folder, request, environment, time.monotonic, report_progress),
            )
        finally:
            Workspace(folder.path / "work").remove()


def read_state(folder: RunFolder, checkpoints: Checkpoints = in_folder) -> RunState:
    """The state in which a run ended. Raises: BadRequest when it isn't there or can't be read."""
    path = folder.path / FILE
    missing = f"{path} doesn't hold the run's state, which questions need: ask `ask-profiler ask` anew"
    if checkpoints is in_folder and not path.is_file():
        raise BadRequest(missing)
    config: RunnableConfig = {"configurable": {"thread_id": folder.id}}
    try:
        with checkpoints(folder) as saver:
            values = build_graph(saver).get_state(config).values
    except (sqlite3.DatabaseError, ValueError, TypeError) as error:
        raise BadRequest(f"{missing} ({error})") from error
    if "plan" not in values:
        raise BadRequest(missing)
    return cast("RunState", values)


def take_copy(deps: Deps, state: RunState) -> tuple[str, list[str]]:
    """Copy the target as it is now, with the tests that the agent wrote for it; why nothing can be measured any more,
    and how it differs from what was measured.
    """
    plan, request = state["plan"], state["request"]
    if plan.kind != "project":
        return "what was recorded, or runs elsewhere, can't be measured again from here", []
    try:
        take(deps, request, _root(Path(request.target), Path(plan.root)))
    except (BadRequest, BadTarget, ToolError) as error:
        deps.workspace.baseline.mkdir(parents=True, exist_ok=True)
        closed = f"the target {request.target} can't be copied any more: {error}"
        return closed, [f"{closed}; what was measured can still be asked about"]
    found = file_hashes(deps.workspace.baseline)
    for name in written_tests(deps.evidence.index.items):
        write_atomically(deps.workspace.baseline / name, (deps.folder.path / "written" / name).read_bytes())
    if not (deps.folder.path / SOURCES).is_file():
        return "", ["whether the target is still as it was measured isn't known: the run kept no hashes"]
    return "", _differences(deps.folder.read_json(SOURCES, HASHES), found)


def _root(target: Path, measured: Path) -> Path:
    """The root of the target's project. Raises: BadRequest when it isn't the one that was measured."""
    root = locate(target).root
    if root != measured:
        raise BadRequest(f"it belongs to {root} now, and was measured as a part of {measured}")
    return root


def _differences(measured: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    changed = sorted(name for name in measured.keys() | now.keys() if measured.get(name) != now.get(name))
    if not changed:
        return []
    more = f" and {len(changed) - NAMED} more" if len(changed) > NAMED else ""
    return [
        f"the target has changed since it was measured: {', '.join(changed[:NAMED])}{more}; what was measured holds "
        "for the files as they were, new captures and changes that are tried for the files as they are"
    ]


def with_asked_captures(state: RunState, deps: Deps) -> RunState:
    """The state with the captures that were asked for meanwhile."""
    records = list(state.get("captures", []))
    there = {record.evidence_id for record in records}
    asked = [record_of(item) for item in deps.evidence.index.items if item.id not in there]
    return {**state, "captures": [*records, *(record for record in asked if record is not None)]}


def keep(folder: RunFolder, answered: Answered) -> None:
    """Add an answer to the run's, whole or not at all. Raises: StorageFailed."""
    path = folder.path / ANSWERS
    before = path.read_bytes() if path.is_file() else b""
    whole = before[: before.rfind(b"\n") + 1]
    write_atomically(path, whole + _ANSWERED.dump_json(answered) + b"\n")


def _check_evidence(folder: RunFolder) -> None:
    try:
        EvidenceLog.load(folder)
    except ValidationError as error:
        raise BadRequest(f"{folder.path / 'evidence.jsonl'} is damaged: {error}") from error


@contextlib.contextmanager
def _alone(folder: RunFolder) -> Iterator[None]:
    """Keep other processes from asking about the run at the same time: they would number evidence alike.

    Raises: BadRequest when one does, StorageFailed.
    """
    path = folder.path / LOCK
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise storage_failed(path, error) from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise BadRequest(f"run {folder.id} is being asked about by another process: end that first") from None
    try:
        yield
    finally:
        os.close(handle)
