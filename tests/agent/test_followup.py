"""Questions about a finished run: the thread goes on, what is measured becomes evidence, and nothing is applied."""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from agent.analysts.analyst import Analyst
from agent.analysts.asking.transcript import NAME
from agent.analysts.model import ModelCall, ModelReply, Text, ToolResult
from agent.deps import Deps, Progress
from agent.errors import BadRequest, ModelFailed
from agent.followup import ANSWERS, LOCK, FollowUp, opened, read_state
from agent.nodes.harness import WRITTEN
from agent.report import Report
from agent.request import Request
from agent.service import REQUEST
from agent.settings import BudgetSettings
from agent.state import RunState
from agent.store import EvidenceLog, RunFolder, Store
from tests.agent.analysts.asking.scripted_model import Answer, ScriptedModel, results, uses
from tests.agent.asking import ask_model
from tests.agent.scripted import ScriptedProfiler, takes
from tests.agent.staging import CONFIG, Scene, Stage
from tools.errors import Cancelled
from tools.run.process import Runner

TRIED = ("try_change", {"title": "Wait less", "why": "To see what the wait costs.",
                        "edits": [{"file": "app.py", "old": "SECONDS = 0.010", "new": "SECONDS = 0.005"}]})  # fmt: skip


def answers(text: str, *evidence: str) -> ModelReply:
    return uses(("answer", {"text": text, "evidence": list(evidence)}))


def follow_up(scene: Scene, report: Report, make_analyst: Callable[[], Analyst]) -> FollowUp:
    """A conversation as another process would begin it: evidence read from disk, programs not started yet."""
    state = cast("RunState", scene.graph.get_state(CONFIG).values)

    def make_deps() -> Deps:
        scene.deps = replace(
            scene.deps,
            evidence=EvidenceLog.load(scene.deps.folder),
            runner=Runner(scene.deps.runner.sandbox),
            builds={},
        )
        scene.deps.analyst = make_analyst()
        return scene.deps

    return FollowUp(folder=scene.deps.folder, state=state, report=report, make_deps=make_deps)


def with_model(
    scene: Scene, *script: Answer, budgets: BudgetSettings | None = None
) -> tuple[FollowUp, ScriptedModel]:
    model = ScriptedModel(script)
    report = scene.run() if not (scene.deps.folder.path / "report.json").exists() else _report(scene)
    return follow_up(scene, report, lambda: ask_model(scene, model, budgets=budgets)), model


def _report(scene: Scene) -> Report:
    from agent.rendering import json as json_rendering

    return json_rendering.read(scene.deps.folder.path / "report.json")


def texts(call: ModelCall) -> str:
    return "\n".join(b.text for b in call.messages[-1].blocks if isinstance(b, Text | ToolResult))


def test_an_answer_rests_on_the_runs_evidence_and_is_kept(stage: Stage) -> None:
    scene = stage([takes(0.005)])
    talk, model = with_model(scene, answers("`slow` waits: {E5.stacks}.", "E5"))
    answered = talk.ask("  why this\none? ")
    assert answered.question == "why this one?"
    assert answered.evidence == ("E5",)
    assert (scene.deps.folder.path / ANSWERS).read_bytes().endswith(b"\n")
    assert "why this one?" in (scene.deps.folder.path / ANSWERS).read_text()
    first = texts(model.calls[0])
    assert "Outcome: improved" in first
    assert "rejected" not in first
    assert "0.005" in first or "accepted" in first


def test_evidence_goes_on_where_the_run_stopped(stage: Stage) -> None:
    scene = stage()
    talk, _ = with_model(scene, uses(("top", {"capture": "cpu"})), answers("Nothing else."))
    last = int(scene.deps.evidence.index.items[-1].id[1:])
    talk.ask("what dominates?")
    items = EvidenceLog.load(scene.deps.folder).index.items
    assert [e.id for e in items] == [f"E{n}" for n in range(1, len(items) + 1)]
    assert items[last].title.startswith("top")
    assert items[-1].title == "model use: follow up"


def test_a_later_process_knows_what_was_asked_and_answered_before(stage: Stage) -> None:
    scene = stage()
    first, _ = with_model(scene, answers("It waits."))
    first.ask("why?")
    second, model = with_model(scene, answers("As was said."))
    second.ask("and then?")
    messages = model.calls[0].messages
    assert [m.role for m in messages] == ["user", "assistant", "user"]
    assert "It waits." in str(messages[1])
    assert "Taken." in str(messages[2])
    assert "Question: and then?" in str(messages[2])
    assert "Outcome:" not in str(messages[2])


def test_an_invented_number_is_sent_back_once_and_then_dropped_visibly(stage: Stage) -> None:
    invented = answers("It would be 7 times slower. It waits.")
    talk, model = with_model(stage(), invented, invented)
    answered = talk.ask("what at 10x the data?")
    assert "7" not in answered.text
    assert "[A statement was dropped" in answered.text
    assert "It waits." in answered.text
    assert results(model.calls[1])[0].is_error


def test_evidence_that_is_not_there_is_sent_back(stage: Stage) -> None:
    talk, model = with_model(stage(), answers("It waits.", "E99"), answers("It waits.", "E1"))
    assert talk.ask("why?").evidence == ("E1",)
    assert "there is no evidence E99" in results(model.calls[1])[0].text


def test_a_change_that_is_tried_goes_through_the_gates_and_is_never_applied(stage: Stage) -> None:
    scene = stage()

    def cite(call: ModelCall) -> ModelReply:
        (result,) = results(call)
        assert not result.is_error
        assert "accepted" in result.text
        place = result.text.rpartition("{")[2].partition("}")[0]
        return answers(f"With less waiting it is {{{place}}}.")

    talk, _ = with_model(scene, uses(TRIED), cite)
    answered = talk.ask("what without the wait?")
    assert "dropped" not in answered.text
    assert "SECONDS = 0.010" in Path(scene.request.target, "app.py").read_text()
    assert "+SECONDS = 0.005" in (scene.deps.folder.path / "followups" / "T1.patch").read_text()
    assert not (scene.deps.folder.path / "optimization.patch").exists()
    assert any(
        e.kind == "pairs" and e.title.startswith("T1: Wait less") for e in scene.deps.evidence.index.items
    )


@pytest.mark.parametrize(
    ("more", "reason"),
    [("\nBROKEN\n", "does not build"), ("\nFAILING = 1\n", "tests fail"), ("\nTRICK = 1\n", "gaming"),
     ("\nOTHER_RESULT = 1\n", "results differ")],
)  # fmt: skip
def test_every_gate_holds_for_a_change_that_is_only_tried(stage: Stage, more: str, reason: str) -> None:
    edit = {"file": "app.py", "old": "SECONDS = 0.010", "new": f"SECONDS = 0.005{more}"}
    tried = uses(("try_change", {"title": "Wait less", "why": "To see.", "edits": [edit]}))
    talk, model = with_model(stage(), tried, answers("It can't be done so."))
    talk.ask("what without the wait?")
    assert reason in results(model.calls[1])[0].text


@pytest.mark.parametrize(
    ("file", "said"),
    [("tests/test_app.py", "frozen"), ("../x.py", "isn't inside"), ("no.py", "no such file")],
)
def test_what_may_not_be_changed_can_not_be_tried(stage: Stage, file: str, said: str) -> None:
    edit = {"file": file, "old": "x", "new": "y"}
    tried = uses(("try_change", {"title": "Cheat", "why": "To see.", "edits": [edit]}))
    talk, model = with_model(stage(), tried, answers("It can't be done so."))
    talk.ask("what if?")
    (result,) = results(model.calls[1])
    assert result.is_error
    assert said in result.text


def test_another_capture_is_made_and_can_be_asked_in_the_next_question(stage: Stage) -> None:
    scene = stage(profilers=[ScriptedProfiler("one", "cpu"), ScriptedProfiler("two", "memory")])
    captured = uses(("capture", {"profiler": "one", "seconds": 2.0}))
    talk, model = with_model(scene, captured, answers("It is the same."))
    talk.ask("and for longer?")
    assert not results(model.calls[1])[0].is_error
    new = next(e.id for e in scene.deps.evidence.index.items if "asked for, 2 s" in e.title)
    again, model = with_model(
        scene, uses(("callers", {"capture": new, "function": "slow"})), answers("None.")
    )
    again.ask("who calls it there?")
    assert not results(model.calls[1])[0].is_error


def test_files_that_have_changed_are_named_and_new_captures_say_so(stage: Stage) -> None:
    scene = stage()
    scene.run()
    Path(scene.request.target, "app.py").write_text("SECONDS = 0.020\n\n\ndef slow():\n    return SECONDS\n")
    Path(scene.request.target, "new.py").write_text("")
    captured = uses(("capture", {"profiler": "one"}))
    talk, _ = with_model(scene, captured, answers("It is the same."))
    answered = talk.ask("and now?")
    (warning,) = answered.warnings
    assert "has changed since it was measured: app.py, new.py" in warning
    new = scene.deps.evidence.index.get(
        next(e.id for e in scene.deps.evidence.index.items if "again 1" in e.title)
    )
    assert warning in new.warnings


def test_a_target_that_is_as_it_was_gives_no_warning(stage: Stage) -> None:
    talk, _ = with_model(stage(), answers("It waits."))
    assert talk.ask("why?").warnings == ()


def test_a_target_that_is_gone_can_still_be_asked_about_but_not_measured(stage: Stage) -> None:
    scene = stage()
    scene.run()
    shutil.rmtree(scene.request.target)
    asked = uses(("top", {"capture": "cpu"}), ("capture", {"profiler": "one"}), TRIED)
    talk, model = with_model(scene, asked, answers("It waits."))
    answered = talk.ask("why?")
    assert "can't be copied any more" in answered.warnings[0]
    top, capture, tried = results(model.calls[1])
    assert not top.is_error
    assert capture.is_error
    assert "can't be copied any more" in capture.text
    assert tried.is_error


def test_a_run_without_hashes_says_that_it_can_not_tell(stage: Stage) -> None:
    scene = stage()
    scene.run()
    (scene.deps.folder.path / "sources.json").unlink()
    talk, _ = with_model(scene, answers("It waits."))
    assert "isn't known" in talk.ask("why?").warnings[0]


def test_tests_that_the_agent_wrote_are_in_the_copy_again(stage: Stage) -> None:
    scene = stage()
    scene.run()
    scene.deps.folder.write_text("written/tests/test_more.py", "assert True\n")
    scene.deps.evidence.add("tests", f"{WRITTEN}tests/test_more.py", "scripted")
    talk, model = with_model(
        scene, uses(("read_file", {"path": "tests/test_more.py"})), answers("It is tested.")
    )
    assert talk.ask("is it tested?").warnings == ()
    assert not results(model.calls[1])[0].is_error


def test_an_answer_that_is_cancelled_leaves_the_thread_as_it_was(stage: Stage) -> None:
    scene = stage()
    talk, model = with_model(
        scene, uses(("top", {"capture": "cpu"})), Cancelled("cancelled"), answers("It waits.")
    )
    with pytest.raises(Cancelled):
        talk.ask("why?")
    assert not (scene.deps.folder.path / ANSWERS).exists()
    assert talk.ask("why then?").text == "It waits."
    last = model.calls[2].messages[-1]
    assert "interrupted" in str(last)
    assert "Question: why then?" in str(last)
    assert [m.role for m in model.calls[2].messages] == ["user", "assistant", "user"]


def test_a_question_that_was_never_answered_is_sent_with_the_next(stage: Stage) -> None:
    scene = stage()
    talk, model = with_model(scene, ModelFailed("overloaded"), answers("It waits."))
    with pytest.raises(ModelFailed):
        talk.ask("why?")
    talk.ask("why then?")
    assert [m.role for m in model.calls[1].messages] == ["user"]
    assert "Question: why?" in texts(model.calls[1])
    assert texts(model.calls[1]).count("Outcome:") == 1
    assert "Question: why then?" in texts(model.calls[1])


def test_each_question_has_the_budgets_anew_and_one_that_spends_them_says_so(stage: Stage) -> None:
    turn = uses(("list_files", {}))
    few = BudgetSettings(tool_calls=2)
    scene = stage()
    talk, _ = with_model(scene, turn, turn, turn, turn, budgets=few)
    with pytest.raises(ModelFailed, match="tool calls is spent"):
        talk.ask("why?")
    talk, _ = with_model(scene, turn, answers("It waits."), budgets=few)
    assert talk.ask("why then?").text == "It waits."


@pytest.mark.parametrize("question", ["", "  \n "])
def test_an_empty_question_is_refused(stage: Stage, question: str) -> None:
    talk, model = with_model(stage())
    with pytest.raises(BadRequest, match="the question is empty"):
        talk.ask(question)
    assert not model.calls


def test_a_damaged_transcript_is_named_with_its_line(stage: Stage) -> None:
    scene = stage()
    talk, _ = with_model(scene, answers("It waits."))
    talk.ask("why?")
    (scene.deps.folder.path / NAME).write_text("{}\n")
    with pytest.raises(BadRequest, match=r"transcript.jsonl:1: this is no exchange"):
        talk.ask("why then?")


def test_a_torn_last_answer_is_cut_off_when_the_next_is_kept(stage: Stage) -> None:
    scene = stage()
    talk, _ = with_model(scene, answers("It waits."), answers("It still waits."))
    talk.ask("why?")
    path = scene.deps.folder.path / ANSWERS
    with path.open("a") as file:
        file.write('{"question": "to')
    talk.ask("why then?")
    assert [line[:14] for line in path.read_text().splitlines()] == ['{"question":"w'] * 2


def told(_: Progress) -> None:
    pass


def a_run(tmp_path: Path, *, files: tuple[str, ...] = ("report.json",)) -> tuple[Store, RunFolder]:
    folder = RunFolder(tmp_path / "runs" / "20260101-000000-abcd")
    folder.write_json("request.json", REQUEST, Request(question="why?", target=str(tmp_path)))
    for name in files:
        folder.write_text(name, "{}")
    return Store(tmp_path / "runs"), folder


def test_a_run_that_is_not_there_is_refused(tmp_path: Path) -> None:
    store, _ = a_run(tmp_path)
    with pytest.raises(BadRequest, match="no run matching"), opened(store, "nope", {}, told):
        pass


def test_a_run_that_has_not_ended_says_how_to_go_on_with_it(tmp_path: Path) -> None:
    store, folder = a_run(tmp_path, files=())
    with (
        pytest.raises(BadRequest, match=f"hasn't ended: `ask-profiler resume {folder.id}`"),
        opened(store, "last", {}, told),
    ):
        pass


@pytest.mark.parametrize("content", [None, b"", b"no database" * 100])
def test_a_state_that_is_missing_or_damaged_is_named(tmp_path: Path, content: bytes | None) -> None:
    _, folder = a_run(tmp_path)
    if content is not None:
        (folder.path / "checkpoints.sqlite").write_bytes(content)
    with pytest.raises(BadRequest, match="doesn't hold the run's state"):
        read_state(folder)


def test_two_processes_do_not_ask_about_a_run_at_once(stage: Stage, tmp_path: Path) -> None:
    scene = stage()
    scene.run()
    folder = scene.deps.folder
    folder.write_json("request.json", REQUEST, scene.request)
    with (folder.path / LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with (
            pytest.raises(BadRequest, match="by another process"),
            opened(Store(tmp_path / "runs"), "last", {}, told),
        ):
            pass
