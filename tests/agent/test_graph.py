"""The whole workflow from a script: which way a run takes, and what it may say at its end."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from agent.errors import ModelFailed
from agent.settings import MeasureSettings
from agent.workspace import file_hashes
from tests.agent.scripted import (
    Edit,
    ScriptedIntake,
    ScriptedProfiler,
    takes,
)
from tests.agent.staging import CONFIG, Stage, reasons


def test_a_faster_candidate_is_accepted_measured_again_and_handed_out_as_a_patch(stage: Stage) -> None:
    scene = stage([takes(0.004)])
    before = file_hashes(Path(scene.request.target))
    report = scene.run()
    assert report.outcome == "improved"
    assert reasons(report) == [None]
    assert report.combined is not None
    assert report.combined.accepted
    patch = (scene.deps.folder.path / "optimization.patch").read_text()
    assert "+SECONDS = 0.004" in patch
    assert (scene.deps.folder.path / "optimized" / "app.py").read_text().startswith("SECONDS = 0.004")
    assert {g.kind for g in report.graphs} == {"before", "after", "difference"}
    assert file_hashes(Path(scene.request.target)) == before


def test_every_file_of_a_run_is_there_and_says_the_same(stage: Stage) -> None:
    scene = stage([takes(0.004)])
    report = scene.run()
    folder = scene.deps.folder.path
    for name in (
        "plan.json",
        "evidence.jsonl",
        "report.md",
        "report.html",
        "benchmarks.json",
        "checklist.json",
    ):
        assert (folder / name).is_file(), name
    kept = [json.loads(line) for line in (folder / "evidence.jsonl").read_text().splitlines()]
    assert [e["id"] for e in kept] == [e.id for e in report.evidence]
    for graph in report.graphs:
        assert (folder / graph.path).read_text().startswith("<svg")
    for evidence in report.evidence:
        for artefact in evidence.artefacts:
            assert scene.deps.folder.artefact(folder / artefact.path) == artefact


def test_what_the_targets_own_tests_leave_behind_is_no_part_of_the_patch(stage: Stage) -> None:
    scene = stage([takes(0.004)])
    assert isinstance(scene.deps.intake, ScriptedIntake)
    scene.deps.intake.tools.leaves_behind = "coverage.out"
    report = scene.run()
    assert report.optimized_files == ("app.py",)
    assert "coverage.out" not in (scene.deps.folder.path / "optimization.patch").read_text()


def test_on_a_host_that_could_not_show_a_gain_nothing_is_said_of_its_worth(stage: Stage) -> None:
    settings = MeasureSettings(calibration_pairs=8, pairs_min=12, pairs_max=12, final_s=0)
    report = stage([takes(0.0096)], measure=settings, unsteady_after=0).run()
    assert (report.outcome, reasons(report)) == ("cannot tell", ["no detectable gain"])
    assert report.summary.startswith(
        "This host can't tell whether anything is worth changing: one candidate judged"
    )


def test_a_candidate_that_gains_nothing_leaves_nothing_worth_changing(stage: Stage) -> None:
    report = stage([takes(0.010, more="# tidy\n")]).run()
    assert (report.outcome, reasons(report)) == ("nothing worth changing", ["no detectable gain"])
    assert report.patch is None
    done = {r.item.text: r.status for r in report.checklist}
    assert done["Optimisations implemented"] == "not done"
    assert done["Improvements benchmarked"] == "not done"


def test_a_small_gain_is_below_the_definitions_policy(stage: Stage) -> None:
    assert reasons(stage([takes(0.0095)]).run()) == ["gain below the policy"]


def _edits_a_test(root: Path) -> None:
    takes(0.001)(root)
    (root / "tests" / "test_app.py").write_text("")


def _adds_a_test_setting(root: Path) -> None:
    takes(0.001)(root)
    (root / "conftest.py").write_text("")


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        (takes(0.001, more="BROKEN\n"), "does not build"),
        (takes(0.001, more="FAILING\n"), "tests fail"),
        (_edits_a_test, "forbidden edit"),
        (_adds_a_test_setting, "forbidden edit"),
        (takes(0.020), "slower elsewhere"),
    ],
)
def test_a_bad_candidate_is_rejected_with_its_reason_however_fast_it_is(
    stage: Stage, edit: Edit, reason: str
) -> None:
    report = stage([edit]).run()
    assert (report.outcome, reasons(report), report.patch) == ("not improved", [reason], None)


def test_after_a_rejection_the_next_idea_is_tried_within_the_budget_and_no_patch_twice(stage: Stage) -> None:
    ideas = [takes(0.010, more=f"# {n}\n") for n in (1, 1, 2, 3, 4)]
    scene = stage(ideas)
    report = scene.run()
    assert [j.candidate.id for j in report.candidates] == ["C1", "C2", "C3"]
    assert len({j.candidate.patch for j in report.candidates}) == 3


def test_a_spent_time_limit_starts_no_candidate(stage: Stage) -> None:
    scene = stage([takes(0.004)])
    scene.request = replace(scene.request, time_limit_s=1e-9)
    ticks = iter(range(10_000))
    scene.deps.clock = lambda: float(next(ticks))
    report = scene.run()
    assert report.candidates == ()
    assert report.bottlenecks


@pytest.mark.parametrize(("word", "said"), [("BROKEN", "doesn't build"), ("FAILING", "fails its own tests")])
def test_a_target_that_is_broken_as_it_stands_is_reported_and_not_touched(
    stage: Stage, word: str, said: str
) -> None:
    scene = stage([takes(0.001)], source=f"SECONDS = 0.010\n# {word}\n")
    report = scene.run()
    assert report.outcome == "not measured"
    assert said in report.summary
    assert report.candidates == ()
    assert report.bottlenecks == ()
    assert [p.captures for p in scene.profilers] == [0, 0]
    assert all(
        r.status != "done" or r.why in ("nothing was changed", "goroutines don't exist in Python")
        for r in report.checklist
    )


def test_a_profiler_that_fails_is_named_as_unmeasured_and_the_others_carry_on(stage: Stage) -> None:
    scene = stage(
        [takes(0.004)], [ScriptedProfiler("one", "cpu"), ScriptedProfiler("two", "memory", "not permitted")]
    )
    report = scene.run()
    assert report.outcome == "improved"
    (missing,) = [m for m in report.unmeasured if "two" in m.what]
    assert missing.remedy == "not permitted"
    assert any(e.kind == "missing" and e.failure == "not permitted" for e in report.evidence)
    assert {r.item.text: r.status for r in report.checklist}[
        "CPU, memory and goroutines profiled"
    ] == "not done"


@pytest.mark.parametrize("profilers", [[], [ScriptedProfiler("one", "cpu", "not permitted")]])
def test_where_nothing_could_be_profiled_the_answer_is_never_that_nothing_is_worth_changing(
    stage: Stage, profilers: list[ScriptedProfiler]
) -> None:
    report = stage([takes(0.004)], profilers).run()
    assert report.outcome == "not measured"
    assert "profile" in report.summary


def test_where_the_view_that_was_asked_about_is_missing_the_answer_is_not_that_all_is_well(
    stage: Stage,
) -> None:
    report = stage(
        [], [ScriptedProfiler("one", "cpu", "not permitted"), ScriptedProfiler("two", "memory")]
    ).run()
    assert report.outcome == "not measured"
    assert "about CPU time, and no profile of that" in report.summary


def test_an_interrupted_run_goes_on_where_it_stopped(stage: Stage) -> None:
    scene = stage([takes(0.004)])

    def fail() -> None:
        raise ModelFailed("the line is dead")

    scene.analyst.before = fail
    with pytest.raises(ModelFailed):
        scene.run()
    seen = [p.captures for p in scene.profilers]
    assert seen == [1, 1]
    scene.analyst.before = lambda: None
    state = scene.graph.get_state(CONFIG).values
    assert state["plan"].focus == ("cpu", "memory")
    assert isinstance(state["captures"], list)
    report = scene.run(resume=True)
    assert report.outcome == "improved"
    assert [p.captures for p in scene.profilers] == [2, 2]  # once more for the result, not for the baseline
    assert [e.title for e in report.evidence].count("the baseline against itself") == 1


def _prints(text: str, seconds: float) -> Edit:
    def edit(root: Path) -> None:
        (root / "app.py").write_text(
            f"SECONDS = {seconds}\nPRINTS = {text}\n\n\ndef slow():\n    return SECONDS\n"
        )

    return edit


def _source(root_text: str) -> str:
    return f"SECONDS = 0.010\nPRINTS = {root_text}\n\n\ndef slow():\n    return SECONDS\n"


def test_a_candidate_whose_output_differs_is_rejected_however_fast_it_is(stage: Stage) -> None:
    scene = stage([_prints("41", 0.001), _prints("42", 0.005)], source=_source("42"), outputs=True)
    report = scene.run()
    assert reasons(report)[:2] == ["results differ", None]
    assert (
        "output of App differs: line 1 was 'it prints 42', is 'it prints 41'"
        in report.candidates[0].verdict.detail
    )


def test_output_that_changes_from_run_to_run_decides_nothing(stage: Stage) -> None:
    report = stage([_prints("anything", 0.005)], source=_source("anything"), outputs=True).run()
    assert report.outcome == "improved"


def test_on_a_host_that_became_unsteady_the_pairs_are_measured_again_and_that_is_said(stage: Stage) -> None:
    settings = MeasureSettings(calibration_pairs=8, pairs_min=8, pairs_max=24, final_s=0)
    # One first sample and sixteen of the calibration are steady, everything after them isn't.
    report = stage([takes(0.005)], measure=settings, unsteady_after=1 + 16 + 4).run()
    told = [w for e in report.evidence if e.kind == "pairs" for w in e.warnings if "less steady" in w]
    assert told, [e.warnings for e in report.evidence if e.kind == "pairs"]
    assert "8 pairs were thrown away and 24 measured instead" in told[0]
    assert {c.pairs for c in report.candidates[0].verdict.comparisons} == {24}


def test_on_a_steady_host_no_pairs_are_thrown_away(stage: Stage) -> None:
    settings = MeasureSettings(calibration_pairs=8, pairs_min=8, pairs_max=24, final_s=0)
    report = stage([takes(0.005)], measure=settings).run()
    assert not [w for e in report.evidence for w in e.warnings if "less steady" in w]
    assert {c.pairs for c in report.candidates[0].verdict.comparisons} == {8}


def test_a_candidate_that_starts_goroutines_and_its_baseline_get_all_processors(stage: Stage) -> None:
    scene = stage([takes(0.005, more="# PARALLEL")])
    tools = scene.deps.intake.tools  # type: ignore[attr-defined] # the scripted one
    tools.sequential = True
    scene.run()
    of_base = {processors for root, processors in tools.seen_processors if root == "base"}
    of_others = {processors for root, processors in tools.seen_processors if root != "base"}
    assert of_base == {1, None}  # calibrated on one, then measured like the candidate
    assert of_others == {None}


def test_a_function_is_the_same_before_and_after_though_the_copies_lie_apart(stage: Stage) -> None:
    scene = stage([takes(0.005)])
    report = scene.run()
    (picture,) = [g for g in report.graphs if g.kind == "difference" and g.view == "cpu"]
    drawn = (scene.deps.folder.path / picture.path).read_text()
    assert len(re.findall(r"<title>[^<(]*\bslow\b[^<(]* \(", drawn)) == 1
    assert "by amount: the whole is 50% of what it was" in drawn


def test_without_an_idea_the_answer_is_not_that_nothing_is_worth_changing(stage: Stage) -> None:
    scene = stage([])
    report = scene.run()
    assert report.bottlenecks and not report.candidates
    assert report.outcome == "no change to offer"
    assert report.summary.startswith("No change is offered for what costs here")
    assert (scene.deps.folder.path / "report.md").read_text().startswith("# No change to offer:")


def test_each_share_of_the_answer_says_what_it_is_a_share_of(stage: Stage) -> None:
    report = stage([]).run()
    assert report.bottlenecks[0].view == "cpu"
    assert report.summary.endswith(f"`slow` with {{{report.bottlenecks[0].share}}} of CPU time.")
