"""A whole run whose analyst asks a model: what it says is checked, what it writes goes through every gate."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from agent.analysts.asking.replay import Drifted, Replay
from agent.analysts.asking.transcript import NAME
from agent.analysts.model import Json, ModelCall, ModelReply, ToolResult
from agent.report import Report
from agent.settings import BudgetSettings
from tests.agent.analysts.asking.scripted_model import Answer, ScriptedModel, results, uses
from tests.agent.asking import ask_model, bottleneck, candidate
from tests.agent.staging import Scene, Stage, intake_of, reasons
from tools.errors import Cancelled

GIVE_UP = uses(("propose_changes", {"give_up": "Nothing is left."}))


def reports(*found: Json, **more: object) -> ModelReply:
    return uses(("report_bottlenecks", {"bottlenecks": list(found), **more}))


def proposes(*found: Json) -> ModelReply:
    return uses(("propose_changes", {"candidates": list(found)}))


def run(scene: Scene, *script: Answer, budgets: BudgetSettings | None = None) -> tuple[Report, ScriptedModel]:
    model = ScriptedModel(script)
    ask_model(scene, model, budgets=budgets)
    return scene.run(), model


def test_a_model_finds_the_cause_and_its_code_is_measured_and_kept(stage: Stage) -> None:
    report, model = run(
        stage(),
        uses(("top", {"capture": "cpu"}), ("read_file", {"path": "app.py"})),
        reports(bottleneck()),
        proposes(candidate()),
        GIVE_UP,
    )
    (found,) = report.bottlenecks
    assert (found.function, found.severity) == ("slow", "HIGH")
    assert report.index.resolve(found.share).value > 0.5
    assert reasons(report) == [None]
    assert report.candidates[0].candidate.origin == "model:scripted-1"
    assert report.outcome == "improved"
    assert report.analyst == "scripted-1"
    assert "a test names it" in report.analyst_note
    said = str(model.calls[-1].messages[-1])
    assert "accepted" in said
    assert "ratio" in said


def test_what_tools_measured_can_be_cited_in_prose(stage: Stage) -> None:
    def cite(call: ModelCall) -> ModelReply:
        (result,) = (b for b in call.messages[-1].blocks if isinstance(b, ToolResult))
        place = result.text.rpartition("{")[2].partition("}")[0]
        return reports(bottleneck(explanation=f"All of it costs {{{place}}}."))

    report, _ = run(stage(), uses(("top", {"capture": "cpu"})), cite, GIVE_UP)
    explanation = report.bottlenecks[0].explanation
    assert explanation.startswith("All of it costs {E")
    assert "dropped" not in explanation


def test_a_number_without_evidence_is_sent_back_once_and_then_dropped_visibly(stage: Stage) -> None:
    invented = reports(bottleneck(explanation="It takes 73 % of the time. The wait isn't needed."))
    report, model = run(stage(), invented, invented, GIVE_UP)
    explanation = report.bottlenecks[0].explanation
    assert "73" not in explanation
    assert "[A statement was dropped" in explanation
    assert "The wait isn't needed." in explanation
    assert any("dropped" in w for w in report.warnings)
    assert "'73'" in results(model.calls[1])[0].text


@pytest.mark.parametrize(
    ("changes", "objection"),
    [
        ({"function": "fast", "hotspot": None}, "no function 'fast'"),
        ({"file": "../secrets.py"}, "there is no file"),
        ({"line": 4_000}, "no line 4000"),
        ({"evidence": ["E99"]}, "no evidence E99"),
        ({"hotspot": 77}, "no hotspot 77"),
        ({"root_cause": "`frobnicate()` is slow."}, "frobnicate"),
    ],
)
def test_places_and_evidence_that_do_not_exist_are_sent_back(
    stage: Stage, changes: dict[str, object], objection: str
) -> None:
    report, model = run(stage(), reports(bottleneck(**changes)), reports(bottleneck()), GIVE_UP)
    assert objection in results(model.calls[1])[0].text
    assert report.bottlenecks[0].function == "slow"


def test_a_place_that_stays_wrong_is_left_out_and_said(stage: Stage) -> None:
    wrong = reports(bottleneck(function="fast", hotspot=None), bottleneck())
    report, _ = run(stage(), wrong, wrong, GIVE_UP)
    assert [b.function for b in report.bottlenecks] == ["slow"]
    assert any("left out" in w for w in report.warnings)


def test_nothing_worth_changing_is_an_answer(stage: Stage) -> None:
    report, _ = run(stage(), reports(nothing="Nothing stands out."))
    assert report.outcome == "nothing worth changing"
    assert not report.bottlenecks


def test_a_slower_candidate_goes_back_with_its_numbers_and_is_never_in_the_answer(stage: Stage) -> None:
    report, model = run(
        stage(), reports(bottleneck()), proposes(candidate("0.020")), proposes(candidate("0.005")), GIVE_UP
    )
    assert [r is None for r in reasons(report)] == [False, True]
    assert "rejected" in str(model.calls[2].messages[-1])
    assert report.patch == "optimization.patch"


@pytest.mark.parametrize(
    ("seconds", "more", "reason"),
    [("0.005", "\nBROKEN\n", "does not build"), ("0.005", "\nFAILING = 1\n", "tests fail"),
     ("0.005", "\nOTHER_RESULT = 1\n", "results differ"), ("0.005", "\nTRICK = 1\n", "gaming")],
)  # fmt: skip
def test_every_gate_holds_for_a_models_code_and_tells_it_why(
    stage: Stage, seconds: str, more: str, reason: str
) -> None:
    report, model = run(stage(), reports(bottleneck()), proposes(candidate(f"{seconds}{more}")), GIVE_UP)
    assert reasons(report) == [reason]
    assert report.patch is None
    assert reason in str(model.calls[2].messages[-1])


def test_candidates_compete_and_the_better_one_replaces_the_first(stage: Stage) -> None:
    scene = stage()
    report, _ = run(
        scene,
        reports(bottleneck()),
        proposes(candidate("0.008", title="Wait a little less"), candidate("0.004", title="Wait far less")),
        GIVE_UP,
    )
    assert reasons(report) == [None, None]
    assert "instead of" in report.candidates[1].candidate.title
    assert "+SECONDS = 0.004" in (scene.deps.folder.path / "optimization.patch").read_text()


def test_a_rival_that_is_no_better_leaves_the_first_in_place(stage: Stage) -> None:
    scene = stage()
    report, _ = run(
        scene, reports(bottleneck()), proposes(candidate("0.004"), candidate("0.008", title="Other")), GIVE_UP
    )
    assert [r is None for r in reasons(report)] == [True, False]
    assert "+SECONDS = 0.004" in (scene.deps.folder.path / "optimization.patch").read_text()


def test_no_more_candidates_are_judged_than_are_allowed(stage: Stage) -> None:
    slow = [proposes(candidate(f"0.0{n}", title=f"Try {'again ' * n}")) for n in range(11, 19)]
    report, model = run(stage(), reports(bottleneck()), *slow)
    assert len(report.candidates) == 3
    assert len(model.calls) == 4


def test_a_budget_that_is_spent_while_investigating_leaves_the_playbooks_answer_and_says_so(
    stage: Stage,
) -> None:
    turn = uses(("top", {"capture": "cpu"}))
    report, _ = run(stage(), *[turn] * 9, budgets=BudgetSettings(tool_calls=2))
    assert any("tool calls is spent" in w and "playbook" in w for w in report.warnings)


def test_a_budget_that_is_spent_while_writing_keeps_what_was_accepted(stage: Stage) -> None:
    more = uses(("list_files", {}))
    report, _ = run(
        stage(),
        reports(bottleneck()),
        proposes(candidate()),
        *[more] * 9,
        budgets=BudgetSettings(tool_calls=2),
    )
    assert report.outcome == "improved"
    assert any("spent" in w for w in report.warnings)


def test_tokens_and_cost_of_every_step_are_evidence(stage: Stage) -> None:
    report, _ = run(stage(), reports(bottleneck()), proposes(candidate()), GIVE_UP)
    assert [u.step for u in report.model_use] == ["investigate", "optimise"]
    calls = [report.index.get(e).quantity("calls").value for u in report.model_use for e in u.evidence]
    assert calls == [1, 1, 1]
    assert any("no price for scripted-1" in w for w in report.warnings)


def test_a_run_that_is_stopped_in_the_middle_of_a_request_goes_on_without_paying_twice(stage: Stage) -> None:
    scene = stage()
    first: list[Answer] = [uses(("top", {"capture": "cpu"})), reports(bottleneck()), Cancelled("interrupted")]
    ask_model(scene, ScriptedModel(first))
    with pytest.raises(Cancelled):
        scene.run()
    model = ScriptedModel([proposes(candidate()), GIVE_UP])
    ask_model(scene, model)
    report = scene.run(resume=True)
    assert report.outcome == "improved"
    assert [c.conversation for c in model.calls] == ["optimise 1", "optimise 1"]


def test_a_run_that_is_stopped_while_investigating_finds_its_earlier_turns_again(stage: Stage) -> None:
    scene = stage()
    ask_model(scene, ScriptedModel([uses(("top", {"capture": "cpu"})), Cancelled("interrupted")]))
    with pytest.raises(Cancelled):
        scene.run()
    model = ScriptedModel([reports(bottleneck()), GIVE_UP])
    ask_model(scene, model)
    report = scene.run(resume=True)
    assert report.bottlenecks
    assert len(model.calls[0].messages) == 3
    assert sum(e.title == "top: cpu" or e.title.startswith("top") for e in report.evidence) == 1


def test_a_recorded_run_is_replayed_with_new_measurements(stage: Stage) -> None:
    recorded = stage()
    before, _ = run(
        recorded, uses(("top", {"capture": "cpu"})), reports(bottleneck()), proposes(candidate()), GIVE_UP
    )
    replay = Replay.of(recorded.deps.folder.path / NAME)
    shutil.rmtree(recorded.request.target)
    again = stage()
    ask_model(again, replay).finish = replay.finish
    report = again.run()
    assert report.run_id != before.run_id
    assert [b.root_cause for b in report.bottlenecks] == [b.root_cause for b in before.bottlenecks]
    assert report.outcome == "improved"


def test_a_replay_on_code_that_has_changed_is_a_drift_and_no_silent_pass(stage: Stage) -> None:
    recorded = stage()
    run(recorded, reports(bottleneck()), proposes(candidate()), GIVE_UP)
    replay = Replay.of(recorded.deps.folder.path / NAME)
    shutil.rmtree(recorded.request.target)
    changed = stage(source="SECONDS = 0.011\n\n\ndef slow():\n    return SECONDS\n")
    ask_model(changed, replay).finish = replay.finish
    with pytest.raises(Drifted, match="a failed tool result"):
        changed.run()


def test_a_replay_that_has_more_to_say_than_is_asked_is_a_drift(stage: Stage) -> None:
    recorded = stage()
    run(recorded, reports(bottleneck()), proposes(candidate()), GIVE_UP)
    replay = Replay.of(recorded.deps.folder.path / NAME)
    shutil.rmtree(recorded.request.target)
    hurried = stage()
    hurried.deps.settings = hurried.deps.settings.model_copy(
        update={"budgets": BudgetSettings(attempts_per_bottleneck=1)}
    )
    ask_model(hurried, replay).finish = replay.finish
    with pytest.raises(Drifted):
        hurried.run()


TEST = "from app import slow\n\n\ndef test_slow():\n    assert slow() is not None\n"


def writes(file: str, content: str) -> ModelReply:
    return uses(("write_test", {"file": file, "content": content}))


def test_a_test_can_be_written_first_and_is_frozen_and_named_in_the_report(stage: Stage) -> None:
    scene = stage()
    report, model = run(
        scene, reports(bottleneck()), writes("tests/test_slow.py", TEST), proposes(candidate()), GIVE_UP
    )
    assert "frozen from now on" in str(model.calls[2].messages[-1])
    assert report.outcome == "improved"
    assert report.optimized_files == ("app.py",)
    assert any("tests/test_slow.py was written by the agent" in w for w in report.warnings)
    assert (scene.deps.folder.path / "written/tests/test_slow.py").read_text() == TEST
    assert not (Path(scene.request.target) / "tests/test_slow.py").exists()


@pytest.mark.parametrize(
    ("file", "content", "objection"),
    [
        ("tests/test_app.py", TEST, "there already"),
        ("app2.py", TEST, "no test file"),
        ("tests/conftest.py", TEST, "no test file"),
        ("../test_x.py", TEST, "isn't inside"),
        ("nowhere/test_x.py", TEST, "no folder"),
        ("tests/test_x.py", "import app\napp.SECONDS = 0\nprint(app)\n", "runs when the file is read"),
        ("tests/test_x.py", TEST + "def pytest_configure(): ...\n", "acts on more than"),
        (
            "tests/test_x.py",
            TEST + "import pytest\n@pytest.fixture(autouse=True)\ndef f(): ...\n",
            "used everywhere",
        ),
        ("tests/test_x.py", "def test_x(:\n", "doesn't parse"),
        ("tests/test_x.py", TEST + "FAILING = 1\n", "tests fail"),
    ],
)
def test_what_a_written_test_may_not_be_is_refused_with_the_reason(
    stage: Stage, file: str, content: str, objection: str
) -> None:
    scene = stage()
    intake_of(scene).tools.reads_tests = True
    report, model = run(scene, reports(bottleneck()), writes(file, content), GIVE_UP)
    assert objection in results(model.calls[2])[0].text
    assert not any("written by the agent" in w for w in report.warnings)


def test_why_nothing_is_proposed_is_in_the_report_without_numbers_that_nothing_backs(stage: Stage) -> None:
    report, _ = run(
        stage(), reports(bottleneck()), uses(("propose_changes", {"give_up": "It needs 3 weeks."}))
    )
    (why,) = (w for w in report.warnings if "proposes no further change" in w)
    assert "3 weeks" not in why
