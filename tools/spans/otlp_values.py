"""The values of OTLP JSON: times, kinds, states, attributes. Source: opentelemetry-proto 1.x, trace and common."""

from __future__ import annotations

from tools.spans.fields import Json, a_list, a_text, an_object, wrong
from tools.spans.span import Kind

MAX_ATTRIBUTES = 64
MAX_VALUE = 200
_KINDS: tuple[Kind, ...] = ("internal", "internal", "server", "client", "producer", "consumer")
_KIND_NAMES: dict[str, Kind] = {
    "SPAN_KIND_UNSPECIFIED": "internal",
    **{f"SPAN_KIND_{k.upper()}": k for k in _KINDS},
}


def nanoseconds(value: Json, where: str) -> int:
    """A 64-bit time given as text or number; 0 when it is left out. Raises: UnreadableOutput."""
    if value is None:
        return 0
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 20:
        value = int(value)
    elif isinstance(value, float) and value == value and abs(value) < 2**64 and value == int(value):
        value = int(value)  # written as 1.7e18, exact to some hundred nanoseconds
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**64:
        raise wrong(where, "nanoseconds since 1970", value)
    return value


def kind(value: Json, where: str) -> Kind:
    """The kind of a span, by number or name. Raises: UnreadableOutput."""
    if value is None:
        return "internal"
    if isinstance(value, str) and value in _KIND_NAMES:
        return _KIND_NAMES[value]
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < len(_KINDS):
        return _KINDS[value]
    raise wrong(where, "a kind from 0 to 5 or its name, such as SPAN_KIND_SERVER", value)


def failed(value: Json, where: str) -> bool:
    """Whether a span's status is an error. Raises: UnreadableOutput."""
    code = an_object(value, where).get("code", 0)
    if code not in (0, 1, 2, "STATUS_CODE_UNSET", "STATUS_CODE_OK", "STATUS_CODE_ERROR", None):
        raise wrong(f"{where}.code", "0, 1, 2 or its name", code)
    return code in (2, "STATUS_CODE_ERROR")


def attribute_texts(value: Json, where: str) -> tuple[tuple[str, str], ...]:
    """Attributes as texts: the first MAX_ATTRIBUTES, each cut at MAX_VALUE characters. Raises: UnreadableOutput."""
    found = []
    for n, item in enumerate(a_list(value, where)[:MAX_ATTRIBUTES]):
        given = an_object(item, f"{where}[{n}]")
        found.append((a_text(given.get("key"), f"{where}[{n}].key"), _text(given.get("value"))))
    return tuple(found)


def _text(value: Json) -> str:
    """An AnyValue as text; what isn't one (they may be nested) as it stands."""
    if isinstance(value, dict) and len(value) == 1:
        value = next(iter(value.values()))
    text = value if isinstance(value, str) else "" if value is None else str(value)
    return text if len(text) <= MAX_VALUE else text[: MAX_VALUE - 1] + "…"
