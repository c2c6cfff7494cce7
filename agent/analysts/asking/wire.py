"""Messages as plain JSON and back: what is kept in a transcript and what a request is compared by."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import assert_never, cast

from agent.analysts.model import Block, Message, ModelCall, Opaque, Text, ToolResult, ToolUse


def written_message(message: Message) -> dict[str, object]:
    """A message as JSON."""
    return {"role": message.role, "blocks": [written_block(block) for block in message.blocks]}


def written_block(block: Block) -> dict[str, object]:
    """A block as JSON; `kind` tells which it is."""
    match block:
        case Text():
            return {"kind": "text", "text": block.text}
        case ToolUse():
            found: dict[str, object] = {
                "kind": "tool_use", "id": block.id, "name": block.name, "input": dict(block.input)
            }  # fmt: skip
            return {**found, "problem": block.problem} if block.problem else found
        case ToolResult():
            return {"kind": "tool_result", "id": block.id, "text": block.text, "is_error": block.is_error}
        case Opaque():
            return {"kind": "opaque", "content": dict(block.content)}
        case _:
            assert_never(block)


def read_message(found: object) -> Message:
    """A message from its JSON. Raises: ValueError saying what is wrong with it."""
    fields = _object(found)
    role = fields.get("role")
    blocks = fields.get("blocks")
    if role not in ("user", "assistant") or not isinstance(blocks, list):
        raise ValueError("a message has a role (user or assistant) and blocks")
    return Message(role=role, blocks=tuple(read_block(block) for block in blocks))


def read_block(found: object) -> Block:
    """A block from its JSON. Raises: ValueError saying what is wrong with it."""
    fields = _object(found)
    match fields.get("kind"):
        case "text":
            return Text(text=_text(fields, "text"))
        case "tool_use":
            return ToolUse(
                id=_text(fields, "id"),
                name=_text(fields, "name"),
                input=_object(fields.get("input")),
                problem=str(fields.get("problem", "")),
            )
        case "tool_result":
            return ToolResult(
                id=_text(fields, "id"), text=_text(fields, "text"), is_error=fields.get("is_error") is True
            )
        case "opaque":
            return Opaque(content=_object(fields.get("content")))
        case other:
            raise ValueError(f"a block of kind {other!r} isn't known")


def _object(found: object) -> Mapping[str, object]:
    if not isinstance(found, dict):
        raise ValueError("an object was expected")  # noqa: TRY004 - whoever reads a transcript expects one error
    return cast("Mapping[str, object]", found)


def _text(fields: Mapping[str, object], name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str):
        raise ValueError(f"{name} is no text")  # noqa: TRY004 - as above
    return value


def with_texts(call: ModelCall, change: Callable[[str], str]) -> ModelCall:
    """The same call with every text in it changed, those in the inputs of tools included."""
    messages = tuple(
        Message(role=m.role, blocks=tuple(_changed(block, change) for block in m.blocks))
        for m in call.messages
    )
    return replace(call, system=change(call.system), messages=messages)


def _changed(block: Block, change: Callable[[str], str]) -> Block:
    match block:
        case Text() | ToolResult():
            return replace(block, text=change(block.text))
        case ToolUse():
            return replace(block, input=_object(changed_json(dict(block.input), change)))
        case Opaque():
            return block
        case _:
            assert_never(block)


def changed_json(value: object, change: Callable[[str], str]) -> object:
    """A JSON value with every text in it changed; keys stay."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [changed_json(item, change) for item in value]
    if isinstance(value, dict):
        return {key: changed_json(item, change) for key, item in value.items()}
    return value


def digest(call: ModelCall) -> str:
    """SHA-256 of everything that a model is sent: the same request has the same one."""
    whole = [
        call.model, call.system, [[t.name, t.description, t.schema] for t in call.tools],
        [written_message(m) for m in call.messages], call.max_tokens,
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()
