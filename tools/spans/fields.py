"""Values of decoded JSON, checked: each error names the field that is wrong and what stands there."""

from __future__ import annotations

import json

from tools.errors import UnreadableOutput

Json = object
"""What json.loads gives: narrowed by the functions below before it is used."""
MAX_NAME = 1000
MAX_NUMBER = 1e18
"""Of microseconds, 30,000 years: nothing beyond it is a time."""


def wrong(where: str, what: str, value: Json) -> UnreadableOutput:
    """The error for a field `where` that should be `what`."""
    return UnreadableOutput(f"{where} should be {what}, but is {_short(value)}")


def _short(value: Json) -> str:
    if value is None:
        return "left out"
    if isinstance(value, str):
        return repr(value if len(value) <= 60 else value[:59] + "…")
    if isinstance(value, bool | float):
        return json.dumps(value)
    if isinstance(value, int):
        return str(value) if abs(value) < 10**30 else "a number of over 30 digits"
    return "a list" if isinstance(value, list) else "an object"


def a_list(value: Json, where: str) -> list[Json]:
    """A list; None (left out) is an empty one. Raises: UnreadableOutput."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise wrong(where, "a list", value)
    return value


def an_object(value: Json, where: str) -> dict[str, Json]:
    """An object; None (left out) is an empty one. Raises: UnreadableOutput."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise wrong(where, "an object", value)
    return value


def a_text(value: Json, where: str) -> str:
    """A text, cut at MAX_NAME characters; None (left out) is an empty one. Raises: UnreadableOutput."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise wrong(where, "a text", value)
    return value if len(value) <= MAX_NAME else value[: MAX_NAME - 1] + "…"


def a_number(value: Json, where: str) -> int | float:
    """A number between -MAX_NUMBER and MAX_NUMBER. Raises: UnreadableOutput."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not -MAX_NUMBER < value < MAX_NUMBER:
        raise wrong(where, "a number of microseconds", value)
    return value
