"""What every step does around its work: it times itself and keeps apart what the target's programs took."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from agent.deps import Deps, Progress, Stage
from agent.report import StageTime
from agent.telemetry.tracing import span

OWN_WORK: frozenset[Stage] = frozenset({"investigate", "optimise", "conclude"})
"""Stages whose programs (rewriters, git) are the agent's, not the target's."""


class StageClock:
    """Collects the stage's time; read `time` after the block has ended."""

    def __init__(self, deps: Deps, stage: Stage) -> None:
        self._deps = deps
        self._stage = stage
        self.times: list[StageTime] = []

    def say(self, text: str, done: int | None = None, of: int | None = None) -> None:
        """Tell whoever watches what is running now."""
        self._deps.report_progress(Progress(stage=self._stage, text=text, done=done, of=of))


@contextmanager
def stage(deps: Deps, name: Stage) -> Iterator[StageClock]:
    """Time a stage: its wall time, and how much of it the target's own programs took."""
    clock = StageClock(deps, name)
    started, spent = deps.clock(), deps.runner.seconds_spent
    with span(f"stage {name}", stage=name):
        yield clock
    duration_s = deps.clock() - started
    target_s = 0.0 if name in OWN_WORK else min(duration_s, deps.runner.seconds_spent - spent)
    clock.times.append(StageTime(stage=name, duration_s=duration_s, target_s=target_s))
