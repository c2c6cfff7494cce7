"""The compiler's remarks stand below the bottleneck whose lines they are about, their numbers as evidence."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from agent.evidence import EvidenceIndex, Reference
from agent.nodes.remarks import with_remarks
from agent.rendering.quantities import resolve
from agent.report import Bottleneck
from agent.request import Plan
from tests.agent.scripted import ScriptedIntake, ScriptedToolchain
from tests.agent.staging import Scene, Stage
from tools.go.program import find_go
from tools.go.toolchain import GoToolchain
from tools.measure.toolchain import Toolchain
from tools.run.process import Runner

PROFILED = Path(__file__).parents[1] / "tools" / "go" / "data" / "profiled"


@dataclass(slots=True)
class GoIntake(ScriptedIntake):
    """The scripted plan with the real Go toolchain."""

    real: GoToolchain | None = None

    def toolchain(self, plan: Plan) -> Toolchain:  # type: ignore[override] # the script's own is narrower
        assert self.real is not None
        return self.real


def bottleneck(text: str) -> Bottleneck:
    lines = (PROFILED / "hot" / "hot.go").read_text().splitlines()
    line = next(n for n, found in enumerate(lines, 1) if text in found)
    return Bottleneck(
        rank=1, function="hot.F", file="hot/hot.go", line=line, view="cpu",
        share=Reference(evidence_id="E1", name="share_1"), root_cause="It is slow.", explanation="So it is.",
        severity="HIGH", confidence="high", confidence_reason="seen", evidence=("E1",),
    )  # fmt: skip


@pytest.fixture
def scene(stage: Stage, runner: Runner) -> Scene:
    scene = stage([])
    scene.deps.workspace.take(PROFILED)
    scene.deps.intake = GoIntake(ScriptedToolchain(()), real=GoToolchain(runner, find_go(runner), 2))
    return scene


def plan_of(scene: Scene) -> Plan:
    return replace(scene.deps.intake.plan(scene.request, scene.deps.workspace.baseline), language="go")


@pytest.mark.slow
def test_remarks_are_below_their_bottleneck_and_their_numbers_are_evidence(scene: Scene) -> None:
    index, long = bottleneck("return values[index]"), bottleneck("func Long")
    first, second = with_remarks(scene.deps, plan_of(scene), [], [index, long])
    assert (
        first.explanation
        == f"So it is.\n\nThe compiler says: `hot/hot.go:{index.line}`: the index is checked."
    )
    evidence = scene.deps.evidence.index.get(second.evidence[-1])
    assert evidence.quantity("bounds_checks").value == 1
    told = resolve(second.explanation, EvidenceIndex.of([evidence]))
    assert told.startswith(
        f"So it is.\n\nThe compiler says: `hot/hot.go:{long.line}`: too costly to be inlined ("
    )
    assert told.endswith(", where 80 is the most).")


@pytest.mark.slow
def test_a_compiler_that_refuses_is_evidence_and_changes_nothing(scene: Scene) -> None:
    (scene.deps.workspace.baseline / "hot" / "broken.go").write_text("package hot\n\nvar x int = missing\n")
    found = bottleneck("func Long")
    assert with_remarks(scene.deps, plan_of(scene), [], [found]) == (found,)
    (missing,) = [e for e in scene.deps.evidence.index.items if e.kind == "missing"]
    assert "undefined: missing" in (missing.failure or "")


def test_other_languages_are_left_as_they_are(stage: Stage) -> None:
    scene = stage([])
    plan = scene.deps.intake.plan(scene.request, Path(scene.request.target))
    found = bottleneck("func Long")
    assert with_remarks(scene.deps, plan, [], [found]) == (found,)
