"""Tasks are their caller's: for everyone else they aren't there."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from a2a.types import CancelTaskRequest, GetTaskRequest, SubscribeToTaskRequest
from a2a.utils.errors import TaskNotFoundError

from agent.jobs.desk import Desk
from tests.doors.a2a.calls import NOT_FOUND, WHY, refusal
from tests.doors.a2a.served import Served, State, ask, serving, told
from tests.jobs.scripted import ScriptedWorker


@pytest.mark.parametrize("version", ["1.0", "0.3"])
def test_another_callers_task_is_not_there(served: Served, worker: ScriptedWorker, version: str) -> None:
    async def scenario() -> None:
        async with served.client("ada") as ada, served.client("bob", version=version) as bob:
            task = (await ask(ada, WHY)).id
            with pytest.raises(TaskNotFoundError):
                await bob.get_task(GetTaskRequest(id=task))
            with pytest.raises(TaskNotFoundError):
                await bob.cancel_task(CancelTaskRequest(id=task))
            with pytest.raises(TaskNotFoundError):
                await told(bob.subscribe(SubscribeToTaskRequest(id=task)))
            with pytest.raises(TaskNotFoundError):
                await ask(bob, "And memory?", task=task)

    asyncio.run(scenario())


def test_another_callers_question_that_waits_for_a_choice_is_not_there(two_targets: Desk) -> None:
    async def scenario(served: Served) -> None:
        async with served.client("ada") as ada, served.client("bob") as bob:
            task = (await ask(ada, "Why is it slow?", identity="same")).id
            with pytest.raises(TaskNotFoundError):
                await bob.get_task(GetTaskRequest(id=task))
            with pytest.raises(TaskNotFoundError):
                await ask(bob, "orders", task=task)
            assert (await ask(bob, "Why is it slow?", identity="same")).id != task

    with serving(two_targets) as served:
        asyncio.run(scenario(served))


def test_what_is_not_there_and_what_is_anothers_are_told_in_the_same_words(
    served: Served, worker: ScriptedWorker
) -> None:
    async def begin() -> str:
        async with served.client("ada") as ada:
            return (await ask(ada, WHY)).id

    task = asyncio.run(begin())
    other = "20260101-000000-ffffffffffff"
    real = refusal(served, "GetTask", {"id": task}, "bob")
    made_up = refusal(served, "GetTask", {"id": other}, "bob")
    assert real[0] == made_up[0] == NOT_FOUND
    assert real[1].replace(task, other) == made_up[1]


def test_an_admin_sees_the_tasks_of_others(served: Served, worker: ScriptedWorker) -> None:
    served.token("root", ("admin", "ask"))

    async def scenario() -> int:
        async with served.client("ada") as ada, served.client("root") as root:
            task = (await ask(ada, WHY)).id
            return (await root.get_task(GetTaskRequest(id=task))).status.state

    assert asyncio.run(scenario()) == State.TASK_STATE_COMPLETED


def test_without_a_token_nothing_is_answered_but_the_card(idle: Served) -> None:
    body = {"jsonrpc": "2.0", "id": 1, "method": "ListTasks", "params": {}}
    with httpx.Client(base_url=idle.url, trust_env=False) as http:
        for headers in ({}, {"Authorization": "Bearer apt_ada_" + "0" * 64}):
            assert http.post("/a2a", json=body, headers=headers).status_code == 401
            assert http.get("/a2a/v1/tasks", headers=headers).status_code == 401
            assert http.post("/a2a/v1/message:stream", json={}, headers=headers).status_code == 401
