"""A question to the named target, by clients of both versions: what is told meanwhile, and what comes at the end."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from a2a.types import GetTaskRequest, Part, TaskState

from tests.doors.a2a.reports import run_files
from tests.doors.a2a.scripts import slowly
from tests.doors.a2a.served import Served, State, Told, ask, asking, told
from tests.jobs.scripted import ScriptedWorker

CLIENTS = [("1.0", "JSONRPC"), ("1.0", "HTTP+JSON"), ("0.3", "JSONRPC")]
every_client = pytest.mark.parametrize(("version", "binding"), CLIENTS)


def _answered(served: Served, version: str, binding: str, text: str = "Why is the report slow?") -> Told:
    async def scenario() -> Told:
        async with served.client(version=version, binding=binding) as client:
            return await ask(client, text)

    return asyncio.run(scenario())


@every_client
def test_stages_findings_and_verdicts_are_told_as_they_come(
    served: Served, worker: ScriptedWorker, version: str, binding: str
) -> None:
    found = _answered(served, version, binding)
    assert found.states[0] == State.TASK_STATE_SUBMITTED
    assert found.states[-1] == State.TASK_STATE_COMPLETED
    assert set(found.states[1:-1]) <= {State.TASK_STATE_SUBMITTED, State.TASK_STATE_WORKING}
    events = {facts["event"]: facts for facts in found.facts}
    assert list(events) == ["queued", "started", "progress", "finding", "verdict", "ended"]
    assert (events["progress"]["stage"], events["progress"]["of"]) == ("capture", 3)
    assert (events["finding"]["file"], events["finding"]["severity"]) == ("orders/report.py", "HIGH")
    assert events["verdict"]["accepted"] is True
    assert any("a list is searched in a loop" in text for text in found.texts)
    assert [f["seq"] for f in found.facts] == list(range(1, len(found.facts) + 1))


@every_client
def test_the_answer_comes_as_report_patch_benchmarks_and_graphs(
    served: Served, worker: ScriptedWorker, version: str, binding: str
) -> None:
    found = _answered(served, version, binding)
    assert list(found.artefacts) == ["report", "patch", "benchmarks", "graphs"]
    files = run_files()
    markdown, as_json = found.artefacts["report"].parts
    assert markdown.text == files["report.md"].decode()
    assert _shown(as_json) == ("report.json", "application/json", files["report.json"])
    (patch,) = found.artefacts["patch"].parts
    assert _shown(patch) == ("optimization.patch", "text/x-diff", files["optimization.patch"])
    first, second = found.artefacts["benchmarks"].parts
    assert _shown(first)[:2] == ("benchmarks.json", "application/json")
    assert _shown(second)[:2] == ("benchmarks.txt", "text/plain")
    picture = found.artefacts["graphs"].parts[0]
    assert _shown(picture) == ("graphs/cpu-before.svg", "image/svg+xml", files["graphs/cpu-before.svg"])
    assert found.texts[-1].startswith("Improved: A set is searched in place of a list.")


def _shown(part: Part) -> tuple[str, str, bytes]:
    return part.filename, part.media_type, part.raw


def test_a_file_too_large_for_a_message_is_a_link_that_the_same_token_opens(
    served: Served, worker: ScriptedWorker
) -> None:
    found = _answered(served, "1.0", "JSONRPC")
    large = found.artefacts["graphs"].parts[1]
    assert large.url.startswith(f"{served.url}/v1/jobs/{found.id}/files/graphs/memory%20before.svg")

    async def fetch() -> bytes:
        async with served.http() as http:
            answer = await http.get(large.url)
            assert answer.status_code == 200
            return answer.content

    assert asyncio.run(fetch()) == run_files()["graphs/memory before.svg"]


@every_client
def test_who_does_not_stream_gets_the_whole_task_at_its_end(
    served: Served, worker: ScriptedWorker, version: str, binding: str
) -> None:
    async def scenario() -> Told:
        async with served.client(version=version, binding=binding, streaming=False) as client:
            return await ask(client, "Why is the report slow?")

    task = asyncio.run(scenario()).task
    assert task is not None
    assert task.status.state == State.TASK_STATE_COMPLETED
    assert [a.name for a in task.artifacts] == ["report", "patch", "benchmarks", "graphs"]
    assert task.history[0].parts[0].text == "Why is the report slow?"
    assert any("searched in a loop" in m.parts[0].text for m in task.history)


def test_who_asks_to_return_at_once_gets_a_task_to_come_back_for(
    served: Served, worker: ScriptedWorker
) -> None:
    async def scenario() -> tuple[Any, Any]:
        async with served.client(streaming=False) as client:
            first = await told(client.send_message(asking("Why does it run slowly?", at_once=True)))
            assert first.task is not None
            while True:
                task = await client.get_task(GetTaskRequest(id=first.id))
                if task.status.state == State.TASK_STATE_COMPLETED:
                    return first.task, task
                await asyncio.sleep(0.05)

    worker.scripts = {"slowly": slowly(worker, 3.0)}
    first, last = asyncio.run(asyncio.wait_for(scenario(), 30))
    assert first.status.state in (State.TASK_STATE_SUBMITTED, State.TASK_STATE_WORKING)
    assert last.metadata["outcome"] == "improved"
    assert last.metadata["target"] == "orders"


def test_the_history_is_as_long_as_is_asked_for(served: Served, worker: ScriptedWorker) -> None:
    async def scenario() -> list[int]:
        async with served.client() as client:
            found = await ask(client, "Why is the report slow?")
            tasks = [await client.get_task(GetTaskRequest(id=found.id, history_length=n)) for n in (0, 1, 99)]
            return [len(task.history) for task in tasks]

    assert asyncio.run(scenario()) == [0, 1, 3]


def test_a_message_that_is_sent_again_is_one_task(served: Served, worker: ScriptedWorker) -> None:
    async def scenario() -> tuple[Told, Told]:
        async with served.client() as client:
            first = await ask(client, "Why is the report slow?", identity="m1")
            return first, await ask(client, "Why is the report slow?", identity="m1")

    first, again = asyncio.run(scenario())
    assert (again.id, again.context) == (first.id, first.context)
    assert again.states == [State.TASK_STATE_COMPLETED]
    assert list(again.artefacts) == list(first.artefacts)
    assert len(worker.done) == 1


def test_a_data_part_names_target_and_limit_apart_from_the_text(
    served: Served, worker: ScriptedWorker
) -> None:
    async def scenario() -> Told:
        async with served.client() as client:
            return await ask(client, "Why is it slow?", target="orders", time_limit_s=12.5)

    found = asyncio.run(scenario())
    job = served.desk.records.job(found.id)
    assert (job.target, job.request.time_limit_s) == ("orders", 12.5)


def test_a_run_that_fails_is_a_failed_task_that_says_why(served: Served, worker: ScriptedWorker) -> None:
    def fails(claim: object) -> str:
        raise ValueError("the tests of orders fail\x1b[31m")

    worker.scripts = {"broken": fails}
    found = _answered(served, "1.0", "JSONRPC", "Why is it broken?")
    assert found.states[-1] == State.TASK_STATE_FAILED
    assert found.texts[-1] == "the tests of orders fail?[31m"
    assert not found.artefacts


def test_a_run_whose_files_are_gone_is_still_an_answer(served: Served, worker: ScriptedWorker) -> None:
    worker.files = {}
    found = _answered(served, "1.0", "JSONRPC")
    assert found.states[-1] == State.TASK_STATE_COMPLETED
    assert not found.artefacts


def test_the_text_of_a_report_is_not_changed_on_its_way(served: Served, worker: ScriptedWorker) -> None:
    found = _answered(served, "1.0", "JSONRPC")
    assert json.loads(found.artefacts["report"].parts[1].raw)["outcome"] == "improved"


def test_every_state_of_a_job_has_its_state_in_a2a() -> None:
    from agent.doors.a2a.tasks import STATES

    assert len(set(STATES.values())) == len(STATES) == 5
    assert TaskState.TASK_STATE_UNSPECIFIED not in STATES.values()
