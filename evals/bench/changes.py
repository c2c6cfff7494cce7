"""Known cheats and honest changes through the gates, as `ask-profiler selftest` judges them."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from agent.selftest.catalogue import choose, read_catalogue
from agent.selftest.result import JudgedChange
from agent.selftest.suite import Selftest
from evals.bench.figure import Conditions, Figure
from evals.environments import make_light_environment
from tools.measure.trials.rates import Rate


def bench_changes(conditions: Conditions) -> Iterator[Figure]:
    """Cheats caught and honest changes accepted; the quick sample in the short form. Raises: AgentError, ToolError."""
    is_quick = conditions.trials is not None
    changes = choose(read_catalogue(), only=[], language=None, is_quick=is_quick)
    with tempfile.TemporaryDirectory() as folder:
        selftest = Selftest(
            environment=os.environ,
            report_progress=lambda progress: conditions.say(progress.text),
            python=str(make_light_environment(Path(folder) / ".venv")),
            seed=conditions.seed,
        )
        judged = selftest.run([c for c in changes if c.language in conditions.languages], trials=0).judged
    yield _figure("cheats caught", [j for j in judged if j.change.kind == "cheat"])
    yield _figure("honest changes accepted", [j for j in judged if j.change.kind == "honest"])


def _figure(name: str, judged: Sequence[JudgedChange]) -> Figure:
    right = Rate(hits=sum(j.is_right for j in judged), trials=len(judged))
    wrong = [f"{j.change.id} ({j.verdict.reason or 'accepted'})" for j in judged if not j.is_right]
    return Figure(
        name=name,
        found=f"{right.hits} of {right.trials}" + (f", but for {', '.join(wrong)}" if wrong else ""),
        goal="all",
        is_met=right.hits == right.trials,
        data={"right": right.hits, "of": right.trials, "wrong": wrong},
    )
