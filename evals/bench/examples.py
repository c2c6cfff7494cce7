"""The bundled examples: seconds from question to verified report, and the agent's own share of them."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from agent.doors.cli.demo import QUESTIONS
from agent.report import Report
from agent.request import Request
from agent.resources import examples_dir
from agent.service import Service
from agent.store import Store
from evals.bench.figure import Conditions, Figure

GOAL_S = 40.0
GOAL_SHARE = 0.10


@dataclass(frozen=True, slots=True, kw_only=True)
class ExampleFigures:
    """What answering one example took. `own_share` is the agent's own part of `seconds`, 0 to 1."""

    example: str
    seconds: float
    own_s: float
    own_share: float
    outcome: str
    accepted: int
    stages: Mapping[str, float]

    @property
    def meets_goals(self) -> bool:
        """Whether both goals of the definition are met."""
        return self.seconds < GOAL_S and self.own_share < GOAL_SHARE


def bench_examples(conditions: Conditions) -> Iterator[Figure]:
    """One figure an example. Raises: AgentError, ToolError."""
    for name in QUESTIONS:
        conditions.say(name)
        found = bench_example(name)
        yield Figure(
            name=f"example {name}",
            found=f"{found.seconds:.1f} s, own share {found.own_share:.1%}, {found.outcome}, {found.accepted} accepted",
            goal=f"< {GOAL_S:.0f} s, own share < {GOAL_SHARE:.0%}",
            is_met=found.meets_goals,
            data=asdict(found),
        )


def bench_example(name: str) -> ExampleFigures:
    """Answer the demo's question on one example, from an empty store. Raises: AgentError, ToolError."""
    with tempfile.TemporaryDirectory(prefix="ask-profiler-bench-") as folder:
        service = Service(store=Store(Path(folder)), environment=os.environ)
        request = Request(question=QUESTIONS[name], target=str(examples_dir() / name))
        started = time.monotonic()
        report = service.run(request, lambda _: None)
        return figures_of(name, report, time.monotonic() - started)


def figures_of(name: str, report: Report, seconds: float) -> ExampleFigures:
    """The figures of a run that took `seconds`; what its stages don't cover is the agent's own, too."""
    target_s = sum(stage.target_s for stage in report.stages)
    stages: dict[str, float] = {}
    for stage in report.stages:
        stages[stage.stage] = stages.get(stage.stage, 0.0) + stage.duration_s
    own_s = max(0.0, seconds - target_s)
    return ExampleFigures(
        example=name,
        seconds=seconds,
        own_s=own_s,
        own_share=own_s / seconds,
        outcome=report.outcome,
        accepted=len(report.accepted),
        stages=stages,
    )
