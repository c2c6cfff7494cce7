"""Go's quoted strings (%q) back to what they hold. Source: strconv.Quote."""

from __future__ import annotations

import re

QUOTED = r'"((?:[^"\\]|\\.)*)"'
"""One quoted string as a regular expression; its one group is the inside."""
_ESCAPE = re.compile(r"\\(x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8}|.)", re.DOTALL)
_LETTERS = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


def unquoted(inside: str) -> str:
    """What stood between the quotes, escapes undone; bytes that are no UTF-8 (`\\xff`) become U+FFFD."""
    return _ESCAPE.sub(_character, inside)


def _character(found: re.Match[str]) -> str:
    text = found[1]
    if text[0] in "uU" and len(text) > 1:
        number = int(text[1:], 16)
        return chr(number) if number <= 0x10FFFF and not 0xD800 <= number < 0xE000 else "\ufffd"
    if text[0] == "x" and len(text) > 1:
        number = int(text[1:], 16)
        return chr(number) if number < 0x80 else "\ufffd"
    return _LETTERS.get(text, text)
