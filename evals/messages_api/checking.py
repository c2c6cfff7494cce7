"""What the API would refuse in a request, in words like its own."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence

from evals.messages_api.accounting import marks

MOST_MARKS = 4
NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
FIELDS = {
    "model", "max_tokens", "messages", "system", "tools", "stream", "output_config", "thinking", "tool_choice",
    "metadata", "stop_sequences", "service_tier",
}  # fmt: skip
REQUIRED: Mapping[str, Mapping[str, type]] = {
    "text": {"text": str},
    "tool_use": {"id": str, "name": str, "input": dict},
    "tool_result": {"tool_use_id": str},
    "thinking": {"thinking": str, "signature": str},
    "redacted_thinking": {"data": str},
}
SIDES = {
    "tool_use": "assistant",
    "thinking": "assistant",
    "redacted_thinking": "assistant",
    "tool_result": "user",
}

Block = Mapping[str, object]


def problem(body: object) -> str:
    """The first thing that is wrong with a request, "" when it is well formed."""
    return next(_problems(body), "")


def signature_of(thinking: str) -> str:
    """What a block of thinking is signed with."""
    return hashlib.sha256(thinking.encode()).hexdigest()[:24]


def _problems(body: object) -> Iterator[str]:
    if not isinstance(body, Mapping):
        yield "the body must be a JSON object"
        return
    for name in sorted(set(body) - FIELDS):
        yield f"{name}: Extra inputs are not permitted"
    if not isinstance(body.get("model"), str):
        yield "model: Field required"
    longest = body.get("max_tokens")
    if not isinstance(longest, int) or longest < 1:
        yield "max_tokens: Field required, an integer greater than 0"
    yield from _tools(body.get("tools", []))
    if isinstance(system := body.get("system", []), list):
        for number, block in enumerate(system):
            yield from _block(block, "system", f"system.{number}")
    elif not isinstance(system, str):
        yield "system: Input should be a string or a list"
    yield from _messages(body.get("messages"))
    if marks(body) > MOST_MARKS:
        yield f"A maximum of {MOST_MARKS} blocks with cache_control may be provided. Found {marks(body)}."


def _tools(found: object) -> Iterator[str]:
    if not isinstance(found, list):
        yield "tools: Input should be a list"
        return
    names: set[str] = set()
    for number, tool in enumerate(found):
        where = f"tools.{number}"
        if not isinstance(tool, Mapping):
            yield f"{where}: Input should be an object"
            continue
        name, schema = tool.get("name"), tool.get("input_schema")
        if not isinstance(name, str) or not NAME.fullmatch(name):
            yield f"{where}.name: String should match pattern '^{NAME.pattern}$'"
        if name in names:
            yield "tools: Tool names must be unique."
        names.add(str(name))
        if not isinstance(schema, Mapping) or schema.get("type") != "object":
            yield f"{where}.input_schema.type: Input should be 'object'"


def _messages(found: object) -> Iterator[str]:
    if not isinstance(found, list) or not found:
        yield "messages: at least one message is required"
        return
    before: Sequence[Block] = ()
    for number, message in enumerate(found):
        where = f"messages.{number}"
        role = message.get("role") if isinstance(message, Mapping) else None
        wanted = "assistant" if number % 2 else "user"
        if role != wanted:
            yield f'{where}: roles must alternate between "user" and "assistant", found {role!r} for {wanted!r}'
            return
        blocks = _content(message.get("content"))
        if not blocks:
            yield f"{where}: all messages must have non-empty content"
        for place, block in enumerate(blocks):
            yield from _block(block, wanted, f"{where}.content.{place}")
        yield from _answered(before, blocks, where)
        before = blocks
    yield from _answered(before, (), f"messages.{len(found)}")


def _content(found: object) -> list[Block]:
    if isinstance(found, str):
        return [{"type": "text", "text": found}]
    return [block if isinstance(block, Mapping) else {} for block in found] if isinstance(found, list) else []


def _block(block: object, side: str, where: str) -> Iterator[str]:
    kind = block.get("type") if isinstance(block, Mapping) else None
    if not isinstance(block, Mapping) or not isinstance(kind, str) or kind not in REQUIRED:
        yield f"{where}.type: Input tag {kind!r} is not one of {', '.join(REQUIRED)}"
        return
    for name, type_ in REQUIRED[kind].items():
        if not isinstance(block.get(name), type_):
            yield f"{where}.{kind}.{name}: Field required"
            return
    if SIDES.get(kind, side) != side:
        yield f"{where}: `{kind}` blocks can only be in `{SIDES[kind]}` messages"
    if kind == "text" and not str(block["text"]).strip():
        yield f"{where}: text content blocks must contain non-whitespace text"
    if kind == "tool_use" and not NAME.fullmatch(str(block["name"])):
        yield f"{where}.tool_use.name: String should match pattern '^{NAME.pattern}$'"
    if kind == "thinking" and block["signature"] != signature_of(str(block["thinking"])):
        yield f"{where}: Invalid `signature` in `thinking` block"
    if (mark := block.get("cache_control")) is not None:
        if kind in ("thinking", "redacted_thinking"):
            yield f"{where}.{kind}.cache_control: Extra inputs are not permitted"
        if not isinstance(mark, Mapping) or mark.get("type") != "ephemeral":
            yield f"{where}.cache_control.type: Input should be 'ephemeral'"


def _answered(before: Sequence[Block], blocks: Sequence[Block], where: str) -> Iterator[str]:
    """Each use of a tool has its result at the beginning of the next message, and each result its use."""
    asked = [block.get("id") for block in before if block.get("type") == "tool_use"]
    given = [block.get("tool_use_id") for block in blocks if block.get("type") == "tool_result"]
    if len(set(asked)) != len(asked):
        yield f"{where}: `tool_use` ids must be unique"
    first = [block.get("tool_use_id") for block in blocks[: len(given)] if block.get("type") == "tool_result"]
    if missing := [str(one) for one in asked if one not in first]:
        yield (
            f"{where}: `tool_use` ids were found without `tool_result` blocks immediately after: {', '.join(missing)}"
        )
    if len(set(given)) != len(given):
        yield f"{where}: each tool_use must have a single result"
    if unknown := [str(one) for one in given if one not in asked]:
        yield f"{where}: unexpected `tool_use_id` found in `tool_result` blocks: {', '.join(unknown)}"
