"""One application carries every door, behind one entry."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from agent.doors.web.app import DOORS
from tests.doors.web.living import Service, serving, settings_in
from tests.doors.web.test_refusals import problem


@pytest.fixture
def whole(tmp_path: Path) -> Iterator[Service]:
    """A service with all doors; Slack isn't switched on."""
    with serving(settings_in(tmp_path), DOORS) as service:
        yield service


def test_the_agent_card_is_for_everyone_and_names_the_real_address(whole: Service) -> None:
    with whole.client(None) as client:
        card = client.get("/.well-known/agent-card.json")
    assert card.status_code == 200
    assert all(found["url"].startswith(whole.url) for found in card.json()["supportedInterfaces"])


@pytest.mark.parametrize(
    "path", ["/a2a", "/a2a/v1/message:send", "/mcp", "/slack/events", "/.well-known/other"]
)
def test_no_other_path_of_any_door_is_open(whole: Service, path: str) -> None:
    with whole.client(None) as client:
        problem(client.post(path, json={}), 401)


def test_a_body_that_is_too_large_is_refused_at_every_door(whole: Service) -> None:
    limit = whole.desk.settings.doors.http.body_limit_bytes

    def pieces() -> Iterator[bytes]:
        for _ in range(limit // 1000 + 2):
            yield b" " * 1000

    with whole.client(**{"Content-Type": "application/json"}) as client:
        for path in ("/a2a", "/a2a/v1/message:send", "/mcp"):
            assert client.post(path, content=pieces()).status_code == 413


def test_agents_reach_their_tools_with_the_same_token(whole: Service) -> None:
    async def names() -> list[str]:
        headers = {"Authorization": f"Bearer {whole.tokens['ada']}"}
        http = httpx2.AsyncClient(headers=headers, trust_env=False)
        reached = streamable_http_client(f"{whole.url}/mcp", http_client=http)
        async with http, Client(reached) as client:
            return [tool.name for tool in (await client.list_tools()).tools]

    assert "profile" in asyncio.run(names())


def test_slack_comes_in_by_its_signature_instead_of_a_token(tmp_path: Path) -> None:
    slack = {"enabled": True, "api_url": "http://127.0.0.1:1/api/"}
    environment = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_SIGNING_SECRET": "s"}
    settings = settings_in(tmp_path, doors={"slack": slack})
    with serving(settings, DOORS, environment) as service, service.client(None) as client:
        answer = client.post("/slack/events", json={"type": "url_verification", "challenge": "c"})
        assert (answer.status_code, "isn't signed by Slack" in answer.text) == (401, True)
        problem(client.post("/slack/other", json={}), 401)
