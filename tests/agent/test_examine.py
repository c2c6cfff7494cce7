"""A change that someone else wrote, through the whole workflow: its verdict, and what the report says of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from agent.errors import ModelFailed
from agent.patches import make_patch
from agent.report import Report
from agent.request import Change
from agent.settings import MeasureSettings
from agent.workspace import changed_files, copy_tree, file_hashes
from tests.agent.scripted import Edit, ScriptedIntake, ScriptedToolchain, takes
from tests.agent.staging import CONFIG, Scene, Stage
from tools.run.process import Runner

Given = Callable[..., Scene]


@pytest.fixture
def given(stage: Stage, runner: Runner, tmp_path: Path) -> Given:
    """A run that is about the change that an edit of the target makes."""

    def make(edit: Edit, *, change: Change | None = None, **more: object) -> Scene:
        scene = stage([], **more)
        target, copy = Path(scene.request.target), tmp_path / "edited"
        copy_tree(target, copy)
        edit(copy)
        patch = make_patch(runner, target, copy, changed_files(target, copy))
        wanted = replace(change or Change(title="", patch=""), title="Wait less", patch=patch)
        scene.request = replace(scene.request, question="Wait less", change=wanted)
        return scene

    return make


def judged(report: Report) -> tuple[str, str | None]:
    return report.outcome, report.candidates[0].verdict.reason


def written(scene: Scene) -> str:
    return (scene.deps.folder.path / "report.md").read_text()


def test_a_faster_change_is_accepted_and_the_report_is_about_it_alone(given: Given) -> None:
    scene = given(takes(0.004))
    before = file_hashes(Path(scene.request.target))
    report = scene.run()
    assert judged(report) == ("accepted", None)
    assert (report.patch, report.monitoring, report.checklist, report.bottlenecks) == (None, (), (), ())
    text = written(scene)
    assert text.startswith("# Accepted: Wait less")
    assert "App: time -60." in text
    for unwanted in ("Bottleneck", "playbook", "ask-profiler apply", "Checklist", "Risk:", "bottleneck 0"):
        assert unwanted not in text
    assert (scene.deps.folder.path / "change.patch").read_text().count("+SECONDS = 0.004") == 1
    assert [p.captures for p in scene.profilers] == [0, 0]
    assert file_hashes(Path(scene.request.target)) == before


def test_a_doubt_of_the_guard_stands_beside_the_verdict(given: Given) -> None:
    """What a change remembers from call to call may be honest: whoever takes it must know."""
    scene = given(takes(0.004, more="REMEMBERS\n"))
    report = scene.run()
    assert judged(report) == ("accepted", None)
    (doubt,) = report.candidates[0].verdict.warnings
    assert "it says REMEMBERS" in doubt
    assert report.warnings.count(doubt) == 1
    above, _, _ = written(scene).partition("## Evidence")
    assert "it says REMEMBERS" in above


def test_the_report_says_what_was_looked_into(given: Given) -> None:
    scene = given(takes(0.004))
    report = scene.run()
    said = " ".join(report.candidates[0].checks)
    for words in (
        "Compared by value",
        "one operation in a fresh process",
        "On inputs nobody had seen",
        "Counts of",
    ):
        assert words in said
        assert words in written(scene)
    assert report.candidates[0].evidence


@pytest.mark.parametrize("seed", range(5))
def test_where_few_pairs_dont_tell_whether_one_operation_has_the_gain_more_are_run(
    given: Given, seed: int
) -> None:
    """A result that outlives the first operation was accepted once, for seven pairs of single ones told nothing."""
    scene = given(takes(0.004, more="ALONE = 0.010\nUNCLEAR = 0.0045\n"))
    scene.request = replace(scene.request, seed=seed)
    report = scene.run()
    assert judged(report) == ("rejected", "gaming")
    assert "one operation" in report.candidates[0].verdict.detail


def test_a_gain_that_one_operation_cant_show_is_said_to_be_unproven_there(given: Given) -> None:
    scene = given(takes(0.0088, more="UNCLEAR = 0.0085\n"))
    scene.request = replace(scene.request, seed=6)
    report = scene.run()
    assert judged(report) == ("accepted", None), report.candidates[0].verdict.detail
    (said,) = [check for check in report.candidates[0].checks if "one operation" in check]
    assert "wasn't shown" in said


def test_it_is_measured_at_the_level_of_a_final_decision(given: Given) -> None:
    """One comparison in 200 may be wrong: that takes at least nine pairs, where a screening would do with seven."""
    scene = given(takes(0.004), measure=MeasureSettings(calibration_pairs=5, pairs_min=7, pairs_max=7))
    report = scene.run()
    assert min(c.pairs for c in report.candidates[0].verdict.comparisons) >= 9


def _edits_a_test(root: Path) -> None:
    takes(0.001)(root)
    (root / "tests" / "test_app.py").write_text("assert 1\n")


@pytest.mark.parametrize(
    ("edit", "reason", "words"),
    [
        (takes(0.001, more="BROKEN\n"), "does not build", "syntax error"),
        (takes(0.001, more="FAILING\n"), "tests fail", "test_app"),
        (takes(0.001, more="OTHER_RESULT\n"), "results differ", "result was 1, is 2"),
        (_edits_a_test, "forbidden edit", "tests/test_app.py"),
        (takes(0.001, more="TRICK\n"), "gaming", "stack inspection"),
        (takes(0.004, more="ALONE = 0.010\n"), "gaming", "one operation"),
        (takes(0.004, more="UNSEEN = 0.010\n"), "gaming", "nobody had seen"),
        (takes(0.020), "slower elsewhere", "App: time +100"),
        (takes(0.010, more="# tidy\n"), "no detectable gain", "what this host can tell is"),
        (takes(0.001, more="UNREACHED\n"), "no detectable gain", "none of App calls what it changes"),
        (takes(0.0095), "gain below the policy", "the policy asks for 10%"),
    ],
)
def test_a_change_is_rejected_with_one_reason(given: Given, edit: Edit, reason: str, words: str) -> None:
    scene = given(edit)
    report = scene.run()
    assert judged(report) == ("rejected", reason)
    assert words in report.summary
    assert written(scene).startswith(f"# Rejected: {reason}: Wait less")


def test_no_gain_is_said_with_its_interval(given: Given) -> None:
    report = given(takes(0.010, more="# tidy\n")).run()
    assert "App: time" in report.summary and "% to " in report.summary


def test_a_smaller_gain_counts_where_less_is_asked_for(given: Given) -> None:
    scene = given(takes(0.0095))
    policy = replace(scene.deps.definition.policy, minimum_gain_ratio=0.02)
    scene.deps.definition = replace(scene.deps.definition, policy=policy)
    assert judged(scene.run()) == ("accepted", None)


@pytest.mark.parametrize(
    "patch", ["--- a/app.py\n+++ b/app.py\n@@ -1 +1 @@\n-SECONDS = 7\n+SECONDS = 1\n", "x"]
)
def test_what_does_not_apply_is_decided_before_anything_is_measured(given: Given, patch: str) -> None:
    scene = given(takes(0.004))
    assert scene.request.change is not None
    scene.request = replace(scene.request, change=replace(scene.request.change, patch=patch))
    report = scene.run()
    assert judged(report) == ("rejected", "does not apply")
    assert "work/head" not in report.summary
    assert _tools(scene).samples == 0


def test_a_change_of_nothing_in_the_target_has_no_gain_and_makes_nothing_slower(given: Given) -> None:
    assert judged(given(lambda root: None).run()) == ("rejected", "no detectable gain")


def test_a_change_of_nothing_makes_nothing_slower(given: Given) -> None:
    change = Change(title="", patch="", no_slower=True)
    assert judged(given(lambda root: None, change=change).run()) == ("accepted", None)


def _with_its_own_tests(root: Path) -> None:
    takes(0.004)(root)
    (root / "tests" / "test_app.py").write_text("assert 1\n")
    (root / "tests" / "test_more.py").write_text("assert 2\n")
    (root / "pyproject.toml").unlink()


def test_tests_of_the_change_are_on_both_sides_when_that_is_wanted(given: Given) -> None:
    scene = given(_with_its_own_tests, change=Change(title="", patch="", harness=True))
    report = scene.run()
    assert judged(report) == ("accepted", None)
    assert report.candidates[0].candidate.files == ("app.py",)
    for copy in ("base", "cand"):
        root = scene.deps.workspace.path / copy
        assert (root / "tests" / "test_more.py").read_text() == "assert 2\n", copy
        assert not (root / "pyproject.toml").exists(), copy
    said = report.candidates[0].checks[0]
    assert "on both sides: pyproject.toml, tests/test" in said


@pytest.mark.parametrize("trouble", ["BROKEN", "FAILING"])
def test_tests_that_the_old_code_does_not_fit_are_left_out_on_both_sides_and_named(
    given: Given, trouble: str
) -> None:
    """As those of a repaired fault, or of a new function: the old code can't pass them."""

    def edit(root: Path) -> None:
        takes(0.004)(root)
        (root / "tests" / "test_new.py").write_text(f"{trouble} before the change\n")
        (root / "requirements.txt").write_text("new\n")

    scene = given(edit, change=Change(title="", patch="", harness=True))
    _tools(scene).reads_tests = True
    report = scene.run()
    assert judged(report) == ("accepted", None)
    for copy in ("base", "cand"):
        root = scene.deps.workspace.path / copy
        assert not (root / "tests" / "test_new.py").exists(), copy
        assert (root / "requirements.txt").exists(), copy
    on_both, left_out = report.candidates[0].checks[:2]
    assert "requirements.txt" in on_both
    assert left_out.startswith("Not judged with the change's own tests") and "test\\_new.py" in left_out


def test_a_change_of_tests_alone_leaves_nothing_to_measure(given: Given) -> None:
    def edit(root: Path) -> None:
        (root / "tests" / "test_app.py").write_text("assert 1\n")

    report = given(edit, change=Change(title="", patch="", harness=True)).run()
    assert judged(report) == ("rejected", "no detectable gain")
    assert "nothing but tests" in report.summary


NO_SLOWER = Change(title="", patch="", no_slower=True)


def test_a_pure_refactoring_is_accepted_where_nothing_may_get_slower(given: Given) -> None:
    report = given(takes(0.010, more="# tidy\n"), change=NO_SLOWER).run()
    assert judged(report) == ("accepted", None)
    assert "nothing is more than 5% slower; the least sure is App: time" in report.summary


def test_a_slower_change_is_rejected_where_nothing_may_get_slower(given: Given) -> None:
    assert judged(given(takes(0.012), change=NO_SLOWER).run()) == ("rejected", "slower elsewhere")


def test_a_host_that_cannot_show_that_nothing_got_slower_says_so(given: Given) -> None:
    scene = given(takes(0.010, more="# tidy\n"), change=NO_SLOWER, unsteady_after=0)
    report = scene.run()
    assert judged(report) == ("rejected", "not enough samples")
    assert "this host can't tell" in report.summary


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ("OTHER_RESULT\n", "results differ from before: slow(): result was 1, is 2"),
        ("TRICK\n", "it says TRICK"),
    ],
)
def test_what_a_change_without_a_claim_does_differently_is_told_and_not_judged(
    given: Given, more: str, told: str
) -> None:
    scene = given(takes(0.010, more=more), change=NO_SLOWER)
    report = scene.run()
    assert judged(report) == ("accepted", None)
    assert told in written(scene)


def test_failing_tests_are_refused_in_any_case(given: Given) -> None:
    assert judged(given(takes(0.010, more="FAILING\n"), change=NO_SLOWER).run())[1] == "tests fail"


def test_a_target_that_is_broken_before_the_change_is_not_measured(given: Given) -> None:
    scene = given(takes(0.004), source="SECONDS = 0.010\n# BROKEN\n")
    report = scene.run()
    assert report.outcome == "not measured"
    assert "as it stands doesn't build" in report.summary


def test_a_spent_time_limit_is_said_and_nothing_is_measured_any_more(given: Given) -> None:
    scene = given(takes(0.004))
    scene.request = replace(scene.request, time_limit_s=1e-9)
    ticks = iter(range(10_000))
    scene.deps.clock = lambda: float(next(ticks))
    report = scene.run()
    assert judged(report) == ("rejected", "not enough samples")
    assert "--time-limit" in report.summary


def test_what_the_change_came_with_is_said_in_the_report(given: Given) -> None:
    scene = given(takes(0.004), change=Change(title="", patch="", notes=("x.txt: left out",)))
    assert "x.txt: left out" in scene.run().warnings
    assert "x.txt: left out" in written(scene)


def test_an_interrupted_run_goes_on_with_the_change_and_measures_the_baseline_once(given: Given) -> None:
    scene = given(takes(0.004))
    looks = _intake(scene).looks

    class Interrupted(type(looks)):  # type: ignore[misc] # the scripted one
        def objections(self, before: Path, after: Path, files: tuple[str, ...]) -> object:
            raise ModelFailed("the line is dead")

    _intake(scene).looks = Interrupted()
    scene.deps._verifier = None
    with pytest.raises(ModelFailed):
        scene.run()
    state = scene.graph.get_state(CONFIG).values
    assert state["admitted"].files == ("app.py",)
    _intake(scene).looks = looks
    scene.deps._verifier = None
    report = scene.run(resume=True)
    assert judged(report) == ("accepted", None)
    assert [e.title for e in report.evidence].count("the baseline against itself") == 1


def _intake(scene: Scene) -> ScriptedIntake:
    assert isinstance(scene.deps.intake, ScriptedIntake)
    return scene.deps.intake


def _tools(scene: Scene) -> ScriptedToolchain:
    return _intake(scene).tools
