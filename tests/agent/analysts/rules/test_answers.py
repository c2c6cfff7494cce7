"""The playbook's answers about a run from a script: numbers only as references, and nothing guessed."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import cast

import pytest

from agent.analysts.analyst import Picture, Reply
from agent.analysts.rules.answers import answer
from agent.evidence import EvidenceIndex, Quantity, Reference
from agent.nodes.laboratory import Laboratory
from agent.nodes.picture import code_root, make_picture
from agent.rendering.reply import shown
from agent.rendering.text import unmarked
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


@pytest.mark.parametrize(
    ("question", "same"),
    [
        ("which function allocates most?", "and memory?"),
        ("what uses the most memory?", "and memory?"),
        ("what takes the most time?", "and cpu?"),
        ("which function is slowest?", "and cpu?"),
    ],
)
def test_what_costs_most_of_something_is_told_as_the_view_of_it_is(
    finished: Asking, question: str, same: str
) -> None:
    without_ids = [re.sub(r"\[E\d+\]", "", ask(finished, one)[1]) for one in (question, same)]
    assert without_ids[0] == without_ids[1]
    assert "- `app.slow (base/app.py)`: own" in without_ids[0]


def test_which_line_costs_most_is_told_by_the_lines_of_the_function_that_does(finished: Asking) -> None:
    found, said = ask(finished, "which line takes the most time?")
    assert said.startswith("From the cpu profile")
    assert "line 5: own" in said
    assert found.outcome == "answered"


def test_without_own_code_that_allocates_the_costliest_functions_are_told_for_the_line(
    finished: Asking,
) -> None:
    assert "The costliest functions" in ask(finished, "which line allocates most?")[1]


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
    assert (
        "as it is, the time's growth with the size is about linear: the exponent is"
        in ask(asking, "how does it grow?")[1]
    )


def test_growth_that_can_not_be_told_is_said_in_a_sentence(stage: Stage) -> None:
    scene = stage()
    intake_of(scene).names = ("App/size=100", "App/size=1000", "App/size=10000")
    report = scene.run()
    (family,) = report.scaling
    assert family.before is not None
    vague = scene.deps.evidence.add(
        "analysis", "growth", "a test",
        quantities=[Quantity(name="exponent", value=1.89, unit="exponent", interval=(0.49, 5.80))],
    )  # fmt: skip
    before = replace(family.before, exponent=Reference(evidence_id=vague.id, name="exponent"))
    report = replace(
        report, scaling=(replace(family, before=before),), evidence=scene.deps.evidence.index.items
    )
    _, said = ask(look_at(scene, report), "how does it grow?")
    assert (
        "as it is, how the time grows with the size isn't clear: the exponent is 1.89 (0.49 to 5.80)" in said
    )


def test_anything_else_needs_a_model_and_what_can_be_asked_is_listed(finished: Asking) -> None:
    found, said = ask(finished, "try it without the pool")
    assert "needs a model" in said
    assert "ANTHROPIC_API_KEY" in said
    assert "- why was C2 rejected" in said
    assert (found.evidence, found.outcome) == ((), "needs a model")


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("why bottleneck 9?", "There is no bottleneck 9: there are 1."),
        ("why was C9 rejected?", "There is no candidate C9: there are C1."),
        ("evidence E999", "There is no evidence E999 in this run; it has E1 to E"),
        ("callers of slwo", "did you mean slow"),
        ("what does slwo call?", "did you mean slow"),
        ("source of slwo", "did you mean slow"),
        ("callers of ([", "is no regular expression"),
        ("callers of slow in threads", "no threads profile: it has cpu, memory"),
        ("which line costs most in threads", "no threads profile: it has cpu, memory"),
        ("at 1x the data", "tells nothing"),
    ],
)
def test_that_something_is_not_there_is_an_answer_that_says_what_there_is(
    stage: Stage, question: str, said: str
) -> None:
    scene = stage([takes(0.02)])
    if "1x" in question:
        intake_of(scene).names = ("App/size=100", "App/size=1000", "App/size=10000")
    found, text = ask(look_at(scene, scene.run()), question)
    assert said in unmarked(text)
    assert text.endswith(".")
    assert found.outcome == "answered"


def test_without_candidates_it_is_an_answer_that_none_was_tried(stage: Stage) -> None:
    scene = stage([])
    found, said = ask(look_at(scene, scene.run()), "why was C1 rejected?")
    assert said == "There is no candidate C1: none was tried."
    assert (found.outcome, found.evidence) == ("answered", ())


def test_a_name_that_is_not_there_can_not_be_taken_for_a_reference(finished: Asking) -> None:
    _, said = ask(finished, "callers of {E1.secret}")
    assert said.startswith("'(E1.secret")


def test_a_run_without_profiles_says_so(finished: Asking) -> None:
    scene, picture, report = finished
    bare = replace(picture, captures={}, hotspots=(), evidence=EvidenceIndex())
    assert "no profiles" in answer(bare, report, "top").text
    assert scene.deps.folder.path.is_dir()


def test_names_of_the_target_can_not_be_taken_for_references(finished: Asking) -> None:
    scene, picture, report = finished
    evil = replace(report.bottlenecks[0], function="{E1.secret}`x")
    found = answer(picture, replace(report, bottlenecks=(evil,)), "why this one?")
    assert shown(found.text, scene.deps.evidence.index)
