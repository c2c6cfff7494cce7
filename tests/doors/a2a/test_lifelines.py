"""Tasks outlive connections and the service: they are cancelled, subscribed to again, and found again."""

from __future__ import annotations

import asyncio
import time

import pytest
from a2a.client import Client
from a2a.types import CancelTaskRequest, GetTaskRequest, SubscribeToTaskRequest, Task
from a2a.utils.errors import TaskNotCancelableError, UnsupportedOperationError

from agent.access.caller import Caller
from agent.jobs.claims import Claim
from agent.jobs.desk import Desk
from agent.jobs.job import Job, Message
from tests.doors.a2a.conftest import OpenDesk
from tests.doors.a2a.reports import run_files
from tests.doors.a2a.scripts import slowly
from tests.doors.a2a.served import Served, State, Told, ask, asking, serving, told
from tests.jobs.scripted import ScriptedWorker

WHY = "Why is it slow?"
BOTH = pytest.mark.parametrize("version", ["1.0", "0.3"])


async def _begun(client: Client, until: int = 3) -> Told:
    """A task that runs, whose stream was left."""
    stream = client.send_message(asking("Why does it run slowly?"))
    try:
        return await told(stream, until)
    finally:
        await stream.aclose()  # type: ignore[attr-defined]


@BOTH
def test_a_run_is_cancelled_within_two_seconds_and_its_stream_says_so(
    served: Served, worker: ScriptedWorker, version: str
) -> None:
    async def scenario() -> tuple[Told, int, float]:
        async with served.client(version=version) as client, served.client(version=version) as other:
            begun = asyncio.get_running_loop().create_future()
            found = Told()

            async def follow() -> None:
                async for response in client.send_message(asking("Why does it run slowly?")):
                    found.take(response)
                    if State.TASK_STATE_WORKING in found.states and not begun.done():
                        begun.set_result(found.id)

            following = asyncio.create_task(follow())
            task = await asyncio.wait_for(begun, 10)
            started_s = time.monotonic()
            cancelled = await other.cancel_task(CancelTaskRequest(id=task))
            took_s = time.monotonic() - started_s
            await asyncio.wait_for(following, 10)
            return found, cancelled.status.state, took_s

    found, state, took_s = asyncio.run(scenario())
    assert state == State.TASK_STATE_CANCELED
    assert found.states[-1] == State.TASK_STATE_CANCELED
    assert took_s < 2


def test_cancelling_another_doors_job_is_audited_as_this_doors(served: Served) -> None:
    served.token("ada")
    ada = Caller(id="token:ada", scopes=frozenset({"ask"}))
    job = served.desk.receive(ada, Message(text=WHY, target="orders", door="http"))
    assert isinstance(job, Job)

    async def scenario() -> None:
        async with served.client() as client:
            await client.cancel_task(CancelTaskRequest(id=job.id))

    asyncio.run(scenario())
    lines = [
        (line.door, line.outcome) for line in served.desk.audit.lines(since=0) if line.action == "cancel"
    ]
    assert lines == [("a2a", "ok")]


@pytest.mark.parametrize("streaming", [True, False])
def test_why_a_task_failed_is_told_by_what_the_service_can_set(served: Served, streaming: bool) -> None:
    def script(claim: Claim) -> str:
        raise RuntimeError('no workload was found: give one with --cmd "python -m app"')

    async def scenario() -> tuple[Told, Task]:
        async with served.client(streaming=streaming) as client:
            told = await ask(client, WHY)
            return told, await client.get_task(GetTaskRequest(id=told.id))

    with ScriptedWorker(served.desk, scripts={"slow": script}):
        told, task = asyncio.run(scenario())
    assert told.states[-1] == task.status.state == State.TASK_STATE_FAILED
    said = [
        task.status.message.parts[0].text,
        *([told.texts[-1], told.facts[-1]["problem"]] if streaming else []),
    ]
    for text in said:
        assert text.endswith("give one with `command` of the workload in agent.yaml (such as python -m app)")


def test_what_waits_for_a_worker_is_cancelled_at_once(served: Served) -> None:
    async def scenario() -> int:
        async with served.client(streaming=False) as client:
            task = await told(client.send_message(asking("Why?", at_once=True)))
            return (await client.cancel_task(CancelTaskRequest(id=task.id))).status.state

    assert asyncio.run(scenario()) == State.TASK_STATE_CANCELED


@BOTH
def test_after_a_broken_connection_the_rest_is_told(
    served: Served, worker: ScriptedWorker, version: str
) -> None:
    worker.scripts = {"slowly": slowly(worker, 1.0)}

    async def scenario() -> tuple[Told, Told]:
        async with served.client(version=version) as client:
            first = await _begun(client)
            return first, await told(client.subscribe(SubscribeToTaskRequest(id=first.id)))

    first, rest = asyncio.run(scenario())
    assert rest.id == first.id
    assert rest.states[0] == State.TASK_STATE_WORKING
    assert rest.states[-1] == State.TASK_STATE_COMPLETED
    assert list(rest.artefacts) == ["report", "patch", "benchmarks", "graphs"]
    seen = [facts["seq"] for facts in rest.facts]
    assert seen[0] == first.facts[-1]["seq"] + 1
    assert seen == list(range(int(seen[0]), int(seen[0]) + len(seen)))  # none twice, none left out
    assert "finding" in {facts["event"] for facts in rest.facts}


def test_two_who_subscribe_are_told_the_same(served: Served, worker: ScriptedWorker) -> None:
    worker.scripts = {"slowly": slowly(worker, 1.0)}

    async def scenario() -> list[Told]:
        async with served.client() as one, served.client() as two:
            task = (await _begun(one)).id
            return await asyncio.gather(
                *(told(c.subscribe(SubscribeToTaskRequest(id=task))) for c in (one, two))
            )

    one, two = asyncio.run(scenario())
    assert one.facts == two.facts


def test_a_running_task_is_followed_and_cancelled_after_a_restart_of_the_service(open_one: OpenDesk) -> None:
    first_desk = open_one()
    tokens: dict[str, str] = {}

    async def begin(served: Served) -> Told:
        async with served.client() as client:
            return await _begun(client)

    async def follow_and_cancel(served: Served, task: str) -> tuple[Told, int]:
        async with served.client() as client, served.client() as other:
            following = asyncio.create_task(told(client.subscribe(SubscribeToTaskRequest(id=task))))
            await asyncio.sleep(0.3)
            cancelled = await other.cancel_task(CancelTaskRequest(id=task))
            return await following, cancelled.status.state

    worker = ScriptedWorker(open_one(), files=run_files())
    worker.scripts = {"slowly": slowly(worker, 60)}
    with worker:
        with serving(first_desk, tokens) as served:
            begun = asyncio.run(begin(served))
        with serving(open_one(), tokens) as served:
            followed, state = asyncio.run(follow_and_cancel(served, begun.id))
    assert state == State.TASK_STATE_CANCELED
    assert followed.states[0] == State.TASK_STATE_WORKING
    assert followed.states[-1] == State.TASK_STATE_CANCELED


def test_an_ended_task_is_found_with_its_files_after_a_restart(open_one: OpenDesk) -> None:
    tokens: dict[str, str] = {}

    async def begin(served: Served) -> Told:
        async with served.client() as client:
            return await ask(client, "Why is it slow?")

    async def get(served: Served, task: str) -> list[str]:
        async with served.client() as client:
            found = await client.get_task(GetTaskRequest(id=task))
            assert found.status.state == State.TASK_STATE_COMPLETED
            return [artefact.name for artefact in found.artifacts]

    desk = open_one()
    with ScriptedWorker(desk, files=run_files()), serving(desk, tokens) as served:
        first = asyncio.run(begin(served))
    with serving(open_one(), tokens) as served:
        assert asyncio.run(get(served, first.id)) == list(first.artefacts)


def test_streams_end_when_the_service_stops(desk: Desk, worker: ScriptedWorker) -> None:
    async def follow(served: Served, started: asyncio.Event) -> Told:
        found = Told()
        async with served.client() as client:
            async for response in client.send_message(asking("Why does it run slowly?")):
                found.take(response)
                started.set()
        return found

    async def scenario() -> tuple[Told, float]:
        started = asyncio.Event()
        with serving(desk) as served:
            following = asyncio.create_task(follow(served, started))
            await asyncio.wait_for(started.wait(), 10)
            stopped_s = time.monotonic()
            await asyncio.to_thread(served.stop)
            return await asyncio.wait_for(following, 10), time.monotonic() - stopped_s

    found, took_s = asyncio.run(scenario())
    assert found.states[-1] in (State.TASK_STATE_SUBMITTED, State.TASK_STATE_WORKING)
    assert took_s < 5


def test_who_waits_for_the_end_gets_the_task_as_it_stands_when_the_service_stops(
    desk: Desk, worker: ScriptedWorker
) -> None:
    async def scenario() -> tuple[Told, float]:
        with serving(desk) as served:
            async with served.client(streaming=False) as client:
                waiting = asyncio.create_task(ask(client, "Why does it run slowly?"))
                while not desk.records.jobs(states=["running"]):
                    await asyncio.sleep(0.02)
                stopped_s = time.monotonic()
                await asyncio.to_thread(served.stop)
                return await waiting, time.monotonic() - stopped_s

    found, took_s = asyncio.run(scenario())
    assert found.states == [State.TASK_STATE_WORKING]
    assert took_s < 5


def test_nothing_is_followed_for_clients_that_have_gone(
    served: Served, worker: ScriptedWorker, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario() -> None:
        async with served.client() as client, served.client(streaming=False) as waiting:
            task = (await _begun(client)).id
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(told(waiting.send_message(asking("Why does it run slowly?"))), 0.5)
            stream = client.subscribe(SubscribeToTaskRequest(id=task))
            await anext(stream)
            await stream.aclose()  # type: ignore[attr-defined]
        for _ in range(100):
            await asyncio.sleep(0.05)
            if not served.desk._watch._followers:
                return
        raise AssertionError(served.desk._watch._followers)

    asyncio.run(scenario())
    assert "Traceback" not in caplog.text


@BOTH
def test_a_task_that_has_ended_is_neither_cancelled_nor_subscribed_to(
    served: Served, worker: ScriptedWorker, version: str
) -> None:
    async def scenario() -> None:
        async with served.client(version=version) as client:
            found = await ask(client, "Why is it slow?")
            with pytest.raises(TaskNotCancelableError):
                await client.cancel_task(CancelTaskRequest(id=found.id))
            with pytest.raises(UnsupportedOperationError):
                await told(client.subscribe(SubscribeToTaskRequest(id=found.id)))

    asyncio.run(scenario())
