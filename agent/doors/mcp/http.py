"""The MCP server over streamable HTTP, as a part of the service's web door, which says who is asking.

app = mcp_app(desk, settings)
Route("/mcp", endpoint=app)                 # any path: it serves what it is given
async with app.running(): ...               # for as long as the service lasts
app.stop()                                  # when it begins to stop, before its streams are ended
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import AccessToken
from mcp.server.mcpserver import Context
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from agent.access.caller import Caller
from agent.doors.mcp.server import make_server
from agent.doors.mcp.waiting import Waiting
from agent.errors import Unauthenticated
from agent.jobs.desk import Desk
from agent.service_settings import HttpSettings
from agent.settings import Settings

ANYWHERE = frozenset({"", "0.0.0.0", "::"})  # noqa: S104 - recognised, not bound
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


@dataclass(frozen=True, slots=True, kw_only=True)
class McpApp:
    """An ASGI application, whatever its path is. It works while it is `running`."""

    sessions: StreamableHTTPSessionManager
    waiting: Waiting

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request of an established caller; 401 for any other."""
        caller = caller_in(scope)
        if caller is None:
            await PlainTextResponse("who is asking isn't known\n", status_code=401)(scope, receive, send)
            return
        # A session belongs to the caller who began it: the SDK compares the user of each of its requests.
        user = AuthenticatedUser(AccessToken(token="", client_id=caller.id, scopes=sorted(caller.scopes)))
        await self.sessions.handle_request({**scope, "user": user}, receive, send)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Serve for as long as the block lasts; once."""
        async with self.sessions.run():
            try:
                yield
            finally:
                self.stop()

    def stop(self) -> None:
        """The service begins to stop: the calls that wait for jobs are ended, however that happens, and the jobs go on.
        To be called in the loop that serves.
        """
        self.waiting.stop()


def mcp_app(desk: Desk, settings: Settings) -> McpApp:
    """The application for the web door, which has put the caller into the request's state."""
    http, waiting = settings.doors.http, Waiting()
    server = make_server(desk, settings, caller_of_request, waiting)
    server.streamable_http_app(
        max_request_body_size=http.body_limit_bytes,
        max_sessions=http.streams,
        transport_security=security(http),
    )
    return McpApp(sessions=server.session_manager, waiting=waiting)


def security(http: HttpSettings) -> TransportSecuritySettings:
    """Which Host and Origin headers are taken: those of the public address, of the bound one, of this machine.

    A page of somebody else's that makes a browser reach this address is refused so. Bound to every address and without
    a public one, any host may be ours: then it is the callers' tokens alone that keep such a page out.
    """
    public = urlsplit(http.public_url or "")
    if http.host in ANYWHERE and not public.hostname:
        return TransportSecuritySettings(enable_dns_rebinding_protection=False)
    bound = () if http.host in ANYWHERE else (f"[{http.host}]" if ":" in http.host else http.host,)
    hosts = [f"{host}:*" for host in (*LOOPBACK, *bound)]
    origins = [f"http://{host}:*" for host in (*LOOPBACK, *bound)]
    if public.hostname:
        name = f"[{public.hostname}]" if ":" in public.hostname else public.hostname
        hosts += [name, f"{name}:*"]
        origins += [f"{public.scheme}://{name}", f"{public.scheme}://{name}:*"]
    return TransportSecuritySettings(allowed_hosts=hosts, allowed_origins=origins)


def caller_in(scope: Scope) -> Caller | None:
    """Who makes a request, as the web door found out; None where it didn't."""
    state = scope.get("state")
    caller = state.get("caller") if isinstance(state, dict) else getattr(state, "caller", None)
    return caller if isinstance(caller, Caller) else None


def caller_of_request(context: Context) -> Caller:
    """Who makes a call. Raises: Unauthenticated."""
    request = context.request_context.request
    caller = caller_in(request.scope) if request is not None else None
    if caller is None:
        raise Unauthenticated("who is asking isn't known")
    return caller
