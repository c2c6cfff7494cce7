"""What is said after a run has ended, in the same context: questions about it, and that its patch be applied."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from google.protobuf.json_format import MessageToDict

from agent.jobs.desk import Desk
from tests.doors.a2a.conftest import OpenDesk
from tests.doors.a2a.served import Served, State, Told, ask, serving
from tests.jobs.scripted import ScriptedWorker

WHY = "Why is the report slow?"
AUTHOR = ("-c", "user.name=x", "-c", "user.email=x@example.org")


@pytest.mark.parametrize("version", ["1.0", "0.3"])
def test_a_follow_up_is_a_task_of_its_own_about_the_same_run(
    served: Served, worker: ScriptedWorker, version: str
) -> None:
    async def scenario() -> tuple[Told, Told]:
        async with served.client(version=version) as client:
            first = await ask(client, WHY)
            return first, await ask(client, "And memory?", context=first.context)

    first, second = asyncio.run(scenario())
    assert first.task is not None
    assert second.task is not None
    assert second.id != first.id
    assert second.context == first.context
    assert second.task.metadata["kind"] == "follow-up"
    assert second.task.metadata["run"] == first.id
    assert list(second.artefacts) == ["answer"]
    assert second.artefacts["answer"].parts[0].text == "About And memory?: it is so."
    assert MessageToDict(second.artefacts["answer"].metadata)["evidence"] == ["E1"]
    assert second.texts[-1] == "About And memory?: it is so."


def test_two_contexts_know_nothing_of_each_other(served: Served, worker: ScriptedWorker) -> None:
    async def scenario() -> list[Told]:
        async with served.client() as client:
            return [await ask(client, WHY, context="one"), await ask(client, WHY, context="two")]

    one, two = asyncio.run(scenario())
    assert (one.context, two.context) == ("one", "two")
    assert {str(t.task.metadata["kind"]) for t in (one, two) if t.task} == {"run"}


def test_a_context_of_the_same_name_is_each_callers_own(served: Served, worker: ScriptedWorker) -> None:
    async def scenario() -> tuple[Told, Told]:
        async with served.client("ada") as ada, served.client("bob") as bob:
            return await ask(ada, WHY, context="shared"), await ask(bob, "And memory?", context="shared")

    _, bobs = asyncio.run(scenario())
    assert bobs.task is not None
    assert bobs.task.metadata["kind"] == "run"


@pytest.fixture
def desk(open_one: OpenDesk, repository: Path) -> Desk:
    """One whose target's repository may be given branches."""
    apply = {"branch_prefix": "ask-profiler/"}
    return open_one(targets={"orders": {"path": str(repository), "description": "orders", "apply": apply}})


@pytest.fixture
def applying(desk: Desk, worker: ScriptedWorker) -> Iterator[Served]:
    """The desk, served; grace may apply."""
    with serving(desk) as served:
        served.token("grace", ("ask", "apply"))
        yield served


def test_apply_asks_to_confirm_and_then_names_the_branch(applying: Served, repository: Path) -> None:
    async def scenario() -> list[Told]:
        async with applying.client("grace") as client:
            run = await ask(client, WHY)
            asked = await ask(client, "apply", context=run.context)
            return [run, asked, await ask(client, "yes", task=asked.id, context=asked.context)]

    run, asked, done = asyncio.run(scenario())
    assert "Say `apply`" in run.texts[-1]
    assert asked.states == [State.TASK_STATE_INPUT_REQUIRED]
    assert asked.task is not None
    assert asked.task.status.message.parts[1].data.struct_value["choice"] == "apply"
    assert done.id == asked.id
    assert done.states == [State.TASK_STATE_COMPLETED]
    answer = done.artefacts["answer"].parts[0].text
    branch = f"ask-profiler/{run.id}"
    assert branch in answer
    shown = subprocess.run(
        ["git", "-C", str(repository), "show", f"{branch}:report.py"],
        check=True,
        capture_output=True,
        text=True,
    )
    assert shown.stdout == "print(2)\n"
    assert (repository / "report.py").read_text() == "print(1)\n"


def test_apply_that_is_not_confirmed_applies_nothing(applying: Served, repository: Path) -> None:
    async def scenario() -> Told:
        async with applying.client("grace") as client:
            run = await ask(client, WHY)
            asked = await ask(client, "apply", context=run.context)
            return await ask(client, "no", task=asked.id)

    done = asyncio.run(scenario())
    assert done.artefacts["answer"].parts[0].text == "Nothing was applied."
    branches = subprocess.run(
        ["git", "-C", str(repository), "branch", "--list", "ask-profiler/*"],
        check=True,
        capture_output=True,
        text=True,
    )
    assert branches.stdout == ""


def test_apply_by_someone_who_may_not_is_refused(applying: Served) -> None:
    async def scenario() -> tuple[Told, str]:
        async with applying.client("ada") as client:
            run = await ask(client, WHY)
            found = await applying.rpc(
                "SendMessage",
                {
                    "message": {
                        "messageId": "m",
                        "role": "ROLE_USER",
                        "contextId": run.context,
                        "parts": [{"text": "apply"}],
                    }
                },
            )
            return run, str(found["error"])

    run, error = asyncio.run(scenario())
    assert "Say `apply`" not in run.texts[-1]
    assert "you may not apply patches" in error
    assert "FORBIDDEN" in error


def test_a_patch_that_no_longer_applies_rejects_the_task_and_says_why(
    applying: Served, repository: Path
) -> None:
    async def scenario() -> Told:
        async with applying.client("grace") as client:
            run = await ask(client, WHY)
            asked = await ask(client, "apply", context=run.context)
            (repository / "report.py").write_text("print(3)\n")
            subprocess.run(
                ["git", "-C", str(repository), *AUTHOR, "commit", "--quiet", "-am", "other"],
                check=True,
                capture_output=True,
            )
            return await ask(client, "yes", task=asked.id)

    done = asyncio.run(scenario())
    assert done.states == [State.TASK_STATE_REJECTED]
    assert done.task is not None
    assert done.task.status.message.parts[0].text
