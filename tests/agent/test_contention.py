"""Contention ranks the target's code only where somebody waits, and is evidence in any case."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from agent.nodes.capture import LEAST_WAITING
from tests.agent.scripted import ScriptedProfiler
from tests.agent.staging import CONFIG, Stage
from tools.measure.toolchain import Build, Capture
from tools.measure.workload import Workload


@dataclass(slots=True)
class Waits(ScriptedProfiler):
    """Sees so many goroutines waiting for locks at a time."""

    waiting: float = 0.0

    def capture(self, build: Build, workload: Workload, *, seconds: float, out: Path) -> Capture:
        seen = ScriptedProfiler.capture(self, build, workload, seconds=seconds, out=out)
        return replace(seen, quantities={"mean_waiting_goroutines": (self.waiting, "count")})


@pytest.mark.parametrize(("waiting", "is_ranked"), [(LEAST_WAITING / 10, False), (2 * LEAST_WAITING, True)])
def test_only_contention_that_is_about_something_is_ranked(
    stage: Stage, waiting: float, is_ranked: bool
) -> None:
    scene = stage(profilers=[ScriptedProfiler("one", "cpu"), Waits("locks", "contention", waiting=waiting)])
    report = scene.run()
    assert [e.tool for e in report.evidence if e.kind == "capture"] == ["one", "locks"]
    (ranking,) = [e for e in report.evidence if e.title == "ranking"]
    state = scene.graph.get_state(CONFIG).values
    assert ("contention" in {c.view for c in state.get("captures", [])}) == is_ranked
    assert ranking.quantities


def test_threads_are_evidence_and_never_ranked(stage: Stage) -> None:
    report = stage(profilers=[ScriptedProfiler("one", "cpu"), ScriptedProfiler("threads", "threads")]).run()
    assert "threads profile, before" in [e.title for e in report.evidence]
    (ranking,) = [e for e in report.evidence if e.title == "ranking"]
    assert not any("(threads)" in words for words in ranking.warnings)
