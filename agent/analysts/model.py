"""What a model is to the analyst that asks it: messages and tools in, blocks and their price in tokens out.

Who speaks to a real one is `agent/analysts/claude.py`; a recorded one is in `agent/analysts/asking/replay.py`.

    ModelFailed
    ├── ContextTooLong    the conversation doesn't fit any more: make it shorter and ask again
    └── ModelUnknown      the API doesn't offer a model of that name
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from agent.errors import ModelFailed

Step = Literal["prepare", "investigate", "optimise", "follow up"]
"""What a model is asked for; each may have a model of its own."""
StopReason = Literal["end_turn", "tool_use", "max_tokens", "refusal", "other"]
Json = Mapping[str, object]


class ContextTooLong(ModelFailed):
    """The conversation is longer than the model's context."""


class ModelUnknown(ModelFailed):
    """No model of that name is offered; the message names those that are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """What is said."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolUse:
    """A tool that the model wants to be run. `problem` says why `input` can't be read, "" when it can."""

    id: str
    name: str
    input: Json
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolResult:
    """What a tool answered, or with `is_error` why it didn't."""

    id: str
    text: str
    is_error: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Opaque:
    """A block that is only given back as it came, such as signed thinking."""

    content: Json


Block = Text | ToolUse | ToolResult | Opaque


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One side's turn."""

    role: Literal["user", "assistant"]
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolSpec:
    """A tool as the model sees it; `schema` is the JSON schema of its input, an object."""

    name: str
    description: str
    schema: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCall:
    """One request. `conversation` names the exchange that it belongs to, such as `optimise 1`.

    `system` and `tools` stay the same over a conversation and only grow at the end of `messages`, so that what was
    sent before can be read from the API's cache.
    """

    step: Step
    conversation: str
    model: str
    system: str
    tools: tuple[ToolSpec, ...]
    messages: tuple[Message, ...]
    max_tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens of one reply; `input_tokens` are those that were neither read from the cache nor written to it."""

    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0

    @property
    def sent_tokens(self) -> int:
        """All that was sent, wherever it was read from."""
        return self.input_tokens + self.cache_read_tokens + self.cache_write_tokens

    @property
    def tokens(self) -> int:
        """All that was sent and received."""
        return self.sent_tokens + self.output_tokens

    def plus(self, other: Usage) -> Usage:
        """Both together."""
        return Usage(
            input_tokens=self.input_tokens + other.input_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            cache_read_tokens=self.cache_read_tokens + other.cache_read_tokens,
            cache_write_tokens=self.cache_write_tokens + other.cache_write_tokens,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelReply:
    """One answer. `model` is who answered by the API's own word; `duration_s` the wall time of the request.

    `is_repeated` says that it was paid for before and comes from this run's own transcript.
    """

    model: str
    blocks: tuple[Block, ...]
    stop_reason: StopReason
    usage: Usage
    duration_s: float
    is_repeated: bool = False


class Model(Protocol):
    """Something that answers as the Messages API does."""

    def offered(self) -> tuple[str, ...]:
        """Names of the models that can be asked, empty where that isn't told. Raises: ModelFailed."""

    def ask(self, call: ModelCall, on_progress: Callable[[str], None]) -> ModelReply:
        """The reply to a request. `on_progress` is told in a few words what is arriving, never what is thought.

        Raises: ContextTooLong, ModelUnknown, ModelFailed, Cancelled.
        """
