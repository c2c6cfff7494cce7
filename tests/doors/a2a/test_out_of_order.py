"""Calls that come too early, too late or in the wrong place."""

from __future__ import annotations

import asyncio

import pytest

from agent.jobs.desk import Desk
from tests.doors.a2a.calls import INVALID_PARAMS, NOT_FOUND, UNSUPPORTED, WHY, message, nothing_begun, refusal
from tests.doors.a2a.served import Served, Told, ask, asking, serving, told
from tests.jobs.scripted import ScriptedWorker


@pytest.mark.parametrize("method", ["GetTask", "CancelTask", "SubscribeToTask"])
def test_a_task_that_never_was_is_not_found(idle: Served, method: str) -> None:
    assert refusal(idle, method, {"id": "nothing"})[0] == NOT_FOUND


def test_an_answer_to_a_task_that_never_was_begins_nothing(idle: Served) -> None:
    assert refusal(idle, "SendMessage", message(taskId="nothing"))[0] == NOT_FOUND
    assert nothing_begun(idle)


def test_a_message_to_a_task_that_has_ended_is_told_how_to_follow_up(
    served: Served, worker: ScriptedWorker
) -> None:
    async def begin() -> Told:
        async with served.client() as client:
            return await ask(client, WHY)

    first = asyncio.run(begin())
    code, text = refusal(served, "SendMessage", message({"text": "And memory?"}, taskId=first.id))
    assert code == UNSUPPORTED
    assert f"contextId {first.context}" in text


def test_a_message_to_a_task_that_is_worked_on_is_refused(served: Served, worker: ScriptedWorker) -> None:
    async def scenario() -> str:
        async with served.client(streaming=False) as client:
            return (await told(client.send_message(asking("Why does it run slowly?", at_once=True)))).id

    task = asyncio.run(scenario())
    code, text = refusal(served, "SendMessage", message({"text": "faster!"}, taskId=task))
    assert code == UNSUPPORTED
    assert "takes no message now" in text


def test_a_context_that_is_not_the_tasks_is_refused(two_targets: Desk) -> None:
    async def begin(served: Served) -> str:
        async with served.client() as client:
            return (await ask(client, "Why is it slow?")).id

    with serving(two_targets) as served:
        task = asyncio.run(begin(served))
        code, _ = refusal(served, "SendMessage", message({"text": "orders"}, taskId=task, contextId="other"))
        assert code == INVALID_PARAMS
