"""The routes of the A2A door, for the web door to serve behind its authentication."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from a2a.server.routes import create_agent_card_routes, create_jsonrpc_routes, create_rest_routes
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from agent.doors.a2a.artefacts import Artefacts
from agent.doors.a2a.callers import CallerContextBuilder
from agent.doors.a2a.card import REST, RPC, public_card
from agent.doors.a2a.following import Following
from agent.doors.a2a.handler import DeskHandler
from agent.doors.a2a.notifications import Notifications
from agent.doors.a2a.reception import Reception
from agent.doors.a2a.undecided import UndecidedTasks
from agent.jobs.desk import Desk
from agent.settings import Settings

BODIES = frozenset({"application/json", "application/a2a+json"})
CARD_CACHE = "public, max-age=300"
Endpoint = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True, kw_only=True)
class A2ADoor:
    """The door: its routes, and the notifications that must be `running()` while the service is."""

    routes: list[BaseRoute]
    notifications: Notifications


def a2a_door(desk: Desk, settings: Settings, public_url: str) -> A2ADoor:
    """The A2A door to a desk; `public_url` is where clients reach the service."""
    public_url = public_url.rstrip("/")
    hosts = settings.doors.http.push_hosts
    reception = Reception(desk, UndecidedTasks(desk.records))
    following = Following(desk, Artefacts(desk, public_url))
    notifications = Notifications(reception, following, hosts)
    card = public_card(desk.definition, public_url, pushes=bool(hosts))
    handler = DeskHandler(card, reception, following, notifications)
    builder = CallerContextBuilder()
    rpc = create_jsonrpc_routes(handler, RPC, builder, enable_v0_3_compat=True)
    rest = create_rest_routes(handler, builder, path_prefix=REST)
    routes: list[BaseRoute] = [*create_agent_card_routes(card, cache_control=CARD_CACHE)]
    # The SDK adds a mount for tenants, which would take every path of the service.
    routes += [_json_only(route) for route in (*rpc, *rest) if isinstance(route, Route)]
    return A2ADoor(routes=routes, notifications=notifications)


def a2a_routes(desk: Desk, settings: Settings, public_url: str) -> list[BaseRoute]:
    """The door's routes alone: push notifications of before a restart aren't gone on with."""
    return a2a_door(desk, settings, public_url).routes


def _json_only(route: Route) -> Route:
    """The route, refusing a body that isn't JSON in UTF-8."""
    endpoint: Endpoint = route.endpoint

    async def checked(request: Request) -> Response:
        if request.method == "POST":
            media_type, _, parameters = request.headers.get("content-type", "").partition(";")
            body = await request.body()
            if (body or route.path == RPC) and media_type.strip().lower() not in BODIES:
                return _refused(415, f"send {' or '.join(sorted(BODIES))}")
            if "charset" in parameters.lower() and "utf-8" not in parameters.lower():
                return _refused(415, "send UTF-8")
            try:
                body.decode()
            except UnicodeDecodeError:
                return _refused(400, "the body isn't UTF-8")
        return await endpoint(request)

    return Route(route.path, checked, methods=sorted(route.methods or ()))


def _refused(status: int, text: str) -> Response:
    return JSONResponse({"error": text}, status_code=status)
