"""What each request passes on its way in: an id and a line in the log, who asks, and how big it may be."""

from __future__ import annotations

import logging
import re
import secrets
import time
from dataclasses import dataclass
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from agent.access.gate import Gate
from agent.doors.web.problems import request_id_of
from agent.doors.web.streams import EVENTS
from agent.telemetry.metrics import process_metrics

LOG = logging.getLogger(__name__)
QUIET = frozenset({"/healthz", "/readyz", "/metrics"})
"""Asked every few seconds by machines: not worth a line in the log each time."""
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


@dataclass(frozen=True, slots=True)
class Identified:
    """Gives each request an id, the caller's own where X-Request-Id has one, and writes one line when it has ended.

    The line has no query, header or body: nothing secret stands in it.
    """

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = Headers(scope=scope).get("x-request-id", "")
        request_id = given if _ID.fullmatch(given) else secrets.token_hex(8)
        state = scope.setdefault("state", {})
        state["request_id"] = request_id
        answered = _Answered(began_s=time.monotonic())

        async def marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["X-Request-Id"] = request_id
                answered.status = message["status"]
                answered.is_stream = headers.get("content-type", "").startswith(EVENTS)
            await send(message)

        try:
            await self.app(scope, receive, marked)
        finally:
            answered.tell(scope)


@dataclass(slots=True, kw_only=True)
class _Answered:
    """How a request was answered; a `status` of 0 is of one whose client went away."""

    began_s: float
    status: int = 0
    is_stream: bool = False

    def tell(self, scope: Scope) -> None:
        """Write it to the log and count it."""
        duration_s = time.monotonic() - self.began_s
        caller, path = scope["state"].get("caller"), scope["path"]
        fields = {
            "caller": caller.id if caller else "-",
            "request": request_id_of(scope),
            "duration_s": round(duration_s, 6),
        }
        level = logging.DEBUG if path in QUIET else logging.INFO
        shown = quote(path)  # a decoded path may hold line breaks
        LOG.log(level, "%s %s %d", scope["method"], shown, self.status, extra={"fields": fields})
        route = getattr(scope.get("route"), "path", "none")
        method = scope["method"] if scope["method"] in METHODS else "other"
        process_metrics().answered(method, route, self.status, None if self.is_stream else duration_s)


@dataclass(frozen=True, slots=True)
class Authenticated:
    """Lets requests in whose caller is known, and to `public` paths everyone.

    The caller is `scope["state"]["caller"]`.
    """

    app: ASGIApp
    gate: Gate
    public: frozenset[str]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request. Raises: Unauthenticated, StorageFailed."""
        if scope["type"] == "http" and scope["path"] not in self.public:
            authorization = Headers(scope=scope).get("authorization")
            caller = await run_in_threadpool(self.gate.authenticate, authorization)
            scope.setdefault("state", {})["caller"] = caller
        await self.app(scope, receive, send)


@dataclass(frozen=True, slots=True)
class BodyLimit:
    """Refuses bodies above `limit_bytes`: by what they announce, else as soon as more than that has come."""

    app: ASGIApp
    limit_bytes: int

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request. Raises: HTTPException 413."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        announced = Headers(scope=scope).get("content-length", "")
        if announced.isdecimal() and int(announced[:20]) > self.limit_bytes:
            raise self._too_large()
        received_bytes = 0

        async def counted() -> Message:
            nonlocal received_bytes
            message = await receive()
            received_bytes += len(message.get("body", b""))
            if received_bytes > self.limit_bytes:
                raise self._too_large()
            return message

        async def checked(message: Message) -> None:
            # A door that took the refusal for a failure of its own must not answer in its place.
            is_another = message["type"] == "http.response.start" and message["status"] != 413
            if received_bytes > self.limit_bytes and is_another:
                raise self._too_large()
            await send(message)

        await self.app(scope, counted, checked)

    def _too_large(self) -> HTTPException:
        return HTTPException(413, f"the body is larger than {self.limit_bytes} bytes: send less")
