"""What people write in Slack as plain text: without the mention of the app, and with Slack's markup undone."""

from __future__ import annotations

import re

_MENTION = re.compile(r"<@([A-Z0-9]+)(?:\|[^>]*)?>")
_MARKED = re.compile(r"<([#!@]|https?://|mailto:)([^|<>]*)(?:\|([^<>]*))?>")


def spoken(text: str, bot: str = "") -> str:
    """The words of a message; `bot` is the app's own user, whose mention says nothing."""
    words = _MENTION.sub(lambda found: "" if found[1] == bot else f"@{found[1]}", text)
    words = _MARKED.sub(_shown, words)
    return " ".join(words.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").split())


def _shown(found: re.Match[str]) -> str:
    """What a channel, a group or an address looks like."""
    kind, what, label = found[1], found[2], found[3]
    if kind in "#!@":
        sign = "#" if kind == "#" else "@"
        return sign + (label or what).lstrip("@#")
    return label or kind + what
