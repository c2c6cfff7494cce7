"""The body of a request to the Messages API, marked so that a conversation is read from the API's cache.

Source: platform.claude.com, "Messages" and "Prompt caching".
"""

from __future__ import annotations

from typing import assert_never

from agent.analysts.model import Block, Message, ModelCall, Opaque, Text, ToolResult, ToolSpec, ToolUse

NOTHING = "(nothing)"
"""What a turn says that would otherwise be empty, which the API refuses."""

_Part = dict[str, object]


def body(call: ModelCall, effort: str | None) -> dict[str, object]:
    """The request as JSON, to be streamed.

    Three breakpoints of the cache's four: the end of what holds for the whole conversation (tools, then system), the
    last message, and the message of ours before it. The API looks for what it knows only twenty blocks back from a
    breakpoint, which a turn with many tools may exceed.
    """
    tools = [_tool(spec) for spec in call.tools]
    system: list[_Part] = [{"type": "text", "text": call.system}] if call.system.strip() else []
    messages = [_message(message) for message in call.messages]
    for fixed in (system, tools):
        if fixed:
            _mark(fixed[-1])
            break
    ours = [
        parts for message, (_, parts) in zip(call.messages, messages, strict=True) if message.role == "user"
    ]
    for parts in ours[-2:]:
        _mark(parts[-1])
    made: dict[str, object] = {
        "model": call.model,
        "max_tokens": call.max_tokens,
        "messages": [{"role": role, "content": parts} for role, parts in messages],
        "stream": True,
    }
    if system:
        made["system"] = system
    if tools:
        made["tools"] = tools
    if effort is not None:
        made["output_config"] = {"effort": effort}
    return made


def _mark(part: _Part) -> None:
    part["cache_control"] = {"type": "ephemeral"}


def _tool(spec: ToolSpec) -> _Part:
    return {"name": spec.name, "description": spec.description, "input_schema": dict(spec.schema)}


def _message(message: Message) -> tuple[str, list[_Part]]:
    """A turn; what tools answered goes before words, as the API wants it."""
    said = [block for block in message.blocks if not (isinstance(block, Text) and not block.text.strip())]
    if message.role == "user":
        said.sort(key=lambda block: not isinstance(block, ToolResult))
    parts = [_part(block) for block in said]
    return message.role, parts or [{"type": "text", "text": NOTHING}]


def _part(block: Block) -> _Part:
    match block:
        case Text():
            return {"type": "text", "text": block.text}
        case ToolUse():
            return {"type": "tool_use", "id": block.id, "name": block.name, "input": dict(block.input)}
        case ToolResult():
            found: _Part = {"type": "tool_result", "tool_use_id": block.id, "content": block.text}
            return {**found, "is_error": True} if block.is_error else found
        case Opaque():
            return dict(block.content)
        case _:
            assert_never(block)
