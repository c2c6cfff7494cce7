"""The list of a caller's tasks."""

from __future__ import annotations

import asyncio

import pytest
from a2a.client import Client
from a2a.types import ListTasksRequest, Task
from a2a.utils.errors import InvalidParamsError

from agent.jobs.desk import Desk
from tests.doors.a2a.reports import run_files
from tests.doors.a2a.served import Served, State, ask, asking, serving, told
from tests.jobs.scripted import ScriptedWorker


async def _page(client: Client, **wanted: object) -> list[Task]:
    return list((await client.list_tasks(ListTasksRequest(**wanted))).tasks)  # type: ignore[arg-type]


def test_tasks_are_listed_newest_first_and_only_the_callers_own(
    served: Served, worker: ScriptedWorker
) -> None:
    async def scenario() -> tuple[list[str], list[str], list[Task]]:
        async with served.client("ada") as ada, served.client("bob") as bob:
            made = [(await ask(ada, f"Why is it slow, part {n}?", context="one")).id for n in range(3)]
            other = (await ask(bob, "Why?")).id
            assert [task.id for task in await _page(bob)] == [other]
            return made, [task.id for task in await _page(ada)], await _page(ada, include_artifacts=True)

    made, listed, whole = asyncio.run(scenario())
    assert listed == made[::-1]
    assert [artefact.name for artefact in whole[-1].artifacts] == ["report", "patch", "benchmarks", "graphs"]
    assert [artefact.name for artefact in whole[0].artifacts] == ["answer"]


def test_pages_follow_each_other_without_gap_or_repeat(served: Served) -> None:
    async def scenario() -> tuple[list[str], list[str], int]:
        async with served.client(streaming=False) as client:
            made = []
            for n in range(5):
                request = asking("Why?", at_once=True, context=f"c{n}")
                made.append((await told(client.send_message(request))).id)
            listed, token = [], ""
            while True:
                page = await client.list_tasks(ListTasksRequest(page_size=2, page_token=token))
                listed += [task.id for task in page.tasks]
                token = page.next_page_token
                if not token:
                    return made, listed, page.total_size

    made, listed, total = asyncio.run(scenario())
    assert sorted(listed) == sorted(made)
    assert total == 5


def test_tasks_are_listed_by_state_and_context_and_those_that_wait_for_a_choice_too(
    two_targets: Desk,
) -> None:
    async def scenario(served: Served) -> list[list[int]]:
        async with served.client() as client:
            await ask(client, "Why is it slow?", context="waits")
            await ask(client, "Why is billing slow?", context="done")
            pages = [
                await _page(client),
                await _page(client, status=State.TASK_STATE_INPUT_REQUIRED),
                await _page(client, status=State.TASK_STATE_COMPLETED),
                await _page(client, context_id="waits"),
                await _page(client, context_id="nothing"),
            ]
            return [[task.status.state for task in page] for page in pages]

    with ScriptedWorker(two_targets, files=run_files()), serving(two_targets) as served:
        found = asyncio.run(scenario(served))
    waits, done = State.TASK_STATE_INPUT_REQUIRED, State.TASK_STATE_COMPLETED
    assert found == [[done, waits], [waits], [done], [waits], []]


@pytest.mark.parametrize("wanted", [{"page_size": 0}, {"page_size": 101}, {"page_token": "nonsense!"}])
def test_a_page_that_there_is_none_of_is_refused(served: Served, wanted: dict[str, object]) -> None:
    async def scenario() -> None:
        async with served.client() as client:
            with pytest.raises(InvalidParamsError):
                await _page(client, **wanted)

    asyncio.run(scenario())
