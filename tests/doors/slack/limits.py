"""What Slack refuses in a message, checked as strictly as its documentation says (Block Kit, 2026)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

MENTION = re.compile(r"<[!@#][^>]*>")
_ENTITY = re.compile(r"&(?!(?:amp|lt|gt);)")
_KEYS = {
    "section": {"type", "text", "block_id"},
    "header": {"type", "text", "block_id"},
    "context": {"type", "elements", "block_id"},
    "actions": {"type", "elements", "block_id"},
    "divider": {"type", "block_id"},
}


def faults(message: Mapping[str, Any]) -> list[str]:
    """What Slack would refuse in a message, or take for more than text; empty for a good one."""
    blocks: Sequence[Mapping[str, Any]] = message.get("blocks") or []
    found = []
    if not message.get("text"):
        found.append("no text for notifications")
    if len(message.get("text", "")) > 4000:
        found.append("the text is too long")
    if len(blocks) > 50:
        found.append(f"{len(blocks)} blocks")
    if len(str(blocks)) > 40_000 or sum(len(t) for t in texts(blocks)) > 13_000:
        found.append("the blocks are too long together")
    ids = [b["block_id"] for b in blocks if "block_id" in b]
    if len(ids) != len(set(ids)) or any(len(i) > 255 for i in ids):
        found.append("block ids")
    for block in blocks:
        found += _block(block)
    return [*found, *_markup(message.get("text", ""))]


def texts(blocks: Sequence[Mapping[str, Any]]) -> list[str]:
    """Every text that is shown."""
    found = []
    for block in blocks:
        if "text" in block:
            found.append(block["text"]["text"])
        for element in block.get("elements", ()):
            inner = element["text"]
            found.append(inner if isinstance(inner, str) else inner["text"])
    return found


def mentions(message: Mapping[str, Any]) -> list[str]:
    """Everything that Slack would act on; in headers and on buttons nothing is, for they are plain text."""
    blocks = [b for b in message.get("blocks") or [] if b["type"] in ("section", "context")]
    return [m for t in [message.get("text", ""), *texts(blocks)] for m in MENTION.findall(t)]


def _block(block: Mapping[str, Any]) -> list[str]:
    kind = block.get("type", "")
    if kind not in _KEYS or not set(block) <= _KEYS[kind]:
        return [f"a block with {sorted(block)} of type {kind!r}"]
    if kind == "section":
        return _text(block["text"], 3000)
    if kind == "header":
        return _text(block["text"], 150, plain=True)
    elements = block.get("elements", [])
    if kind == "context":
        found = [] if 1 <= len(elements) <= 10 else ["elements of a context"]
        return found + [fault for each in elements for fault in _text(each, 3000)]
    if kind == "actions":
        found = [] if 1 <= len(elements) <= 25 else ["elements of actions"]
        names = [e["action_id"] for e in elements]
        found += [] if len(set(names)) == len(names) else ["two buttons of one name"]
        return found + [fault for each in elements for fault in _button(each)]
    return []


def _button(button: Mapping[str, Any]) -> list[str]:
    found = _text(button["text"], 75, plain=True)
    if button["type"] != "button" or not 0 < len(button["action_id"]) <= 255 or len(button["value"]) > 2000:
        found.append(f"a button {button}")
    if button.get("style", "primary") not in ("primary", "danger"):
        found.append("a button's style")
    if "confirm" in button:
        confirm = button["confirm"]
        found += _text(confirm["title"], 100, plain=True) + _text(confirm["text"], 300, plain=True)
        found += _text(confirm["confirm"], 30, plain=True) + _text(confirm["deny"], 30, plain=True)
    return found


def _text(text: Mapping[str, Any], limit: int, *, plain: bool = False) -> list[str]:
    shown = text["text"]
    found = [] if 0 < len(shown) <= limit else [f"a text of {len(shown)} characters where {limit} are taken"]
    if text["type"] != ("plain_text" if plain else "mrkdwn"):
        found.append(f"text of type {text['type']}")
    if not plain:
        if text.get("verbatim") is not True:
            found.append("Slack would look for mentions in it")
        found += _markup(shown)
    return found


def _markup(shown: str) -> list[str]:
    """Entities that aren't whole, brackets that aren't ours, code that isn't ended."""
    found = []
    ours = re.sub(r"<@[A-Z0-9]+>", "", shown)
    if _ENTITY.search(shown) or "<" in ours or ">" in ours:
        found.append(f"unescaped: {shown[:80]!r}")
    if shown.count("```") % 2 or shown.replace("```", "").count("`") % 2:
        found.append(f"code without an end: {shown[-80:]!r}")
    return found
