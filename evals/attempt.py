"""One case from question to score: the agent on a copy of its own, then the check."""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from agent.doors.cli.running import ProgressDisplay, ended_by_interrupt
from agent.errors import AgentError
from agent.report import Report
from agent.request import Request
from agent.service import Service
from agent.store import Store
from evals.case import Case
from evals.checking import Checker
from evals.scoring import Score, answer_of, score, unanswered
from tools.errors import Cancelled, ToolError
from tools.run.process import Runner
from tools.run.sandbox import choose_sandbox


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """How cases are tried: everything is kept under `folder`."""

    folder: Path
    environment: Mapping[str, str]
    seed: int = 0
    quiet: bool = False

    def score(self, case: Case) -> Score:
        """Ask the agent, then look for ourselves. Raises: NotRight, ToolError when the check can't be done."""
        started = time.monotonic()
        try:
            report, patch = self.ask(case)
        except Cancelled:
            raise
        except (AgentError, ToolError) as error:
            return unanswered(case.name, case.facts, str(error), time.monotonic() - started)
        duration_s = time.monotonic() - started
        place = self.folder / case.name / "checks"
        place.mkdir()
        with closing(Runner(choose_sandbox("auto").sandbox)) as runner:
            checker = Checker(
                case=case, folder=place, runner=runner, environment=self.environment, seed=self.seed
            )
            found = checker.check(patch)
        return score(case.name, case.facts, answer_of(report), found, duration_s)

    def ask(self, case: Case) -> tuple[Report, str]:
        """The agent's report on a copy that holds the target alone, and its patch ("" for none).

        Raises: AgentError, ToolError.
        """
        place = self.folder / case.name
        target = give(case, place)
        store = Store(place / "runs")
        service = Service(store=store, environment=self.environment)
        request = Request(
            question=case.facts.question, target=str(target), analyst="playbook", seed=self.seed
        )
        with ProgressDisplay(quiet=self.quiet) as display, ended_by_interrupt(service):
            report = service.run(request, display.show)
        kept = store.open(report.run_id).path / report.patch if report.patch else None
        return report, kept.read_text(encoding="utf-8") if kept else ""


def give(case: Case, place: Path) -> Path:
    """The copy of the target that the agent is given, in a new folder `place`."""
    target = place / "target"
    shutil.copytree(case.target, target, ignore=shutil.ignore_patterns("__pycache__"))
    return target
