"""A reply of the Messages API, put together from the events of its stream.

The SDK would put it together, too, but it completes the input of a tool that was cut off: half a list of edits would
look like a whole one. Here the input is read when its last piece has come, and what can't be read is a problem.

Source: platform.claude.com, "Streaming messages".
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

from agent.analysts.model import Block, Json, ModelReply, Opaque, StopReason, Text, ToolUse, Usage

CONTEXT_FULL = "model_context_window_exceeded"
MOST_BLOCKS = 1000
LONGEST_NAME = 64
_STOPS: Mapping[str, StopReason] = {
    "end_turn": "end_turn",
    "tool_use": "tool_use",
    "max_tokens": "max_tokens",
    "refusal": "refusal",
}
_PIECES = {"text_delta": "text", "thinking_delta": "thinking", "signature_delta": "signature"}
_COUNTS = {
    "input_tokens": "input_tokens",
    "output_tokens": "output_tokens",
    "cache_read_input_tokens": "cache_read_tokens",
    "cache_creation_input_tokens": "cache_write_tokens",
}


class NotAStream(ValueError):
    """The events aren't those of a reply."""


@dataclass(slots=True)
class _Part:
    """A block as it began, and the pieces that came since, by the field that they belong to."""

    start: Json
    pieces: dict[str, list[str]] = field(default_factory=dict)
    input: list[str] = field(default_factory=list)

    @property
    def kind(self) -> str:
        return str(self.start.get("type", ""))

    def whole(self) -> dict[str, object]:
        """The block with its pieces joined to what it began with."""
        found = dict(self.start)
        for name, pieces in self.pieces.items():
            found[name] = _mended("".join([str(found.get(name) or ""), *pieces]))
        return found


@dataclass(slots=True)
class Arriving:
    """What has come of a reply so far; `is_complete` once its last event has."""

    model: str = ""
    stop: str = ""
    is_complete: bool = False
    _parts: dict[int, _Part] = field(default_factory=dict)
    _counts: dict[str, int] = field(default_factory=dict)

    def take(self, event: Json) -> str:
        """Take an event; what is arriving now, in a word or two, or "" where nothing new is.

        Raises: NotAStream when the event can't follow what came before.
        """
        match event.get("type"):
            case "message_start":
                message = _object(event.get("message"))
                self.model = str(message.get("model", ""))
                self._count(message.get("usage"))
            case "content_block_start":
                return self._start(_index(event), _object(event.get("content_block")))
            case "content_block_delta":
                self._add(_index(event), _object(event.get("delta")))
            case "message_delta":
                self.stop = str(_object(event.get("delta")).get("stop_reason") or self.stop)
                self._count(event.get("usage"))
            case "message_stop":
                if not self.stop:
                    raise NotAStream("it ended without saying why it stopped")
                self.is_complete = True
            case _:
                pass  # kinds of events may be added at any time and may be passed over
        return ""

    def reply(self, *, asked: str, duration_s: float) -> ModelReply:
        """The whole reply to a request for the model `asked`."""
        uses = [number for number, part in self._parts.items() if part.kind == "tool_use"]
        cut = uses[-1] if uses and self.stop == "max_tokens" else None
        return ModelReply(
            model=self.model or asked,
            blocks=tuple(_block(part, is_cut=number == cut) for number, part in self._parts.items()),
            stop_reason=_STOPS.get(self.stop, "other"),
            usage=Usage(**self._counts),
            duration_s=duration_s,
        )

    def _start(self, index: int, block: Json) -> str:
        if index in self._parts or len(self._parts) == MOST_BLOCKS:
            raise NotAStream(f"block {index} begins twice, or there are more than {MOST_BLOCKS}")
        self._parts[index] = part = _Part(start=block)
        match part.kind:
            case "tool_use":
                name = str(block.get("name", ""))[:LONGEST_NAME]
                return f"asking for {name if name.isprintable() else '?'}"
            case "text":
                return "writing"
            case _:
                return "thinking"

    def _add(self, index: int, delta: Json) -> None:
        part = self._parts.get(index)
        if part is None:
            raise NotAStream(f"a piece of block {index} came before its beginning")
        kind = str(delta.get("type", ""))
        if kind == "input_json_delta":
            part.input.append(str(delta.get("partial_json", "")))
        elif kind in _PIECES:
            name = _PIECES[kind]
            part.pieces.setdefault(name, []).append(str(delta.get(name, "")))

    def _count(self, usage: object) -> None:
        """Counts are totals: later ones take the place of earlier ones, where they are given."""
        if isinstance(usage, Mapping):
            for theirs, ours in _COUNTS.items():
                if isinstance(value := usage.get(theirs), int):
                    self._counts[ours] = value


def _block(part: _Part, *, is_cut: bool) -> Block:
    whole = part.whole()
    if part.kind == "text":
        return Text(text=str(whole.get("text", "")))
    if part.kind != "tool_use":
        return Opaque(content=whole)
    raw = _mended("".join(part.input))
    read: Json = {}
    problem = ""
    if raw.strip():
        read, problem = _input(raw)
    elif is_cut:
        problem = "nothing came of it"
    else:
        read, problem = _input(json.dumps(whole.get("input") or {}))
    if problem and is_cut:
        problem = (
            f"the reply was cut off at its longest before this input was complete ({problem}); ask for less"
        )
    return ToolUse(id=str(whole.get("id", "")), name=str(whole.get("name", "")), input=read, problem=problem)


def _input(raw: str) -> tuple[Json, str]:
    """A tool's input, or {} and why it can't be read."""
    try:
        found = json.loads(raw, parse_constant=_no_number)
    except ValueError as error:
        return {}, f"it is not valid JSON: {error}"
    except RecursionError:
        return {}, "it is not valid JSON: it is nested too deeply"
    if not isinstance(found, dict):
        return {}, "it is not a JSON object"
    try:
        json.dumps(found, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return {}, r"it holds half a character (a lone \ud800 to \udfff)"
    return cast("Json", found), ""


def _no_number(name: str) -> object:
    raise ValueError(f"{name} is no number")


def _mended(text: str) -> str:
    """Text that can be encoded: characters whose halves came in two pieces are whole again, lone halves are `�`."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _index(event: Json) -> int:
    found = event.get("index")
    if not isinstance(found, int):
        raise NotAStream("an event doesn't say which block it belongs to")
    return found


def _object(found: object) -> Json:
    if not isinstance(found, Mapping):
        raise NotAStream("an object was expected in an event")
    return cast("Json", found)
