"""Socket Mode: the door opens the connection, so that the service needs no address that Slack can reach."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler

    from agent.doors.slack.app import SlackDoor

log = logging.getLogger(__name__)


@asynccontextmanager
async def socket_mode(door: SlackDoor) -> AsyncIterator[None]:
    """Slack's messages come in as long as the block goes on; a connection that breaks is opened again.

    It is opened beside the block: a service whose Slack can't be reached at start opens its other doors all the same.
    """
    from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler as Handler

    handler = Handler(door.app, door.app_token, web_client=door.client)
    connecting = asyncio.create_task(_connect(handler))
    try:
        yield
    finally:
        connecting.cancel()
        await asyncio.gather(connecting, return_exceptions=True)
        await handler.close_async()  # type: ignore[no-untyped-call] # slack-bolt annotates only in part
        log.info("Slack's connection is closed")


async def _connect(handler: AsyncSocketModeHandler) -> None:
    """Connect; slack-sdk goes on trying until it succeeds, and says so in the log."""
    await handler.connect_async()  # type: ignore[no-untyped-call] # slack-bolt annotates only in part
    log.info("Slack is connected")
