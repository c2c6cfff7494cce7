"""What a scripted API answers: replies, and the ways in which they go wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Json = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Said:
    """A block of text."""

    text: str


@dataclass(frozen=True, slots=True)
class Thought:
    """A block of thinking; its signature is the server's."""

    text: str


@dataclass(frozen=True, slots=True)
class Hidden:
    """A block of thinking that isn't shown."""

    data: str


@dataclass(frozen=True, slots=True)
class Used:
    """A use of a tool. `raw` is sent as its input in place of `input`'s JSON; `id` is made up when it is ""."""

    name: str
    input: Json = field(default_factory=dict)
    raw: str | None = None
    id: str = ""


Part = Said | Thought | Hidden | Used


@dataclass(frozen=True, slots=True, init=False)
class Answers:
    """A reply of several parts. `stop_reason` is `tool_use` or `end_turn`, by the parts, when it is ""."""

    parts: tuple[Part, ...]
    stop_reason: str
    model: str

    def __init__(self, *parts: Part, stop_reason: str = "", model: str = "") -> None:
        uses = any(isinstance(part, Used) for part in parts)
        object.__setattr__(self, "parts", parts)
        object.__setattr__(self, "stop_reason", stop_reason or ("tool_use" if uses else "end_turn"))
        object.__setattr__(self, "model", model)


def Says(text: str, *, stop_reason: str = "end_turn", model: str = "") -> Answers:  # noqa: N802 - reads as a script
    """A reply in words. `model` is who answers, as asked when it is ""."""
    return Answers(Said(text), stop_reason=stop_reason, model=model)


def Uses(*wanted: tuple[str, Json], stop_reason: str = "tool_use", model: str = "") -> Answers:  # noqa: N802 - as above
    """A reply that uses tools, each given by name and input."""
    return Answers(*(Used(name, given) for name, given in wanted), stop_reason=stop_reason, model=model)


@dataclass(frozen=True, slots=True)
class Fails:
    """An error as the API gives it, instead of a reply."""

    status: int
    type: str = "api_error"
    message: str = "Internal server error"
    headers: Mapping[str, str] = field(default_factory=dict)


def too_long(tokens: int = 208_310, most: int = 200_000) -> Fails:
    """What the API answers to a request that doesn't fit into the model's context."""
    return Fails(400, "invalid_request_error", f"prompt is too long: {tokens} tokens > {most} maximum")


@dataclass(frozen=True, slots=True)
class Page:
    """A page of something that isn't the API, such as a proxy."""

    html: str = "<html><body>Bad gateway</body></html>"
    status: int = 200
    content_type: str = "text/html"


@dataclass(frozen=True, slots=True)
class Cuts:
    """The connection ends after so many events; with `is_clean` as if the reply were whole."""

    after_events: int
    reply: Answers = field(default_factory=lambda: Says("This never arrives as a whole."))
    is_clean: bool = False


@dataclass(frozen=True, slots=True)
class Breaks:
    """An error takes the place of what comes after so many events."""

    after_events: int
    type: str = "overloaded_error"
    message: str = "Overloaded"
    reply: Answers = field(default_factory=lambda: Says("This never arrives as a whole."))


@dataclass(frozen=True, slots=True)
class Stalls:
    """Nothing comes for so long, after so many events; None: before anything of the answer."""

    seconds: float
    after_events: int | None = None
    reply: Answers = field(default_factory=lambda: Says("At last."))


@dataclass(frozen=True, slots=True)
class Slow:
    """So long passes before each event."""

    between_s: float
    reply: Answers


Step = Answers | Fails | Page | Cuts | Breaks | Stalls | Slow
