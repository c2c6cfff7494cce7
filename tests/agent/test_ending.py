"""A run that failed or was cancelled is told from one that was interrupted, and each says what can be done."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from agent.ending import CANCELLED, Ending, ending_by, why_unfinished
from agent.errors import AgentError, BadRequest, BadSettings, BadTarget, JobLost, ModelFailed, StorageFailed
from agent.request import Request
from agent.service import Service
from agent.store import ENDED, RunFolder, Store
from tests.doors.targets import python_target
from tools.errors import Cancelled, NoWorkload, ProgramMissing, ToolError

NO_SIZES = "the command has {size} but no sizes"


@pytest.mark.parametrize("error", [Cancelled("it was"), StorageFailed("the disk is full"), JobLost("taken")])
@pytest.mark.parametrize("is_new", [True, False])
def test_what_interrupts_a_run_is_no_end_of_it(error: AgentError | ToolError, is_new: bool) -> None:
    assert ending_by(error, is_new=is_new) is None


@pytest.mark.parametrize("error", [BadRequest("no such thing"), NoWorkload(NO_SIZES)])
def test_a_request_at_fault_fails_the_same_way_again(error: AgentError | ToolError) -> None:
    assert ending_by(error, is_new=True) == Ending(how="failed", problem=str(error), can_go_on=False)


@pytest.mark.parametrize("error", [BadRequest("no such thing"), NoWorkload(NO_SIZES)])
def test_what_was_measured_before_is_not_given_up_for_a_later_fault(error: AgentError | ToolError) -> None:
    found = ending_by(error, is_new=False)
    assert found is not None
    assert found.can_go_on


@pytest.mark.parametrize(
    "error",
    [ModelFailed("away"), BadTarget("broken"), BadSettings("no key"), ProgramMissing("go", "install it")],
)
def test_what_can_be_put_right_can_be_gone_on_with(error: AgentError | ToolError) -> None:
    found = ending_by(error, is_new=True)
    assert found is not None
    said = why_unfinished("R1", found)
    assert said.startswith(f"run R1 failed: {error}; ")
    assert "ask-profiler resume R1" in said


def test_only_what_can_be_gone_on_with_names_the_command_for_it() -> None:
    assert "ask-profiler resume R1" in why_unfinished("R1", None)
    assert why_unfinished("R1", CANCELLED) == "run R1 was cancelled: ask anew"
    failed = Ending(how="failed", problem=NO_SIZES, can_go_on=False)
    assert why_unfinished("R1", failed) == f"run R1 failed: {NO_SIZES}; ask anew, with that put right"


def test_a_run_with_a_report_has_no_other_end(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    folder.keep_ending(CANCELLED)
    assert folder.ending == CANCELLED
    folder.write_text("report.json", "{}")
    assert folder.ending is None


def asked_wrongly(tmp_path: Path) -> tuple[Service, Store]:
    """A run whose command has `{size}` and no sizes, after it failed."""
    store = Store(tmp_path / "runs")
    service = Service(store=store, environment=dict(os.environ))
    target = python_target(tmp_path / "app", test=None)
    request = Request(question="Why?", target=str(target), command=("python", "app.py", "{size}"))
    with pytest.raises(BadRequest, match="no sizes"):
        service.run(request, lambda progress: None)
    return service, store


def test_a_run_that_fails_for_what_was_asked_keeps_why_and_is_not_gone_on_with(tmp_path: Path) -> None:
    service, store = asked_wrongly(tmp_path)
    (folder,) = store.list()
    assert folder.ending is not None
    assert (folder.ending.how, folder.ending.can_go_on) == ("failed", False)
    assert folder.ending.problem.startswith(NO_SIZES)
    with pytest.raises(BadRequest, match=f"run {folder.id} failed: .* no sizes.*; ask anew"):
        service.resume(folder.id, lambda progress: None)
    with pytest.raises(BadRequest, match=f"run {folder.id} failed: "):
        store.open_finished(folder.id)
    assert folder.ending is not None


def test_a_run_that_is_gone_on_with_has_not_ended(tmp_path: Path) -> None:
    """What ended it before is forgotten when it begins, so that a kill leaves it interrupted."""
    _, store = asked_wrongly(tmp_path)
    (folder,) = store.list()
    folder.keep_ending(Ending(how="failed", problem="go is not installed", can_go_on=True))
    service = Service(store=store, environment=dict(os.environ))
    service.cancel()
    with pytest.raises(ToolError):
        service.resume(folder.id, lambda progress: None)
    assert folder.ending is None
    assert not (folder.path / ENDED).exists()
