"""Who calls: the web door has found that out and put it on the request."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from a2a.extensions.common import HTTP_EXTENSION_HEADER, get_requested_extensions
from a2a.server.context import ServerCallContext
from a2a.server.routes.common import ServerCallContextBuilder
from starlette.requests import Request

from agent.access.caller import Caller
from agent.errors import Unauthenticated

CALLER, LEAVING = "caller", "leaving"


@dataclass(frozen=True, slots=True)
class Leaving:
    """Knows when an answer that takes long isn't waited for any more."""

    request: Request

    async def wait(self) -> None:
        """Returns when the client has gone, or the service stops. The body must have been read."""
        waits = {asyncio.ensure_future(self._gone())}
        streams = getattr(self.request.app.state, "streams", None)
        if streams is not None:
            waits.add(asyncio.ensure_future(streams.ending()))
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in waits:
                each.cancel()

    async def _gone(self) -> None:
        while (await self.request.receive())["type"] != "http.disconnect":
            pass


class CallerContextBuilder(ServerCallContextBuilder):
    """Takes the caller from the request into the SDK's context, and of the headers only those that A2A needs."""

    def build(self, request: Request) -> ServerCallContext:
        """The context of one call."""
        return ServerCallContext(
            state={
                CALLER: getattr(request.state, CALLER, None),
                LEAVING: Leaving(request),
                "headers": {"a2a-version": request.headers.get("a2a-version", "")},
            },
            requested_extensions=get_requested_extensions(request.headers.getlist(HTTP_EXTENSION_HEADER)),
        )


def caller_of(context: ServerCallContext) -> Caller:
    """The caller. Raises: Unauthenticated where nobody has found out who that is."""
    caller = context.state.get(CALLER)
    if not isinstance(caller, Caller):
        raise Unauthenticated("who is asking isn't known: send `Authorization: Bearer TOKEN`")
    return caller


def leaving_of(context: ServerCallContext) -> Leaving:
    """What knows whether the call is still waited for."""
    leaving = context.state[LEAVING]
    if not isinstance(leaving, Leaving):
        raise TypeError("the call has no request")
    return leaving


def speaks_v03(context: ServerCallContext) -> bool:
    """Whether the call was made in version 0.3 of the protocol, whose methods have a slash in their name."""
    return "/" in str(context.state.get("method", ""))
