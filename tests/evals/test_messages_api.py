"""The scripted API is as strict as the real one: a request that it takes is well formed."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import cast

import pytest

from evals.messages_api import Says, ScriptedApi, Uses

HEADERS = {"x-api-key": "k", "anthropic-version": "2026-10-21", "content-type": "application/json"}
USER = {"role": "user", "content": [{"type": "text", "text": "Why?"}]}
USED = {"role": "assistant", "content": [{"type": "tool_use", "id": "t1", "name": "top", "input": {}}]}
RESULT = {"type": "tool_result", "tool_use_id": "t1", "content": "main"}
MARKED = {"type": "text", "text": "x", "cache_control": {"type": "ephemeral"}}
TOOL = {"name": "top", "description": "Top.", "input_schema": {"type": "object"}}


def post(
    api: ScriptedApi, body: dict[str, object], headers: dict[str, str] | None = None
) -> dict[str, object]:
    request = urllib.request.Request(
        f"{api.url}/v1/messages", json.dumps(body).encode(), HEADERS if headers is None else headers
    )
    with urllib.request.urlopen(request, timeout=5) as answer:
        return cast("dict[str, object]", json.load(answer))


def body(*messages: object, **more: object) -> dict[str, object]:
    return {
        "model": "claude-opus-5-5", "max_tokens": 10, "tools": [TOOL], "messages": list(messages) or [USER], **more
    }  # fmt: skip


def test_a_plain_reply_is_the_apis_json() -> None:
    with ScriptedApi([Uses(("top", {"limit": 1}))]) as api:
        reply = post(api, body())
    assert reply["stop_reason"] == "tool_use"
    assert reply["role"] == "assistant"


@pytest.mark.parametrize(
    "wrong",
    [
        body(USER, USER),
        body(USER, USED, USER),
        body(USER, USED, {"role": "user", "content": [{**RESULT, "tool_use_id": "t9"}]}),
        body({"role": "user", "content": [MARKED] * 5}),
        body(max_tokens=0),
        body(tools=[{**TOOL, "name": "no spaces please"}]),
        body(tools=[{**TOOL, "input_schema": {"type": "string"}}]),
        body({"role": "user", "content": []}),
        body({"role": "user", "content": [{"type": "text", "text": ""}]}),
        {"model": "claude-opus-5-5", "messages": [USER]},
    ],
    ids=[
        "turns", "unanswered", "other-id", "breakpoints", "no-tokens", "name", "schema", "empty", "no-text", "no-max"
    ],
)  # fmt: skip
def test_a_request_that_the_real_api_refuses_is_refused(wrong: dict[str, object]) -> None:
    with ScriptedApi([Says("never")]) as api:
        with pytest.raises(urllib.error.HTTPError) as raised:
            post(api, wrong)
        assert raised.value.code == 400
        raised.value.close()
        assert api.left == 1


def test_a_request_without_a_key_is_refused() -> None:
    with ScriptedApi([Says("never")]) as api:
        with pytest.raises(urllib.error.HTTPError) as raised:
            post(api, body(), {"anthropic-version": "2026-10-21", "content-type": "application/json"})
        assert raised.value.code == 401
        raised.value.close()


def test_what_was_sent_before_up_to_a_breakpoint_is_read_from_the_cache() -> None:
    long = {"role": "user", "content": [{**MARKED, "text": "word " * 2_000}]}
    more = {"role": "user", "content": [{**MARKED, "text": "more"}]}
    answer = {"role": "assistant", "content": [{"type": "text", "text": "Yes."}]}
    with ScriptedApi([Says("Yes."), Says("Yes."), Says("Yes.")]) as api:
        post(api, body(long))
        post(api, body(long, answer, more))
        post(api, body({"role": "user", "content": [{**MARKED, "text": "other " * 2_000}]}))
    first, second, third = (seen.count for seen in api.seen)
    assert first is not None
    assert second is not None
    assert third is not None
    assert first.cache_read_tokens == 0
    assert second.cache_read_tokens == first.cache_write_tokens > 1_000
    assert third.cache_read_tokens == 0


def test_a_script_that_has_ended_is_an_error_and_no_reply() -> None:
    with ScriptedApi([]) as api:
        with pytest.raises(urllib.error.HTTPError) as raised:
            post(api, body())
        raised.value.close()
