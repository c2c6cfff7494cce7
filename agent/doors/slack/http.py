"""Slack's messages over HTTP: signed ones, not older than five minutes, each once."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from agent.errors import StorageFailed

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute

    from agent.doors.slack.app import SlackDoor

log = logging.getLogger(__name__)
PATH = "/slack/events"
WINDOW_S = 300.0
"""How old a request may be."""


def slack_routes(door: SlackDoor, clock: Callable[[], float] = time.time) -> list[BaseRoute]:
    """POST /slack/events for events, buttons and the command; nothing in Socket Mode."""
    from slack_bolt.adapter.starlette.async_handler import to_async_bolt_request, to_starlette_response
    from starlette.responses import PlainTextResponse
    from starlette.routing import Route

    if door.is_socket_mode or not door.signing_secret:
        return []
    limit_bytes = door.desk.settings.doors.http.body_limit_bytes

    async def receive(request: Request) -> Response:
        body = await _limited(request, limit_bytes)
        if body is None:
            return PlainTextResponse("the request is too large", status_code=413)
        signature = request.headers.get("x-slack-signature", "")
        if not is_signed(
            door.signing_secret, request.headers.get("x-slack-request-timestamp", ""), signature, body, clock
        ):
            return PlainTextResponse("the request isn't signed by Slack, or it is too old", status_code=401)
        if not is_readable(request.headers.get("content-type", ""), body):
            return PlainTextResponse("the request isn't one of Slack's", status_code=400)
        try:
            is_new = await asyncio.to_thread(door.memory.first_time, "signature", signature)
        except StorageFailed as error:
            log.warning("a request of Slack's can't be taken in: %s", error)
            return PlainTextResponse("the database can't be used for the moment", status_code=503)
        if not is_new:  # sent again as it was: whoever sent it learns nothing, and nothing is done
            return PlainTextResponse("")
        try:
            taken = to_async_bolt_request(request, body)
        except (
            AttributeError,
            KeyError,
            TypeError,
            ValueError,
        ):  # bolt looks into parts that are something else
            return PlainTextResponse("the request isn't one of Slack's", status_code=400)
        return to_starlette_response(await door.app.async_dispatch(taken))

    return [Route(PATH, receive, methods=["POST"])]


def is_signed(secret: str, timestamp: str, signature: str, body: bytes, clock: Callable[[], float]) -> bool:
    """Whether Slack signed a request, within the last five minutes.

    Source: docs.slack.dev/authentication/verifying-requests-from-slack (version v0).
    """
    from slack_sdk.signature import Clock, SignatureVerifier

    class Now(Clock):
        def now(self) -> float:
            return clock()

    if not (timestamp.isascii() and timestamp.isdecimal() and len(timestamp) < 16 and signature.isascii()):
        return False
    try:
        return SignatureVerifier(secret, Now()).is_valid(body, timestamp, signature)
    except UnicodeDecodeError:
        return False


def is_readable(content_type: str, body: bytes) -> bool:
    """Whether a body is what its type says: an object of JSON, or a form."""
    kind = content_type.partition(";")[0].strip().lower()
    try:
        text = body.decode("utf-8")
        if kind == "application/json":
            return _is_event(json.loads(text))
        return kind == "application/x-www-form-urlencoded" and _is_form(text)
    except (ValueError, RecursionError):
        return False


def _is_event(found: object) -> bool:
    """Whether it is an event with a type, or one of Slack's other objects."""
    if not isinstance(found, dict) or not isinstance(found.get("type"), str):
        return False
    event = found.get("event")
    return event is None or (isinstance(event, dict) and isinstance(event.get("type"), str))


def _is_form(text: str) -> bool:
    """Whether a form is a command, or holds a payload that is an object."""
    from urllib.parse import parse_qs

    found = parse_qs(text, max_num_fields=100)
    if "payload" in found:
        return isinstance(json.loads(found["payload"][0]), dict)
    return "command" in found or "ssl_check" in found


async def _limited(request: Request, limit_bytes: int) -> bytes | None:
    """The body, None when it is larger than the limit."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit_bytes:
            return None
    return bytes(body)
