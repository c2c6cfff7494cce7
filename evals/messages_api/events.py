"""A reply as the API sends it: one message, or the events of a stream.

Source: platform.claude.com, "Streaming messages".
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import assert_never

from evals.messages_api.accounting import Count, tokens
from evals.messages_api.checking import signature_of
from evals.messages_api.script import Answers, Hidden, Json, Part, Said, Thought, Used

PIECE = 24
"""So many characters come with one event."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer to the request `number` for `model`, with what was counted of it."""

    number: int
    model: str
    answer: Answers
    count: Count

    @property
    def output_tokens(self) -> int:
        """The tokens of what is said."""
        return tokens(json.dumps(self._content(), ensure_ascii=False))

    def message(self) -> dict[str, object]:
        """The whole reply."""
        return {
            **self._envelope(self.output_tokens),
            "content": self._content(),
            "stop_reason": self.answer.stop_reason,
        }

    def events(self) -> Iterator[tuple[str, dict[str, object]]]:
        """The reply as events, each with its name."""
        yield "message_start", {"message": {**self._envelope(1), "content": [], "stop_reason": None}}
        yield "ping", {}
        for index, part in enumerate(self.answer.parts):
            begin, pieces = self._pieces(index, part)
            yield "content_block_start", {"index": index, "content_block": begin}
            for kind, name, text in pieces:
                yield "content_block_delta", {"index": index, "delta": {"type": kind, name: text}}
            yield "content_block_stop", {"index": index}
        yield (
            "message_delta",
            {
                "delta": {"stop_reason": self.answer.stop_reason, "stop_sequence": None},
                "usage": {"output_tokens": self.output_tokens},
            },
        )
        yield "message_stop", {}

    def _envelope(self, output_tokens: int) -> dict[str, object]:
        return {
            "id": f"msg_{self.number}",
            "type": "message",
            "role": "assistant",
            "model": self.answer.model or self.model,
            "stop_sequence": None,
            "usage": {
                "input_tokens": self.count.input_tokens,
                "cache_read_input_tokens": self.count.cache_read_tokens,
                "cache_creation_input_tokens": self.count.cache_write_tokens,
                "output_tokens": output_tokens,
            },
        }

    def _content(self) -> list[Json]:
        return [self._whole(index, part) for index, part in enumerate(self.answer.parts)]

    def _whole(self, index: int, part: Part) -> Json:
        match part:
            case Said():
                return {"type": "text", "text": part.text}
            case Thought():
                return {"type": "thinking", "thinking": part.text, "signature": signature_of(part.text)}
            case Hidden():
                return {"type": "redacted_thinking", "data": part.data}
            case Used():
                use_id = part.id or f"toolu_{self.number}_{index}"
                return {"type": "tool_use", "id": use_id, "name": part.name, "input": dict(part.input)}
            case _:
                assert_never(part)

    def _pieces(self, index: int, part: Part) -> tuple[Json, list[tuple[str, str, str]]]:
        """A block as it begins, and its pieces: the event's kind, the field and the text."""
        whole = self._whole(index, part)
        match part:
            case Said():
                return {**whole, "text": ""}, [("text_delta", "text", text) for text in _split(part.text)]
            case Thought():
                thoughts = [("thinking_delta", "thinking", text) for text in _split(part.text)]
                signature = ("signature_delta", "signature", signature_of(part.text))
                return {**whole, "thinking": "", "signature": ""}, [*thoughts, signature]
            case Hidden():
                return whole, []
            case Used():
                raw = json.dumps(part.input, ensure_ascii=False) if part.raw is None else part.raw
                pieces = [("input_json_delta", "partial_json", text) for text in ("", *_split(raw))]
                return {**whole, "input": {}}, pieces
            case _:
                assert_never(part)


def _split(text: str) -> list[str]:
    return [text[start : start + PIECE] for start in range(0, len(text), PIECE)]
