"""What a message may name and hold: nothing but text about named targets, and not too much of it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from agent.jobs.desk import Desk
from tests.doors.a2a.calls import (
    CONTENT_TYPE,
    INVALID_PARAMS,
    NOT_FOUND,
    WHY,
    message,
    nothing_begun,
    refusal,
)
from tests.doors.a2a.conftest import OpenDesk
from tests.doors.a2a.served import Served, State, Told, ask, serving


@pytest.mark.parametrize(
    "text",
    ["Why is /etc slow?", "profile ../../root/.ssh", "pid:1 is slow", "http://169.254.169.254/ is slow"],
)
def test_a_path_a_process_or_an_address_in_a_message_is_only_words(idle: Served, text: str) -> None:
    async def scenario() -> Told:
        async with idle.client() as client:
            return await ask(client, text)

    assert asyncio.run(scenario()).states == [State.TASK_STATE_INPUT_REQUIRED]
    assert nothing_begun(idle)


@pytest.mark.parametrize(
    "target", ["/etc", "../orders", "nothing", "stock", "pid:1", "http://localhost:6060"]
)
def test_an_unknown_target_is_refused_with_the_known_ones(two_targets: Desk, target: str) -> None:
    with serving(two_targets) as served:
        code, text = refusal(served, "SendMessage", message({"text": WHY}, {"data": {"target": target}}))
        assert code == INVALID_PARAMS
        assert "known are billing, orders" in text
        assert nothing_begun(served)


def test_an_unknown_workload_is_refused(two_targets: Desk) -> None:
    picked = {"data": {"target": "orders", "workload": "huge"}}
    with serving(two_targets) as served:
        assert refusal(served, "SendMessage", message({"text": WHY}, picked))[0] == INVALID_PARAMS


@pytest.mark.parametrize(
    "data",
    [
        {"path": "/etc"},
        {"command": ["rm"]},
        {"target": ["orders"]},
        {"target": ""},
        {"time_limit_s": -1},
        {"time_limit_s": "long"},
        {"target": "x" * 65},
        ["orders"],
        "orders",
        {"time_limit_s": True},
    ],
)
def test_a_data_part_with_anything_else_says_what_is_known(idle: Served, data: Any) -> None:
    code, text = refusal(idle, "SendMessage", message({"text": WHY}, {"data": data}))
    assert code == INVALID_PARAMS
    assert "target, workload, time_limit_s" in text
    assert nothing_begun(idle)


def test_a_data_part_with_a_number_that_json_has_not_is_refused(idle: Served) -> None:
    code, _ = refusal(idle, "SendMessage", message({"text": WHY}, {"data": {"time_limit_s": "NaN"}}))
    assert code == INVALID_PARAMS
    with httpx.Client(base_url=idle.url, headers=idle.headers(), trust_env=False) as http:
        body = b'{"message":{"messageId":"m","role":"ROLE_USER","parts":[{"text":"why"},{"data":NaN}]}}'
        headers = {"Content-Type": "application/json", "A2A-Version": "1.0"}
        assert http.post("/a2a/v1/message:send", content=body, headers=headers).status_code == 400


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b"7",
        b"null",
        b"[" * 50_000,
        b'{"message":' * 5000,
        b'{"message":{"parts":[{"text":"\\ud800"}]}}',
    ],
)
def test_a_body_that_is_no_message_is_never_a_failure_of_the_service(idle: Served, body: bytes) -> None:
    with httpx.Client(base_url=idle.url, headers=idle.headers(), trust_env=False) as http:
        headers = {"Content-Type": "application/json", "A2A-Version": "1.0"}
        for path in ("/a2a/v1/message:send", "/a2a/v1/message:stream"):
            assert http.post(path, content=body, headers=headers).status_code == 400
        assert "error" in http.post("/a2a", content=body, headers=headers).json()


@pytest.mark.parametrize(
    "part",
    [
        {"raw": "aGVsbG8=", "filename": "main.go", "mediaType": "text/plain"},
        {"url": "file:///etc/passwd"},
        {"text": "<p>why</p>", "mediaType": "text/html"},
        {"text": WHY, "mediaType": "application/x-sh"},
    ],
)
def test_files_links_and_other_media_types_are_not_taken(idle: Served, part: Mapping[str, Any]) -> None:
    assert refusal(idle, "SendMessage", message(part))[0] == CONTENT_TYPE
    assert nothing_begun(idle)


def test_whoever_accepts_nothing_that_there_is_is_told(idle: Served) -> None:
    params = message()
    params["configuration"]["acceptedOutputModes"] = ["video/mp4"]
    assert refusal(idle, "SendMessage", params)[0] == CONTENT_TYPE
    assert nothing_begun(idle)


@pytest.mark.parametrize("modes", [["text"], ["text/plain", "video/mp4"], ["*/*"], ["application/json"]])
def test_whoever_accepts_some_of_it_is_served(served: Served, modes: list[str]) -> None:
    params = message()
    params["configuration"]["acceptedOutputModes"] = modes
    assert "result" in asyncio.run(served.rpc("SendMessage", params))


@pytest.mark.parametrize(
    ("content_type", "body", "status"),
    [
        ("text/plain", b"{}", 415),
        ("application/x-www-form-urlencoded", b"a=b", 415),
        ("application/json; charset=utf-16", "{}".encode("utf-16"), 415),
        ("application/json", b"\xff\xfe", 400),
        ("", b"", 415),
    ],
)
@pytest.mark.parametrize("path", ["/a2a", "/a2a/v1/message:send"])
def test_a_body_that_is_not_json_is_refused(
    idle: Served, path: str, content_type: str, body: bytes, status: int
) -> None:
    headers = {**idle.headers(), "A2A-Version": "1.0"} | (
        {"Content-Type": content_type} if content_type else {}
    )
    with httpx.Client(base_url=idle.url, trust_env=False) as http:
        answer = http.post(path, content=body, headers=headers)
    assert answer.status_code == status or (path != "/a2a" and not body and answer.status_code == 400)


def test_a_request_that_is_too_large_is_refused_before_it_is_read(open_one: OpenDesk) -> None:
    with serving(open_one(doors={"http": {"body_limit_bytes": 2000}})) as served:
        with httpx.Client(base_url=served.url, headers=served.headers(), trust_env=False) as http:
            params = message({"text": "x" * 3000})
            body = {"jsonrpc": "2.0", "id": 1, "method": "SendMessage", "params": params}
            for path in ("/a2a", "/a2a/v1/message:send"):
                assert http.post(path, json=body, headers={"A2A-Version": "1.0"}).status_code == 413
        assert nothing_begun(served)


@pytest.mark.parametrize("value", ["x" * 201, "a\x00b", "a\nb"])
@pytest.mark.parametrize("name", ["messageId", "contextId", "taskId"])
def test_an_id_that_is_too_long_or_not_printable_is_refused(idle: Served, name: str, value: str) -> None:
    assert refusal(idle, "SendMessage", message(**{name: value}))[0] == INVALID_PARAMS
    assert nothing_begun(idle)


@pytest.mark.parametrize("value", ["x" * 100_000, "a\x00b"])
@pytest.mark.parametrize("method", ["GetTask", "CancelTask", "SubscribeToTask"])
def test_a_task_by_an_id_that_can_be_none_is_not_there(idle: Served, method: str, value: str) -> None:
    assert refusal(idle, method, {"id": value})[0] == NOT_FOUND


def test_control_characters_in_a_question_are_spaces(served: Served) -> None:
    found = asyncio.run(served.rpc("SendMessage", message({"text": "Why\x00is it\x1b[31m slow?"})))
    assert served.desk.records.job(found["result"]["task"]["id"]).question == "Why is it [31m slow?"


def test_a_question_that_is_too_long_is_refused(idle: Served) -> None:
    code, text = refusal(idle, "SendMessage", message({"text": "why " * 2500}))
    assert code == INVALID_PARAMS
    assert "at most" in text
