"""What the nodes work with: everything that isn't data arrives here, nothing is global."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from agent.analysts.analyst import Analyst
from agent.definition import Definition
from agent.request import Plan, Request
from agent.settings import Settings
from agent.store import EvidenceLog, RunFolder
from agent.workspace import Workspace
from tools.measure.toolchain import Build, Toolchain
from tools.measure.verifier import Verifier
from tools.measure.workload import Workload
from tools.run.process import Runner

Stage = Literal[
    "intake",
    "observe",
    "baseline",
    "capture",
    "investigate",
    "optimise",
    "verify",
    "combine",
    "scale",
    "examine",
    "conclude",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """What is going on: the stage, and what is running in it. `done` of `of` where it can be counted."""

    stage: Stage
    text: str
    done: int | None = None
    of: int | None = None


class Intake(Protocol):
    """How a request becomes a plan on this host; one for all languages."""

    def plan(self, request: Request, root: Path) -> Plan:
        """Decide how to examine the target whose private copy is at `root`. Raises: AgentError, ToolError."""

    def toolchain(self, plan: Plan) -> Toolchain:
        """The toolchain for a plan's language. Raises: ToolError when it isn't on this host."""

    def verifier(self, plan: Plan) -> Verifier:
        """What looks through changes in a plan's language. Raises: ToolError when it isn't on this host."""


@dataclass(slots=True, kw_only=True)
class Deps:
    """One run's tools. `environment` is our own, of which nothing is given on. `builds` remembers the builds of this
    process by directory.
    """

    folder: RunFolder
    workspace: Workspace
    evidence: EvidenceLog
    runner: Runner
    environment: Mapping[str, str]
    definition: Definition
    settings: Settings
    analyst: Analyst
    intake: Intake
    clock: Callable[[], float]
    created: str
    report_progress: Callable[[Progress], None]
    sandbox_note: str
    builds: dict[Path, Build] = field(default_factory=dict)
    measuring: threading.Lock = field(default_factory=threading.Lock)
    _toolchain: Toolchain | None = None
    _verifier: Verifier | None = None

    def toolchain(self, plan: Plan) -> Toolchain:
        """The plan's toolchain, made once."""
        if self._toolchain is None:
            self._toolchain = self.intake.toolchain(plan)
        return self._toolchain

    def verifier(self, plan: Plan) -> Verifier:
        """What looks through changes in the plan's language, made once."""
        if self._verifier is None:
            self._verifier = self.intake.verifier(plan)
        return self._verifier

    def build(self, plan: Plan, root: Path, workload: Workload | None = None) -> Build:
        """The build of the copy at `root`, made once in this process. Raises: ToolError."""
        if root not in self.builds:
            self.builds[root] = self.toolchain(plan).build(root, workload or plan.workload)
        return self.builds[root]
