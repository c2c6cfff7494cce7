"""What bolt's app listens to, and that each event is taken in once."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from agent.errors import StorageFailed

if TYPE_CHECKING:
    from slack_bolt.context.async_context import AsyncBoltContext
    from slack_bolt.response import BoltResponse

    from agent.doors.slack.app import SlackDoor

log = logging.getLogger(__name__)
COMMAND = "/ask-profiler"
_ANY = re.compile(r".*", re.DOTALL)


def listen(door: SlackDoor) -> None:
    """Make the door's app take in events, buttons and the command. All of them are acknowledged before they are worked
    on; an event that came before is acknowledged and dropped.
    """
    from slack_bolt.response import BoltResponse as Response

    async def once(body: dict[str, Any], next_: Callable[[], Awaitable[None]]) -> BoltResponse | None:
        event_id = body.get("event_id")
        if isinstance(event_id, str) and event_id:
            try:
                is_new = await asyncio.to_thread(door.memory.first_time, "event", event_id)
            except StorageFailed as error:  # not acknowledged: Slack sends it again
                log.warning("an event can't be taken in: %s", error)
                return Response(status=503, body="")
            if not is_new:
                return Response(status=200, body="")
        await next_()
        return None

    async def on_event(body: dict[str, Any], context: AsyncBoltContext) -> None:
        door.hear(body, _home(context), context.bot_user_id or "")

    async def on_press(
        ack: Callable[[], Awaitable[object]], body: dict[str, Any], context: AsyncBoltContext
    ) -> None:
        await ack()
        door.press(body, _home(context))

    async def on_command(
        ack: Callable[[], Awaitable[object]], body: dict[str, Any], context: AsyncBoltContext
    ) -> None:
        await ack()
        door.command(body, _home(context))

    door.app.middleware(once)
    door.app.event(_ANY)(on_event)
    door.app.action(_ANY)(on_press)
    door.app.command(COMMAND)(on_command)


def _home(context: AsyncBoltContext) -> str:
    """The workspace that the app is installed in."""
    found = context.authorize_result
    return str(found.team_id or "") if found is not None else ""
