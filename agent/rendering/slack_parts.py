"""What Slack's messages are made of, each part within Slack's limits: sections, headers, contexts, buttons.

Source: docs.slack.dev/reference/block-kit (limits of 2026). Texts are `verbatim`, so that Slack looks for no channels,
mentions and addresses in them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import JsonValue

from agent.rendering import mrkdwn

Block = dict[str, JsonValue]
"""One block as it goes to Slack."""
BLOCKS = 50
SECTION = 3000
HEADER = 150
BUTTON_TEXT = 75
BUTTON_VALUE = 2000
BUTTONS = 25
CONTEXT_ELEMENTS = 10
FALLBACK = 3000
"""Characters of the text beside the blocks, which notifications show; Slack takes 40,000 and advises 4,000."""
Style = Literal["primary", "danger"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """A button: `action` names what it does, `value` what it does it to; `sure` is asked before it is done."""

    text: str
    action: str
    value: str
    style: Style | None = None
    sure: str = ""


def header(text: str) -> Block:
    """A heading in plain text."""
    return {"type": "header", "text": _plain(text, HEADER)}


def section(text: str, limit: int = SECTION) -> Block:
    """A paragraph of mrkdwn, cut at `limit`."""
    return {"type": "section", "text": _mrkdwn(text, limit)}


def context(*texts: str, limit: int = 500) -> Block:
    """Small print, each text of mrkdwn cut at `limit`."""
    return {"type": "context", "elements": [_mrkdwn(text, limit) for text in texts[:CONTEXT_ELEMENTS]]}


def buttons(found: Sequence[Button], block_id: str = "") -> Block:
    """A row of buttons; `block_id` comes back when one of them is pressed."""
    row: Block = {"type": "actions", "elements": [_button(each) for each in found[:BUTTONS]]}
    if block_id:
        row["block_id"] = block_id
    return row


def divider() -> Block:
    """A line between what is above and what is below."""
    return {"type": "divider"}


def _mrkdwn(text: str, limit: int) -> dict[str, JsonValue]:
    return {"type": "mrkdwn", "text": mrkdwn.clip(text, limit) or " ", "verbatim": True}


def _button(found: Button) -> dict[str, JsonValue]:
    text = _plain(found.text, BUTTON_TEXT)
    shown: dict[str, JsonValue] = {
        "type": "button", "action_id": found.action, "value": found.value[:BUTTON_VALUE], "text": text,
    }  # fmt: skip
    if found.style:
        shown["style"] = found.style
    if found.sure:
        shown["confirm"] = {
            "title": _plain(found.text, 100),
            "text": _plain(found.sure, 300),
            "confirm": _plain("Yes", 30),
            "deny": _plain("No", 30),
        }
    return shown


def _plain(text: str, limit: int) -> dict[str, JsonValue]:
    shown = mrkdwn.plain(text) or " "
    if len(shown) > limit:
        shown = shown[: limit - len(mrkdwn.CUT)] + mrkdwn.CUT
    return {"type": "plain_text", "text": shown, "emoji": False}
