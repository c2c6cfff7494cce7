"""A message of A2A, read and checked: its text, and what it picks apart from the text. Never a path or a file."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from a2a.types import Message as A2AMessage
from a2a.types import Part, Role
from a2a.utils.errors import ContentTypeNotSupportedError, InvalidParamsError
from google.protobuf.json_format import MessageToDict
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from agent.access.caller import Caller
from agent.doors.a2a.parts import JSON, MARKDOWN, PLAIN
from agent.jobs.job import Message

DOOR = "a2a"
ID_LENGTH = 200
"""The longest id that a client may choose."""
INPUT_MODES = (PLAIN, MARKDOWN, JSON)


class Picked(BaseModel):
    """What a data part may say: names from agent.yaml, and how long a run may take."""

    model_config = ConfigDict(extra="forbid", strict=True)

    target: str | None = Field(default=None, min_length=1, max_length=64)
    workload: str | None = Field(default=None, min_length=1, max_length=64)
    time_limit_s: float | None = Field(default=None, gt=0, allow_inf_nan=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """A message as it came. `task_id` is "" for a new task. `context` is the client's, or a new one, which a repeat of
    the message finds again.
    """

    id: str
    task_id: str
    context: str
    is_new_context: bool
    text: str
    picked: Picked

    @property
    def key(self) -> str:
        """What makes a repeat of the message the same job."""
        return f"{DOOR}:{self.id}"

    def for_desk(self, context: str) -> Message:
        """The message for the desk, in a conversation."""
        return Message(
            text=self.text,
            door=DOOR,
            conversation=context,
            target=self.picked.target,
            workload=self.picked.workload,
            key=self.key,
            time_limit_s=self.picked.time_limit_s,
        )


def digest(text: str, length: int) -> str:
    """A name for a text of any length, safe in any key."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:length]


def read_message(message: A2AMessage, caller: Caller) -> Incoming:
    """Check a message. Raises: InvalidParamsError, ContentTypeNotSupportedError."""
    ids = {"messageId": message.message_id, "taskId": message.task_id, "contextId": message.context_id}
    for name, value in ids.items():
        if not can_be_id(value):
            raise InvalidParamsError(f"{name} is no id: at most {ID_LENGTH} printable characters")
    if not message.message_id:
        raise InvalidParamsError("the message has no messageId: give each message an id of its own")
    if message.role == Role.ROLE_AGENT:
        raise InvalidParamsError("the message's role is the agent's: what is asked has the role of the user")
    texts, picked = [], Picked()
    for part in message.parts:
        _check_media_type(part)
        if part.WhichOneof("content") == "text":
            texts.append(part.text)
        else:
            picked = _picked(part)
    # A database may not take every control character: PostgreSQL has no NUL.
    words = "".join(c if c.isprintable() or c.isspace() else " " for c in "\n".join(texts))
    text = words.strip() or picked.workload or picked.target or ""
    if not text:
        raise InvalidParamsError("the message says nothing: ask in a text part")
    context = message.context_id or "c" + digest(f"{caller.id}\n{message.message_id}", 39)
    return Incoming(
        id=message.message_id,
        task_id=message.task_id,
        context=context,
        is_new_context=not message.context_id,
        text=text,
        picked=picked,
    )


def can_be_id(text: str) -> bool:
    """Whether a client's id can be kept."""
    return len(text) <= ID_LENGTH and text.isprintable()


def _check_media_type(part: Part) -> None:
    content = part.WhichOneof("content")
    if content in ("raw", "url"):
        raise ContentTypeNotSupportedError(
            "files and links aren't taken: ask in a text part about a target that the service knows by its name"
        )
    media_type = part.media_type.partition(";")[0].strip().lower()
    if media_type and media_type not in INPUT_MODES:
        raise ContentTypeNotSupportedError(
            f"{media_type[:100]} isn't understood: send {', '.join(INPUT_MODES)}"
        )


def _picked(part: Part) -> Picked:
    """What a data part says. Raises: InvalidParamsError naming what is known."""
    try:
        return Picked.model_validate(MessageToDict(part.data))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(key)[:64] for key in first["loc"]) or "the data part"
        known = ", ".join(Picked.model_fields)
        raise InvalidParamsError(f"{place}: {first['msg']}; a data part may hold {known}") from error
    except ValueError as error:  # NaN and infinity, which Python's JSON takes
        raise InvalidParamsError("the data part holds a number that JSON has not") from error
