"""Which tools there are, what a client is told of them, and that nothing outside of their schemas is taken."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest
from mcp import Client

from agent.doors.mcp.names import TOOLS
from tests.doors.mcp.scene import MODES, Mode, Scene

LONG = "x" * 5_000


@pytest.mark.parametrize("mode", MODES)
def test_a_client_of_any_protocol_finds_every_tool_with_both_schemas(scene: Scene, mode: Mode) -> None:
    async def listed(client: Client) -> dict[str, Any]:
        return {tool.name: tool for tool in (await client.list_tools()).tools}

    tools = scene.talk(listed, mode=mode)
    assert tuple(tools) == TOOLS
    for tool in tools.values():
        assert tool.description and "Raises" not in tool.description
        assert tool.input_schema["additionalProperties"] is False
        jsonschema.Draft202012Validator.check_schema(tool.input_schema)
        jsonschema.Draft202012Validator.check_schema(tool.output_schema)
        assert "context" not in tool.input_schema["properties"]
    assert [name for name, tool in tools.items() if tool.annotations.read_only_hint] == [
        "report", "top", "peek", "annotated_source", "compare",
    ]  # fmt: skip
    assert not any(tool.annotations.destructive_hint for tool in tools.values())


def test_comparisons_are_called_so_and_the_sign_for_nothing_shown_is_explained(scene: Scene) -> None:
    async def schemas(client: Client) -> dict[str, Any]:
        return {tool.name: tool.output_schema for tool in (await client.list_tools()).tools}

    found = scene.talk(schemas)
    assert "comparisons" in found["verify_change"]["properties"]
    for name in ("verify_change", "optimize"):
        about = found[name]["$defs"]["Compared"]["properties"]["change"]["description"]
        assert "`~`" in about and "Holm" in about and "interval alone" in about
        assert "gains" not in str(found[name])


def test_what_a_model_reads_before_its_first_call_is_short(scene: Scene) -> None:
    async def told(client: Client) -> int:
        tools = (await client.list_tools()).tools
        return sum(len(tool.description or "") + len(str(tool.input_schema)) for tool in tools)

    assert scene.talk(told) < 24_000


@pytest.mark.parametrize(
    ("tool", "arguments", "named"),
    [
        ("profile", {"path": "/etc"}, "'path'"),
        ("profile", {"command": ["sh", "-c", "id"], "target": "orders"}, "'command'"),
        ("profile", {"context": "x"}, "'context'"),
        ("profile", {"target": 7}, "target"),
        ("profile", {"target": ["orders"]}, "target"),
        ("profile", {"target": "x" * 1_001}, "target"),
        ("profile", {"question": LONG}, "question"),
        ("profile", {"sizes": [0]}, "sizes"),
        ("optimize", {"sizes": [10**13]}, "sizes"),
        ("verify_change", {"patch": "x", "sizes": [1] * 13}, "sizes"),
        ("profile", {"sizes": "100"}, "sizes"),
        ("profile", {"wait_s": -1}, "wait_s"),
        ("profile", {"wait_s": "for ever"}, "wait_s"),
        ("optimize", {"tokens": 10_000_000}, "tokens"),
        ("optimize", {"tokens": 1}, "tokens"),
        ("verify_change", {"patch": "x", "minimum_gain": 2}, "minimum_gain"),
        ("verify_change", {"patch": "x", "no_slower": "perhaps"}, "no_slower"),
        ("report", {}, "run"),
        ("report", {"run": "r", "format": "html"}, "format"),
        ("report", {"run": "r", "offset": -1}, "offset"),
        ("top", {}, "profile"),
        ("top", {"profile": "cpu", "by": "name"}, "by"),
        ("top", {"profile": "cpu", "limit": 0}, "limit"),
        ("peek", {"profile": "cpu"}, "function"),
        ("annotated_source", {"profile": "cpu", "function": "f", "limit": 50}, "limit"),
        ("compare", {"before": "cpu"}, "after"),
        ("compare", {"before": "cpu", "after": {"x": 1}}, "after"),
    ],
)
def test_arguments_outside_the_schema_are_refused_by_name_and_start_nothing(
    scene: Scene, tool: str, arguments: dict[str, Any], named: str
) -> None:
    refusal = scene.call(tool, **arguments).refusal
    assert named in refusal
    assert len(refusal) < 1_000
    assert "pydantic" not in refusal
    assert not scene.desk.records.jobs()


def test_a_tool_that_is_not_there_is_an_error_and_not_the_end(scene: Scene) -> None:
    async def then_another(client: Client) -> bool:
        failed = await client.call_tool("rm", {})
        assert failed.is_error
        return bool((await client.list_tools()).tools)

    assert scene.talk(then_another)
