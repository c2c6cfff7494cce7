"""The pieces that A2A messages are made of: text, data, and when something happened."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from a2a.types import Message, Part, Role
from google.protobuf.json_format import ParseDict
from google.protobuf.struct_pb2 import Struct, Value
from google.protobuf.timestamp_pb2 import Timestamp
from pydantic import JsonValue

MARKDOWN, PLAIN, JSON = "text/markdown", "text/plain", "application/json"


def whole(text: str) -> str:
    """Text that can be sent as UTF-8: what is no character is a `?`."""
    return text.encode("utf-8", "replace").decode()


def text_part(text: str, media_type: str = PLAIN, filename: str = "") -> Part:
    """Text of a media type, as a file where it has a name."""
    return Part(text=whole(text), media_type=media_type, filename=filename)


def data_part(values: Mapping[str, JsonValue]) -> Part:
    """What programs read. Numbers come out as floats: that is how A2A has them."""
    return Part(data=ParseDict(dict(values), Value()), media_type=JSON)


def struct(values: Mapping[str, JsonValue]) -> Struct:
    """Values as metadata."""
    return ParseDict(dict(values), Struct())


def moment(time_s: float) -> Timestamp:
    """Seconds since 1970 as A2A's time, in whole milliseconds."""
    stamp = Timestamp()
    stamp.FromMilliseconds(round(time_s * 1000))
    return stamp


def message(identity: str, by_agent: bool, task_id: str, context_id: str, parts: Iterable[Part]) -> Message:
    """Something that was said in a task."""
    return Message(
        message_id=identity,
        role=Role.ROLE_AGENT if by_agent else Role.ROLE_USER,
        task_id=task_id,
        context_id=context_id,
        parts=parts,
    )
