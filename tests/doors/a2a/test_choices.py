"""Where a question can't be answered without a choice, the task asks back and goes on with the answer."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from a2a.types import CancelTaskRequest, GetTaskRequest
from a2a.utils.errors import UnsupportedOperationError
from google.protobuf.json_format import MessageToDict

from agent.jobs.desk import Desk
from tests.doors.a2a.served import Served, State, Told, ask, serving
from tests.jobs.scripted import ScriptedWorker

WHY = "Why is it slow?"


@pytest.fixture
def desk(two_targets: Desk) -> Desk:
    """One where something must be chosen."""
    return two_targets


@pytest.fixture
def several(desk: Desk, worker: ScriptedWorker) -> Iterator[Served]:
    """The desk, served, with someone who works."""
    with serving(desk) as served:
        yield served


@pytest.mark.parametrize("version", ["1.0", "0.3"])
def test_target_and_workload_are_asked_for_and_the_same_task_goes_on(several: Served, version: str) -> None:
    async def scenario() -> tuple[Told, Told, Told]:
        async with several.client(version=version) as client:
            first = await ask(client, WHY)
            second = await ask(client, "orders", task=first.id, context=first.context)
            return first, second, await ask(client, "2", task=first.id, context=first.context)

    first, second, third = asyncio.run(scenario())
    assert first.states == second.states == [State.TASK_STATE_INPUT_REQUIRED]
    assert first.id == second.id == third.id
    assert first.context == second.context == third.context
    assert first.task is not None
    text, data = first.task.status.message.parts
    assert text.text.splitlines() == [
        "Which program is meant?",
        "1. orders: the report of all orders",
        "2. billing: the bills",
    ]
    found = MessageToDict(data.data)
    assert found["choice"] == "target"
    assert [option["value"] for option in found["options"]] == ["orders", "billing"]
    assert third.states[-1] == State.TASK_STATE_COMPLETED
    assert third.task is not None
    assert third.task.metadata["target"] == "orders"
    job = several.desk.records.job(str(third.task.metadata["job"]))
    assert (job.question, job.request.command[-1]) == (WHY, "1000")
    assert [m.parts[0].text for m in third.task.history][::2] == [WHY, "orders", "2"]


def test_an_answer_in_the_context_alone_goes_on_with_the_task_that_waits(several: Served) -> None:
    async def scenario() -> tuple[Told, Told]:
        async with several.client() as client:
            first = await ask(client, WHY)
            return first, await ask(client, "billing", context=first.context)

    first, second = asyncio.run(scenario())
    assert second.id == first.id
    assert second.states[-1] == State.TASK_STATE_COMPLETED


def test_an_answer_in_a_data_part_alone_is_an_answer(several: Served) -> None:
    async def scenario() -> Told:
        async with several.client() as client:
            first = await ask(client, WHY)
            return await ask(client, "", task=first.id, target="billing")

    assert asyncio.run(scenario()).states[-1] == State.TASK_STATE_COMPLETED


def test_messages_that_are_sent_again_change_nothing(several: Served) -> None:
    async def scenario() -> list[Told]:
        async with several.client() as client:
            first = await ask(client, WHY, identity="m1")
            again = await ask(client, WHY, identity="m1")
            answer = await ask(client, "billing", task=first.id, identity="m2")
            late = await ask(client, "billing", task=first.id, identity="m2")
            loose = await ask(client, "billing", context=first.context, identity="m2")
            oldest = await ask(client, WHY, identity="m1")
            return [first, again, answer, late, loose, oldest]

    found = asyncio.run(scenario())
    assert len({told.id for told in found}) == 1
    assert [told.states[-1] for told in found] == [State.TASK_STATE_INPUT_REQUIRED] * 2 + [
        State.TASK_STATE_COMPLETED
    ] * 4
    jobs = several.desk.records.jobs()
    assert len(jobs) == 1


@pytest.mark.parametrize("said", ["banana", "7"])
def test_an_answer_that_is_none_of_the_options_is_told_so(several: Served, said: str) -> None:
    async def scenario() -> tuple[Told, Told]:
        async with several.client() as client:
            first = await ask(client, WHY)
            return first, await ask(client, said, task=first.id)

    first, second = asyncio.run(scenario())
    assert second.id == first.id and second.states == [State.TASK_STATE_INPUT_REQUIRED]
    assert first.task is not None and second.task is not None
    before, after = (told.task.status.message.parts for told in (first, second) if told.task is not None)
    assert after[0].text == f"'{said}' is none of the options. {before[0].text}"
    assert MessageToDict(after[1].data)["options"] == MessageToDict(before[1].data)["options"]


def test_a_target_of_others_is_neither_offered_nor_to_be_had(several: Served) -> None:
    async def scenario() -> tuple[Told, Told]:
        async with several.client() as client:
            first = await ask(client, WHY)
            return first, await ask(client, "stock", task=first.id)

    first, second = asyncio.run(scenario())
    assert first.task is not None
    assert "stock" not in str(first.task)
    assert second.states == [State.TASK_STATE_INPUT_REQUIRED]


def test_whoever_declines_ends_the_task_with_nothing_begun(several: Served) -> None:
    async def scenario() -> tuple[Told, Told]:
        async with several.client() as client:
            first = await ask(client, WHY)
            declined = await ask(client, "no", task=first.id)
            return declined, await ask(client, "Why is billing slow?", context=first.context)

    declined, after = asyncio.run(scenario())
    assert declined.states == [State.TASK_STATE_REJECTED]
    assert declined.task is not None
    assert "nothing was begun" in declined.task.status.message.parts[0].text
    assert after.states[-1] == State.TASK_STATE_COMPLETED
    assert after.id != declined.id


def test_a_task_that_waits_can_be_cancelled_and_its_context_goes_on(several: Served) -> None:
    async def scenario() -> tuple[int, int, Told]:
        async with several.client() as client:
            first = await ask(client, WHY)
            cancelled = await client.cancel_task(CancelTaskRequest(id=first.id))
            later = await client.get_task(GetTaskRequest(id=first.id))
            after = await ask(client, "Look at billing", context=first.context)
            return cancelled.status.state, later.status.state, after

    cancelled, later, after = asyncio.run(scenario())
    assert cancelled == later == State.TASK_STATE_CANCELED
    assert after.states[-1] == State.TASK_STATE_COMPLETED
    # A question of its own, no late answer to the cancelled one.
    assert several.desk.records.job(after.id).question == "Look at billing"


def test_a_task_that_waits_is_there_after_a_restart(desk: Desk, worker: ScriptedWorker) -> None:
    async def begin(served: Served) -> Told:
        async with served.client() as client:
            return await ask(client, WHY)

    async def finish(served: Served, task: str) -> tuple[int, Told]:
        async with served.client() as client:
            waiting = await client.get_task(GetTaskRequest(id=task))
            return waiting.status.state, await ask(client, "billing", task=task)

    tokens: dict[str, str] = {}
    with serving(desk, tokens) as served:
        first = asyncio.run(begin(served))
    with serving(desk, tokens) as served:
        state, answer = asyncio.run(finish(served, first.id))
    assert state == State.TASK_STATE_INPUT_REQUIRED
    assert answer.states[-1] == State.TASK_STATE_COMPLETED


def test_of_answers_that_come_at_once_one_decides_and_the_others_are_refused(several: Served) -> None:
    async def scenario() -> list[Told | BaseException]:
        async with several.client() as client:
            task = (await ask(client, WHY)).id
            answers = (ask(client, "billing", task=task) for _ in range(5))
            return await asyncio.gather(*answers, return_exceptions=True)

    found = asyncio.run(scenario())
    decided = [told for told in found if isinstance(told, Told)]
    assert [told.states[-1] for told in decided] == [State.TASK_STATE_COMPLETED]
    others = [answer for answer in found if not isinstance(answer, Told)]
    assert [type(answer) for answer in others] == [UnsupportedOperationError] * 4
    assert len(several.desk.records.jobs()) == 1


def test_a_message_that_comes_twice_at_once_is_one_task(several: Served) -> None:
    async def scenario() -> list[Told]:
        async with several.client() as one, several.client() as two:
            return await asyncio.gather(
                *(ask(client, WHY, identity="twice") for client in (one, two, one, two))
            )

    found = asyncio.run(scenario())
    assert len({told.id for told in found}) == 1
    assert all(told.states == [State.TASK_STATE_INPUT_REQUIRED] for told in found)
