"""Streams of events: how many may be open, and how all of them end when the service stops."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from agent.doors.web.problems import RETRY_S
from agent.telemetry.metrics import process_metrics

EVENTS = "text/event-stream"
TOLD_APART = frozenset({"a2a", "mcp"})
"""Doors that are told apart in metrics, by the first part of their paths."""


@dataclass(slots=True, kw_only=True)
class Streams:
    """The streams that are open, at most `limit`, of whichever door.

    `also_end` is what doors have to be told themselves when the service begins to stop.
    """

    limit: int
    open: int = 0
    also_end: list[Callable[[], None]] = field(default_factory=list)
    _ending: asyncio.Event = field(default_factory=asyncio.Event)

    def take(self) -> None:
        """Make room for one more. Raises: HTTPException 503."""
        if self._ending.is_set():
            raise _busy("the service is stopping")
        if self.open >= self.limit:
            raise _busy(f"{self.limit} streams are open, and more are not allowed")
        self.open += 1

    def end(self) -> None:
        """End every stream, and begin no other; to be called in the loop that serves them."""
        self._ending.set()
        for end in self.also_end:
            end()

    async def ending(self) -> None:
        """Returns when the streams must end."""
        await self._ending.wait()


def _busy(why: str) -> HTTPException:
    return HTTPException(503, f"{why}: try again in {RETRY_S} s", {"Retry-After": str(RETRY_S)})


@dataclass(frozen=True, slots=True)
class StreamLimit:
    """Counts streams from the request that asks for one to its end, so that nothing is begun that can't be answered.

    A stream whose request doesn't say so is counted when its answer begins.
    """

    app: ASGIApp
    streams: Streams

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request. Raises: HTTPException 503 when there are too many."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        first = scope["path"].lstrip("/").partition("/")[0]
        door = first if first in TOLD_APART else "http"
        exchange = _Exchange(streams=self.streams, door=door, receive_=receive, send_=send)
        if EVENTS in Headers(scope=scope).get("accept", ""):
            exchange.take()
        try:
            await self.app(scope, exchange.receive, exchange.send)
            await exchange.finish()
        finally:
            exchange.release()


@dataclass(slots=True, kw_only=True)
class _Exchange:
    """One request and its answer, as far as streams are concerned."""

    streams: Streams
    door: str
    receive_: Receive
    send_: Send
    is_counted: bool = False
    is_stream: bool = False
    is_complete: bool = False
    measured: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)

    def take(self) -> None:
        if not self.is_counted:
            self.streams.take()
            self.is_counted = True

    def release(self) -> None:
        self.measured.close()
        if self.is_counted:
            self.streams.open -= 1
            self.is_counted = False

    async def receive(self) -> Message:
        """The next message of the client; when streams must end, it is as if the client had gone."""
        incoming = asyncio.ensure_future(self.receive_())
        ending = asyncio.ensure_future(self.streams.ending())
        try:
            await asyncio.wait({incoming, ending}, return_when=asyncio.FIRST_COMPLETED)
            if self.is_stream and not incoming.done():
                return {"type": "http.disconnect"}
            return await incoming
        finally:
            incoming.cancel()
            ending.cancel()

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            kind = Headers(raw=list(message.get("headers", []))).get("content-type", "")
            if kind.startswith(EVENTS):
                self.take()
                self.is_stream = True
                self.measured.enter_context(process_metrics().streaming(self.door))
        else:
            self.is_complete = not message.get("more_body", False)
        await self.send_(message)

    async def finish(self) -> None:
        """A stream that was ended from here is closed as one that has said everything: clients come again for more."""
        if self.is_stream and not self.is_complete:
            await self.send_({"type": "http.response.body", "body": b"", "more_body": False})
