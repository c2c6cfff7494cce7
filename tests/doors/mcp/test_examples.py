"""The ready .mcp.json files: what they start and name is there, and no secret stands in them."""

from __future__ import annotations

import importlib.util
import json
from typing import Any

from agent.doors.mcp.names import NAME
from agent.resources import examples_dir

FOLDER = examples_dir() / "mcp"


def server_in(name: str) -> dict[str, Any]:
    """The one server that a file names."""
    found: dict[str, Any] = json.loads((FOLDER / name).read_text(encoding="utf-8"))["mcpServers"]
    assert list(found) == [NAME]
    server: dict[str, Any] = found[NAME]
    return server


def test_the_local_one_starts_a_command_that_there_is() -> None:
    server = server_in(".mcp.json")
    assert (server["type"], server["command"], server["args"]) == ("stdio", "ask-profiler", ["mcp"])
    assert importlib.util.find_spec("agent.doors.cli.mcp")


def test_the_one_for_a_service_takes_address_and_token_from_the_environment() -> None:
    server = server_in("service/.mcp.json")
    assert server["type"] == "http"
    assert server["url"].startswith("${ASK_PROFILER_URL:-http://127.0.0.1:8080}")
    assert server["url"].endswith("/mcp")
    assert server["headers"] == {"Authorization": "Bearer ${ASK_PROFILER_TOKEN}"}
