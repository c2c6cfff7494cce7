"""The one place that calls Slack's Web API: at the pace that Slack allows, and with clear words when it says no."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from agent.errors import AgentError
from agent.rendering import mrkdwn, slack_parts
from agent.rendering.slack_parts import Block

if TYPE_CHECKING:
    from slack_sdk.web.async_client import AsyncWebClient
    from slack_sdk.web.async_slack_response import AsyncSlackResponse

log = logging.getLogger(__name__)
TRIES = 5
"""So often a call is made that fails for reasons of the network or of Slack's servers."""
PATIENCE_S = 900.0
"""How long in all a call waits for Slack to take it again."""
LONGEST_WAIT_S = 600.0
GONE = frozenset({
    "channel_not_found", "not_in_channel", "is_archived", "thread_not_found", "message_not_found", "user_not_found",
    "cant_update_message", "edit_window_closed", "cannot_reply_to_message", "user_not_in_channel",
})  # fmt: skip
"""What Slack says where a channel, a thread or a message isn't there for us any more."""
Reason = Literal["gone", "scope", "refused", "unreachable"]


class SlackSaysNo(AgentError):
    """Slack didn't do what it was asked. `reason` is why in one word, `code` Slack's own, `scope` what was lacking."""

    def __init__(self, method: str, reason: Reason, code: str, scope: str = "") -> None:
        words = {
            "gone": f"the place isn't there any more ({code})",
            "scope": f"the app lacks the scope {scope or code}: add it and install the app again",
            "refused": f"Slack refuses it ({code})",
            "unreachable": f"Slack can't be reached ({code})",
        }
        super().__init__(f"Slack's {method}: {words[reason]}")
        self.reason, self.code, self.scope = reason, code, scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where something is said: in a thread of a channel, or in the channel itself for thread ""."""

    channel: str
    thread: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What is said: `text` is what notifications show, in mrkdwn like the blocks."""

    text: str
    blocks: Sequence[Block] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file to send; `description` is read out to those who can't see a picture."""

    name: str
    title: str
    content: bytes
    description: str = ""


@dataclass(slots=True)
class Talking:
    """Says things in Slack. While Slack has asked for a pause with a method, that method isn't called."""

    client: AsyncWebClient
    pause_s: float = 1.0
    _free_at: dict[str, float] = field(default_factory=dict, init=False)

    async def post(self, place: Place, said: Said) -> Posted:
        """A new message. Raises: SlackSaysNo."""
        found = await self._patiently(
            "chat.postMessage",
            lambda: self.client.chat_postMessage(
                channel=place.channel, thread_ts=place.thread or None, unfurl_links=False, unfurl_media=False,
                **message_of(said),
            ),
        )  # fmt: skip
        return Posted(channel=str(found.get("channel") or place.channel), ts=str(found.get("ts", "")))

    async def whisper(self, place: Place, user: str, said: Said) -> None:
        """A message that only one person sees. Raises: SlackSaysNo."""
        await self._patiently(
            "chat.postEphemeral",
            lambda: self.client.chat_postEphemeral(
                channel=place.channel, user=user, thread_ts=place.thread or None, **message_of(said)
            ),
        )

    async def change(self, channel: str, ts: str, said: Said) -> None:
        """Another text for a message of ours. Raises: SlackSaysNo."""
        await self._patiently(
            "chat.update", lambda: self.client.chat_update(channel=channel, ts=ts, **message_of(said))
        )

    async def change_newest(self, channel: str, ts: str, newest: Callable[[], Said]) -> None:
        """Like `change`, with what `newest` gives when Slack takes it: what is old by then is never sent.

        Raises: SlackSaysNo.
        """
        await self._patiently(
            "chat.update", lambda: self.client.chat_update(channel=channel, ts=ts, **message_of(newest()))
        )

    async def upload(self, place: Place, file: Upload) -> None:
        """A file in a thread: all of it, or SlackSaysNo."""
        await self._patiently(
            "files.upload",
            lambda: self.client.files_upload_v2(
                channel=place.channel, thread_ts=place.thread or None, filename=file.name, title=file.title,
                file=file.content, alt_txt=file.description or None,
            ),
        )  # fmt: skip

    async def scopes(self) -> frozenset[str]:
        """What the app may do, as Slack says it with auth.test. Raises: SlackSaysNo."""
        found = await self._patiently("auth.test", self.client.auth_test)
        granted = next((str(v) for k, v in found.headers.items() if str(k).lower() == "x-oauth-scopes"), "")
        return frozenset(part.strip() for part in granted.split(",") if part.strip())

    async def _patiently(
        self, method: str, act: Callable[[], Awaitable[AsyncSlackResponse]]
    ) -> AsyncSlackResponse:
        import aiohttp
        from slack_sdk.errors import SlackApiError, SlackClientError

        loop = asyncio.get_running_loop()
        until, failures, why = loop.time() + PATIENCE_S, 0, ""
        while failures < TRIES and loop.time() < until:
            await asyncio.sleep(max(0.0, self._free_at.get(method, 0.0) - loop.time()))
            try:
                return await act()
            except SlackApiError as error:
                status, headers, data = _answer_of(error)
                if status == 429 or data.get("error") in ("ratelimited", "rate_limited"):
                    self._pause(method, headers)
                    continue
                if status < 500:
                    raise _no(method, data) from None
                why = f"it answers {status}"
            except SlackClientError as error:  # an upload that its server didn't take
                why = " ".join(str(error).split())[:200]
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                why = f"{type(error).__name__}: {error}"[:200]
            failures += 1
            await asyncio.sleep(self.pause_s * 2 ** (failures - 1))
        raise SlackSaysNo(method, "unreachable", why or "it asks to wait too long")

    def _pause(self, method: str, headers: Mapping[str, str]) -> None:
        """Don't call the method again before the time that Slack has set."""
        told = next((v for k, v in headers.items() if k.lower() == "retry-after"), "")
        wait_s = min(float(told), LONGEST_WAIT_S) if told.isdecimal() else 5.0
        log.info("Slack asks to wait %.0f s with %s", wait_s, method)
        self._free_at[method] = asyncio.get_running_loop().time() + wait_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """A message that was posted: its channel and its time, which is its name."""

    channel: str
    ts: str


def message_of(said: Said) -> dict[str, Any]:
    """The arguments of every message: nothing in its text is looked for by Slack."""
    text = mrkdwn.clip(said.text.strip(), slack_parts.FALLBACK) or "ask-profiler"
    return {"text": text, "blocks": list(said.blocks) or None, "parse": "none", "link_names": False}


def _answer_of(error: Any) -> tuple[int, Mapping[str, str], Mapping[str, Any]]:
    """Status, headers and data of a SlackApiError: its response is Slack's, or that of the HTTP client."""
    response = error.response
    status = int(getattr(response, "status_code", 0) or getattr(response, "status", 0) or 0)
    data = getattr(response, "data", None)
    headers = {str(k): str(v) for k, v in (getattr(response, "headers", None) or {}).items()}
    return status, headers, data if isinstance(data, dict) else {}


def _no(method: str, data: Mapping[str, Any]) -> SlackSaysNo:
    code = str(data.get("error") or "unknown_error")
    if code == "missing_scope":
        return SlackSaysNo(method, "scope", code, str(data.get("needed") or ""))
    return SlackSaysNo(method, "gone" if code in GONE else "refused", code)
