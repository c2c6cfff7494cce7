"""What is wrong with a call is said in A2A's own words, and nothing is begun."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from tests.doors.a2a.calls import (
    INVALID_PARAMS,
    INVALID_REQUEST,
    NO_JSON,
    NO_METHOD,
    VERSION,
    WHY,
    message,
    nothing_begun,
    refusal,
)
from tests.doors.a2a.conftest import OpenDesk
from tests.doors.a2a.served import Served, serving


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({}, INVALID_PARAMS),
        ({"message": {}}, INVALID_PARAMS),
        ({"message": {"messageId": "m", "role": "ROLE_USER", "parts": []}}, INVALID_PARAMS),
        ({"message": {"messageId": "", "role": "ROLE_USER", "parts": [{"text": WHY}]}}, INVALID_PARAMS),
        ({"message": {"messageId": "m", "role": "ROLE_AGENT", "parts": [{"text": WHY}]}}, INVALID_PARAMS),
        ({"message": {"messageId": "m", "role": "ROLE_USER", "parts": [{"text": "  "}]}}, INVALID_PARAMS),
        ({"message": {"messageId": "m", "role": "ROLE_USER", "parts": [{}]}}, INVALID_PARAMS),
        ({"message": {"messageId": 7, "role": "ROLE_USER", "parts": "x"}}, INVALID_PARAMS),
        ({"message": "why"}, INVALID_PARAMS),
        (["why"], INVALID_PARAMS),
    ],
)
@pytest.mark.parametrize("method", ["SendMessage", "SendStreamingMessage"])
def test_a_message_that_is_none_is_refused(idle: Served, method: str, params: Any, code: int) -> None:
    assert refusal(idle, method, params)[0] == code
    assert nothing_begun(idle)


@pytest.mark.parametrize("method", ["GetTask", "CancelTask", "SubscribeToTask"])
def test_a_call_without_the_tasks_id_is_refused(idle: Served, method: str) -> None:
    assert refusal(idle, method, {})[0] == INVALID_PARAMS


def test_a_method_that_is_none_and_a_call_that_is_none(idle: Served) -> None:
    assert refusal(idle, "Explode", {})[0] == NO_METHOD
    with httpx.Client(base_url=idle.url, headers=idle.headers(), trust_env=False) as http:
        for content, code in ((b"{", NO_JSON), (b"[]", INVALID_REQUEST), (b"7", INVALID_REQUEST)):
            answer = http.post("/a2a", content=content, headers={"Content-Type": "application/json"})
            assert answer.status_code == 200
            assert answer.json()["error"]["code"] == code


def test_a_version_that_is_not_spoken_is_refused(idle: Served) -> None:
    body = {"jsonrpc": "2.0", "id": 1, "method": "ListTasks", "params": {}}
    with httpx.Client(base_url=idle.url, headers=idle.headers(), trust_env=False) as http:
        for version in ("2.0", "x", ""):
            answer = http.post("/a2a", json=body, headers={"A2A-Version": version})
            assert answer.json()["error"]["code"] == VERSION


def test_a_tokens_limit_is_told_with_when_to_try_again(open_one: OpenDesk) -> None:
    with serving(open_one(access={"limits": {"waiting_jobs": 1}})) as served:
        assert "result" in asyncio.run(served.rpc("SendMessage", message()))
        code, text = refusal(served, "SendMessage", message(messageId="m2"))
        assert code == INVALID_REQUEST
        assert "LIMIT_REACHED" in text
        assert "retryAfterSeconds" in text


def test_a_token_that_may_not_ask_is_refused(idle: Served) -> None:
    idle.token("watcher", ())
    code, text = refusal(idle, "SendMessage", message(), "watcher")
    assert code == INVALID_REQUEST
    assert "FORBIDDEN" in text


def test_no_path_of_the_service_is_taken_by_the_sdks_routes_for_tenants(idle: Served) -> None:
    with httpx.Client(base_url=idle.url, headers=idle.headers(), trust_env=False) as http:
        assert http.get("/anything/a2a/v1/tasks").status_code == 404
        assert http.get("/healthz").status_code == 200
