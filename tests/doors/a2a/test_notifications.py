"""Push notifications: to addresses on allowed hosts only, with the client's own secrets, across restarts."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterator

import pytest
from a2a.client import Client
from a2a.types import (
    AuthenticationInfo,
    DeleteTaskPushNotificationConfigRequest,
    GetTaskPushNotificationConfigRequest,
    ListTaskPushNotificationConfigsRequest,
    SendMessageRequest,
    TaskPushNotificationConfig,
)
from a2a.utils.errors import (
    InvalidParamsError,
    PushNotificationNotSupportedError,
    TaskNotFoundError,
)

from agent.doors.a2a.webhooks import check_address
from agent.jobs.desk import Desk
from tests.doors.a2a.conftest import OpenDesk
from tests.doors.a2a.hooks import Hooks
from tests.doors.a2a.reports import run_files
from tests.doors.a2a.scripts import slowly
from tests.doors.a2a.served import Served, asking, serving, told
from tests.jobs.scripted import ScriptedWorker


@pytest.fixture
def hooks() -> Iterator[Hooks]:
    """Where notifications go."""
    with Hooks() as hooks:
        yield hooks


@pytest.fixture
def desk(open_one: OpenDesk, hooks: Hooks) -> Desk:
    """One that may send there."""
    return open_one(doors={"http": {"push_hosts": [hooks.host]}})


def _with_hook(text: str, url: str, **config: object) -> SendMessageRequest:
    request = asking(text, at_once=True)
    hook = TaskPushNotificationConfig(url=url, **config)  # type: ignore[arg-type]
    request.configuration.task_push_notification_config.CopyFrom(hook)
    return request


async def _send(served: Served, request: SendMessageRequest, version: str = "1.0") -> str:
    async with served.client(version=version, streaming=False) as client:
        return (await told(client.send_message(request))).id


def test_a_message_that_asks_for_it_is_notified_of_findings_and_the_end(
    served: Served, worker: ScriptedWorker, hooks: Hooks
) -> None:
    auth = AuthenticationInfo(scheme="Bearer", credentials="c-secret")
    request = _with_hook("Why?", f"http://{hooks.host}/hook?x=1", token="t-secret", authentication=auth)
    task = asyncio.run(_send(served, request))
    hooks.wait_for("TASK_STATE_COMPLETED")
    assert hooks.states == ["TASK_STATE_WORKING"] * (len(hooks.states) - 1) + ["TASK_STATE_COMPLETED"]
    assert {n.body["statusUpdate"]["metadata"]["event"] for n in hooks.seen} == {
        "started",
        "finding",
        "verdict",
        "ended",
    }
    for notified in hooks.seen:
        assert notified.path == "/hook?x=1"
        assert notified.headers["X-A2A-Notification-Token"] == "t-secret"
        assert notified.headers["Authorization"] == "Bearer c-secret"
        assert notified.body["statusUpdate"]["taskId"] == task


def test_a_client_of_version_0_3_is_sent_the_whole_task(
    served: Served, worker: ScriptedWorker, hooks: Hooks
) -> None:
    request = _with_hook("Why?", f"http://{hooks.host}/hook", token="t")
    task = asyncio.run(_send(served, request, version="0.3"))
    hooks.wait_for('"completed"')
    last = hooks.seen[-1].body
    assert (last["kind"], last["id"], last["status"]["state"]) == ("task", task, "completed")
    assert last["artifacts"][0]["parts"][0]["kind"] == "text"


def test_addresses_are_set_got_listed_and_deleted_without_their_secrets(
    served: Served, worker: ScriptedWorker, hooks: Hooks
) -> None:
    async def scenario() -> None:
        async with served.client(streaming=False) as client:
            task = (await told(client.send_message(asking("Why does it run slowly?", at_once=True)))).id
            hook = TaskPushNotificationConfig(
                task_id=task, id="mine", url=f"http://{hooks.host}/", token="t-secret"
            )
            await client.create_task_push_notification_config(hook)
            got = await client.get_task_push_notification_config(
                GetTaskPushNotificationConfigRequest(task_id=task, id="mine")
            )
            assert (got.id, got.task_id, got.url, got.token) == ("mine", task, hook.url, "")
            listed = await client.list_task_push_notification_configs(
                ListTaskPushNotificationConfigsRequest(task_id=task)
            )
            assert [config.id for config in listed.configs] == ["mine"]
            await client.delete_task_push_notification_config(
                DeleteTaskPushNotificationConfigRequest(task_id=task, id="mine")
            )
            with pytest.raises(TaskNotFoundError):
                await client.get_task_push_notification_config(
                    GetTaskPushNotificationConfigRequest(task_id=task, id="mine")
                )
            await _others_see_nothing(served, task)

    asyncio.run(scenario())


async def _others_see_nothing(served: Served, task: str) -> None:
    async with served.client("bob") as bob:
        with pytest.raises(TaskNotFoundError):
            await bob.list_task_push_notification_configs(
                ListTaskPushNotificationConfigsRequest(task_id=task)
            )


def test_a_task_has_at_most_five_addresses(served: Served, worker: ScriptedWorker, hooks: Hooks) -> None:
    async def add(client: Client, task: str, identity: str) -> None:
        hook = TaskPushNotificationConfig(task_id=task, id=identity, url=f"http://{hooks.host}/{identity}")
        await client.create_task_push_notification_config(hook)

    async def scenario() -> None:
        async with served.client(streaming=False) as client:
            task = (await told(client.send_message(asking("Why does it run slowly?", at_once=True)))).id
            for n in range(5):
                await add(client, task, str(n))
            await add(client, task, "4")
            with pytest.raises(InvalidParamsError):
                await add(client, task, "5")

    asyncio.run(scenario())


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/meta-data",
        "http://localhost:1/",
        "http://127.0.0.1/",
        "http://127.0.0.1:22/",
        "file:///etc/passwd",
        "gopher://127.0.0.1/",
        "http://HOST@evil.example/",
        "http://user:word@HOST/",
        "http://evil.example/#HOST",
        "http://evil.example\\@HOST/",
        "http://HOST.evil.example/",
        "//HOST/",
        "HOST",
        "http://[::1/",
        "http://HOST/a b",
        "http://HOST/\r\nX: y",
    ],
)
def test_nothing_is_sent_to_another_host(
    served: Served, worker: ScriptedWorker, hooks: Hooks, url: str
) -> None:
    request = _with_hook("Why?", url.replace("HOST", hooks.host))
    with pytest.raises(InvalidParamsError):
        asyncio.run(_send(served, request))
    assert not served.desk.records.jobs()  # refused before anything was begun


def test_a_host_without_a_port_is_allowed_at_its_usual_ports_only() -> None:
    for url in (
        "https://h.example/x",
        "http://h.example/",
        "https://H.Example:443/",
        "https://[2001:db8::1]/",
    ):
        check_address(url, ("h.example", "[2001:db8::1]"))
    for url in (
        "https://h.example:8443/",
        "http://h.example:443/",
        "https://example/",
        "https://h.example.x/",
    ):
        with pytest.raises(InvalidParamsError):
            check_address(url, ("h.example",))


@pytest.mark.parametrize("secret", ["a\r\nX-Evil: 1", "ä", " a", "x" * 5000])
def test_a_token_that_can_not_stand_in_a_header_is_refused(
    served: Served, worker: ScriptedWorker, hooks: Hooks, secret: str
) -> None:
    with pytest.raises(InvalidParamsError):
        asyncio.run(_send(served, _with_hook("Why?", f"http://{hooks.host}/", token=secret)))


def test_where_no_host_is_allowed_it_is_said_that_there_are_no_notifications(open_one: OpenDesk) -> None:
    with serving(open_one()) as served, pytest.raises(PushNotificationNotSupportedError):
        asyncio.run(_send(served, _with_hook("Why?", "https://hooks.example.org/")))


def test_a_redirect_is_not_followed(served: Served, worker: ScriptedWorker, hooks: Hooks) -> None:
    with Hooks() as inside:
        hooks.statuses, hooks.location = [307] * 20, f"http://{inside.host}/secret"
        asyncio.run(_send(served, _with_hook("Why?", f"http://{hooks.host}/")))
        hooks.wait_for("TASK_STATE_COMPLETED")
        assert inside.seen == []


def test_a_server_that_fails_for_a_moment_is_tried_again(
    served: Served, worker: ScriptedWorker, hooks: Hooks
) -> None:
    hooks.statuses = [503]
    asyncio.run(_send(served, _with_hook("Why?", f"http://{hooks.host}/")))
    hooks.wait_for("TASK_STATE_COMPLETED")
    assert hooks.seen[0].body == hooks.seen[1].body


def test_a_server_that_refuses_costs_nothing_and_no_secret_is_logged(
    served: Served, worker: ScriptedWorker, hooks: Hooks, caplog: pytest.LogCaptureFixture
) -> None:
    hooks.statuses = [403] * 20
    with caplog.at_level(logging.DEBUG, logger="agent"):
        request = _with_hook("Why?", f"http://{hooks.host}/path-secret", token="t-secret")
        asyncio.run(_send(served, request))
        hooks.wait_for("TASK_STATE_COMPLETED")
    assert "t-secret" not in caplog.text
    assert "path-secret" not in caplog.text


def test_after_a_restart_the_rest_is_notified(open_one: OpenDesk, hooks: Hooks) -> None:
    push = {"http": {"push_hosts": [hooks.host]}}
    tokens: dict[str, str] = {}
    desk = open_one(doors=push)
    worker = ScriptedWorker(open_one(), files=run_files())
    worker.scripts = {"slowly": slowly(worker, 1.0)}
    with worker:
        with serving(desk, tokens) as served:
            asyncio.run(_send(served, _with_hook("Why does it run slowly?", f"http://{hooks.host}/")))
            hooks.wait_for("TASK_STATE_WORKING")
        assert "TASK_STATE_COMPLETED" not in hooks.states
        with serving(open_one(doors=push), tokens):
            hooks.wait_for("TASK_STATE_COMPLETED")
    events = [n.body["statusUpdate"]["metadata"]["event"] for n in hooks.seen]
    assert events == ["started", "finding", "verdict", "ended"]


def test_the_addresses_of_a_task_that_has_ended_are_forgotten(
    served: Served, worker: ScriptedWorker, hooks: Hooks
) -> None:
    asyncio.run(_send(served, _with_hook("Why?", f"http://{hooks.host}/", token="t-secret")))
    hooks.wait_for("TASK_STATE_COMPLETED")
    for _ in range(200):
        kept = served.desk.records.notes("a2a:push:")
        if not kept:
            return
        asyncio.run(asyncio.sleep(0.02))
    raise AssertionError(json.dumps(kept))


def test_a_task_that_waits_for_a_choice_notifies_once_it_goes_on(open_one: OpenDesk, hooks: Hooks) -> None:
    path = open_one().settings.targets["orders"].path
    two = {"orders": {"path": path}, "billing": {"path": path}}
    desk = open_one(doors={"http": {"push_hosts": [hooks.host]}}, targets=two)

    async def scenario(served: Served) -> None:
        task = await _send(served, _with_hook("Why is it slow?", f"http://{hooks.host}/"))
        assert hooks.seen == []
        await _send(served, asking("orders", task=task, at_once=True))

    with ScriptedWorker(desk, files=run_files()), serving(desk) as served:
        asyncio.run(scenario(served))
        hooks.wait_for("TASK_STATE_COMPLETED")
