"""The playbook's answers about a run from a script: numbers only as references, and nothing guessed."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import cast

import pytest

from agent.analysts.analyst import Picture, Reply
from agent.analysts.rules.answers import answer
from agent.errors import BadRequest
from agent.evidence import EvidenceIndex
from agent.nodes.laboratory import Laboratory
from agent.nodes.picture import code_root, make_picture
from agent.rendering.reply import shown
from agent.report import Report
from agent.request import Missing
from agent.state import RunState
from tests.agent.scripted import ScriptedProfiler, takes
from tests.agent.staging import CONFIG, Scene, Stage, intake_of

Asking = tuple[Scene, Picture, Report]


@pytest.fixture
def finished(stage: Stage) -> Asking:
    """A run with a rejected candidate, profiles of two views, and two sizes."""
    profilers = [ScriptedProfiler("one", "cpu", elsewhere=9), ScriptedProfiler("two", "memory")]
    scene = stage([takes(0.02)], profilers)
    return look_at(scene, scene.run())


def look_at(scene: Scene, report: Report) -> Asking:
    state = cast("RunState", scene.graph.get_state(CONFIG).values)
    deps, plan = scene.deps, state["plan"]
    lab = Laboratory(deps=deps, plan=plan, tell=lambda _: None)
    return scene, make_picture(state, deps, state["hotspots"], code_root(deps, plan), lab), report


def ask(asking: Asking, question: str) -> tuple[Reply, str]:
    scene, picture, report = asking
    found = answer(picture, report, question)
    return found, shown(found.text, scene.deps.evidence.index)


def test_why_a_bottleneck_is_one_tells_cause_explanation_and_evidence(finished: Asking) -> None:
    found, said = ask(finished, "why this one?")
    assert "`slow` at `app.py:5`" in said or "`slow` at `app.py:4`" in said
    assert "It waits:" in said
    assert "It could wait less." in said
    assert found.evidence == finished[2].bottlenecks[0].evidence


def test_why_a_candidate_was_rejected_tells_the_verdict(finished: Asking) -> None:
    found, said = ask(finished, "why was C1 rejected?")
    assert "rejected (no detectable gain)" in said or "rejected (slower elsewhere)" in said
    assert found.evidence == finished[2].candidates[0].evidence


def test_the_callers_of_a_function_are_kept_as_evidence_whose_numbers_are_cited(finished: Asking) -> None:
    found, said = ask(finished, "callers of slow")
    new = finished[0].deps.evidence.index.items[-1]
    assert new.title.startswith("callers of slow")
    assert new.id in found.evidence
    assert "`slow` (own" in said
    assert "nothing calls it" in said


def test_callees_are_told_likewise(finished: Asking) -> None:
    assert "calls:" in ask(finished, "what does slow call?")[1]


def test_the_lines_of_a_function_stand_with_what_they_cost(finished: Asking) -> None:
    _, said = ask(finished, "source of slow")
    assert "line 5: own" in said
    assert "`return SECONDS`" in said


def test_what_dominates_lists_functions_with_their_shares(finished: Asking) -> None:
    found, said = ask(finished, "what dominates?")
    assert "- `app.slow (base/app.py)`: own" in said
    assert "91.7 %" in said
    numbers = re.sub(r"\{E\d+\.[^{}]+\}|`[^`]*`|\bE\d+\b", "", found.text)
    assert not re.search(r"\d", numbers)


def test_another_view_is_told_by_its_hotspots(finished: Asking) -> None:
    found, said = ask(finished, "and cpu?")
    assert "What causes the CPU time in the target's own code, by share:\n- `slow` at `app.py:" in said
    assert found.evidence


def test_a_view_without_hotspots_is_told_by_its_costliest_functions(finished: Asking) -> None:
    _, said = ask(finished, "and memory?")
    assert said.startswith("From the memory profile")
    assert "- `app.slow (base/app.py)`: own" in said


def test_a_view_that_was_not_measured_says_so(finished: Asking) -> None:
    assert ask(finished, "and goroutines?")[1] == "There is no goroutines profile in this run."


def test_evidence_is_told_with_every_number(finished: Asking) -> None:
    found, said = ask(finished, "evidence E1")
    assert said.startswith("E1, host")
    assert found.evidence == ("E1",)


def test_what_was_not_measured_is_told_with_its_remedy(finished: Asking) -> None:
    scene, picture, report = finished
    missing = Missing(what="memray", leaves_unmeasured="the memory view", remedy="install it")
    _, said = ask((scene, picture, replace(report, unmeasured=(missing,))), "what was not measured?")
    assert "memray, which leaves unmeasured: the memory view. install it" in said


def test_growth_that_was_not_measured_is_not_guessed(finished: Asking) -> None:
    _, said = ask(finished, "what at 10x the data?")
    assert said.startswith("Growth wasn't measured")


def test_growth_is_extrapolated_from_the_measured_exponent_and_said_to_be(stage: Stage) -> None:
    scene = stage()
    intake_of(scene).names = ("App/size=100", "App/size=1000", "App/size=10000")
    asking = look_at(scene, scene.run())
    found, said = ask(asking, "what at 10x the data?")
    assert "extrapolated" in said
    kept = scene.deps.evidence.index.items[-1]
    assert kept.id in found.evidence
    assert kept.quantity("factor").value == pytest.approx(10, rel=0.1)
    assert "about linear" in ask(asking, "how does it grow?")[1]


def test_anything_else_needs_a_model_and_what_can_be_asked_is_listed(finished: Asking) -> None:
    found, said = ask(finished, "try it without the pool")
    assert "needs a model" in said
    assert "ANTHROPIC_API_KEY" in said
    assert "- why was C2 rejected" in said
    assert found.evidence == ()


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("why bottleneck 9?", "there is no bottleneck 9: there are 1"),
        ("why was C9 rejected?", "there is no candidate C9: there are C1"),
        ("evidence E999", "there is no evidence E999 in this run; it has E1 to E"),
        ("callers of slwo", "did you mean slow"),
        ("callers of slow in threads", "no threads profile: it has cpu, memory"),
        ("at 1x the data", "tells nothing"),
    ],
)
def test_what_is_not_there_is_said_with_what_there_is(stage: Stage, question: str, said: str) -> None:
    scene = stage([takes(0.02)])
    if "1x" in question:
        intake_of(scene).names = ("App/size=100", "App/size=1000", "App/size=10000")
    asking = look_at(scene, scene.run())
    with pytest.raises(BadRequest, match=re.escape(said)):
        ask(asking, question)


def test_a_run_without_profiles_says_so(finished: Asking) -> None:
    scene, picture, report = finished
    bare = replace(picture, captures={}, hotspots=(), evidence=EvidenceIndex())
    with pytest.raises(BadRequest, match="no profiles"):
        answer(bare, report, "top")
    assert scene.deps.folder.path.is_dir()


def test_names_of_the_target_can_not_be_taken_for_references(finished: Asking) -> None:
    scene, picture, report = finished
    evil = replace(report.bottlenecks[0], function="{E1.secret}`x")
    found = answer(picture, replace(report, bottlenecks=(evil,)), "why this one?")
    assert shown(found.text, scene.deps.evidence.index)
