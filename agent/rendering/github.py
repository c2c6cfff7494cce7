"""Text from a target in Markdown for GitHub: nothing in it is markup, mentions anybody, links or refers to anything."""

from __future__ import annotations

import re

from agent.rendering import markup

_APART = "&#8203;"
"""A space of no width: it breaks what GitHub would make a mention, a reference, a link or a formula of."""
_ACTIVE = re.compile(r"@(?=\w)|#(?=\d)|\$|(?<=:)(?=//)|(?<=www)(?=\.)|(?<=\bGH)(?=-\d)", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Control characters, and those that turn the direction of writing round."""


def escape(text: str) -> str:
    """`text` on one line, as it reads; safe in a table's cell, too."""
    plain = markup.escape(_CONTROL.sub("\ufffd", text).replace("&", "&amp;")).replace("~", "\\~")
    return _ACTIVE.sub(lambda found: found[0] + _APART, plain)


def block(text: str, language: str = "") -> str:
    """`text` as a fenced block that it can't break out of; nothing in it is active."""
    return markup.block(_CONTROL.sub("\ufffd", text), language)
