"""Slack's payloads as what the door works with; what isn't for it, or isn't as Slack writes it, is None."""

from __future__ import annotations

import re
from collections.abc import Mapping

from agent.doors.slack.asking import Heard
from agent.doors.slack.people import Speaker
from agent.doors.slack.pressing import Press
from agent.doors.slack.wording import spoken

_ID = re.compile(r"[A-Z][A-Z0-9]{1,30}")
_TS = re.compile(r"\d{1,12}\.\d{1,8}")
_PLAIN = ("", "file_share", "thread_broadcast")
"""Kinds of messages that are someone's words; all others are edits, deletions, joins and the like."""
Payload = Mapping[str, object]


def heard_of(body: Payload, home: str, bot: str) -> Heard | None:
    """A mention or a direct message; None for edits, other bots' messages and whatever else Slack tells."""
    event = _part(body, "event")
    is_words = _text(event, "subtype") in _PLAIN and not event.get("bot_id") and not event.get("edited")
    is_ours = _text(event, "type") == "app_mention" or _text(event, "channel_type") == "im"
    ts = _text(event, "ts")
    team = (
        _text(event, "user_team")
        or _text(event, "source_team")
        or _text(event, "team")
        or _text(body, "team_id")
    )
    speaker = _speaker(home, team, _text(event, "user"), _text(event, "channel"))
    if not is_words or not is_ours or speaker is None or not _TS.fullmatch(ts):
        return None
    thread = _text(event, "thread_ts")
    return Heard(
        speaker=speaker,
        text=spoken(_text(event, "text"), bot),
        thread=thread if _TS.fullmatch(thread) else ts,
        key=f"slack/{_text(body, 'event_id') or f'{speaker.channel}/{ts}'}",
    )


def command_of(body: Payload, home: str) -> tuple[Speaker, str, str] | None:
    """Who gave the command, its words, and its key."""
    speaker = _speaker(
        home,
        _text(body, "team_id"),
        _text(body, "user_id"),
        _text(body, "channel_id"),
        _text(body, "user_name"),
    )
    if speaker is None:
        return None
    return speaker, spoken(_text(body, "text")), f"slack/{_text(body, 'trigger_id')}"


def press_of(body: Payload, home: str) -> Press | None:
    """A button of ours that was pressed."""
    actions = body.get("actions")
    action = actions[0] if isinstance(actions, list) and actions and isinstance(actions[0], dict) else {}
    user, message, container = (_part(body, name) for name in ("user", "message", "container"))
    team = _text(user, "team_id") or _text(_part(body, "team"), "id")
    channel = _text(_part(body, "channel"), "id") or _text(container, "channel_id")
    speaker = _speaker(home, team, _text(user, "id"), channel, _text(user, "username"))
    ts = _text(message, "ts") or _text(container, "message_ts")
    if speaker is None or not _TS.fullmatch(ts):
        return None
    thread = _text(message, "thread_ts") or _text(container, "thread_ts")
    return Press(
        speaker=speaker,
        action=_text(action, "action_id"),
        value=_text(action, "value"),
        block=_text(action, "block_id"),
        message=ts,
        thread=thread if _TS.fullmatch(thread) else ts,
        key=f"slack/{_text(body, 'trigger_id') or f'{channel}/{ts}'}",
    )


def _speaker(home: str, team: str, user: str, channel: str, name: str = "") -> Speaker | None:
    if not all(_ID.fullmatch(part) for part in (home, team, user, channel)):
        return None
    return Speaker(home=home, team=team, user=user, channel=channel, name=name[:80])


def _part(body: Payload, name: str) -> Payload:
    found = body.get(name)
    return found if isinstance(found, dict) else {}


def _text(body: Payload, name: str) -> str:
    found = body.get(name)
    return found if isinstance(found, str) else ""
