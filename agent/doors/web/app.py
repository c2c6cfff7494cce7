"""The application: plain HTTP, and the doors that speak through it, behind one entry that knows who asks."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Literal

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import BaseRoute, Route

from agent.access.gate import Gate
from agent.doors.web.api import Api
from agent.doors.web.description import describe
from agent.doors.web.entry import Authenticated, BodyLimit, Identified
from agent.doors.web.operations import OPERATIONS, Operation
from agent.doors.web.problems import Problems, answer_refusal
from agent.doors.web.readiness import Probe
from agent.doors.web.streams import StreamLimit, Streams
from agent.jobs.desk import Desk
from agent.settings import Settings

Door = Literal["a2a", "mcp", "slack"]
DOORS: frozenset[Door] = frozenset({"a2a", "mcp", "slack"})
THREADS = 40
"""As many as starlette's own."""
Lifespan = Callable[[], AbstractAsyncContextManager[object]]


@dataclass(slots=True, kw_only=True)
class Joined:
    """What doors add: routes, paths that need no token because they have their own way or hold nothing secret, what
    must live as long as the application does, and what must be told when it begins to stop.
    """

    routes: list[BaseRoute] = field(default_factory=list)
    public: set[str] = field(default_factory=set)
    lifespans: list[Lifespan] = field(default_factory=list)
    ends: list[Callable[[], None]] = field(default_factory=list)


def make_app(
    desk: Desk,
    gate: Gate,
    settings: Settings,
    environment: Mapping[str, str],
    *,
    doors: frozenset[Door] = DOORS,
    public_url: str | None = None,
) -> Starlette:
    """The application with these doors; Slack's only where the settings have it on.

    `public_url` is where others reach it, None for what the settings say. Raises: BadSettings.
    """
    url = (public_url or public_url_of(settings)).rstrip("/")
    joined = _joined(desk, settings, environment, url, doors)
    streams = Streams(limit=settings.doors.http.streams, also_end=joined.ends)
    app = Starlette(
        routes=[*(_route(operation) for operation in OPERATIONS), *joined.routes],
        lifespan=_lifespan(joined),
        exception_handlers={HTTPException: answer_refusal},
        middleware=[
            Middleware(Identified),
            Middleware(Problems),
            Middleware(BodyLimit, limit_bytes=settings.doors.http.body_limit_bytes),
            Middleware(Authenticated, gate=gate, public=_public(joined, settings)),
            Middleware(StreamLimit, streams=streams),
        ],
    )
    app.router.redirect_slashes = False  # it would send callers to whatever host they named
    app.state.streams = streams
    app.state.api = Api(
        desk=desk,
        probe=Probe(desk=desk),
        description=_description(desk, url),
        metrics_public=settings.telemetry.metrics_public,
    )
    return app


def public_url_of(settings: Settings) -> str:
    """Where others reach the service, by its settings."""
    http = settings.doors.http
    host = f"[{http.host}]" if ":" in http.host else http.host
    return http.public_url or f"http://{host}:{http.port}"


def _public(joined: Joined, settings: Settings) -> frozenset[str]:
    """The paths that need no token."""
    ours = {operation.path for operation in OPERATIONS if operation.access == "everyone"}
    metrics = {"/metrics"} if settings.telemetry.metrics_public else set()
    return frozenset(ours | joined.public | metrics)


def _lifespan(joined: Joined) -> Callable[[Starlette], AbstractAsyncContextManager[None]]:
    """What lives as long as the application does."""

    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        # Python's default is a few threads for each processor: a database that hangs would hold all of them.
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(THREADS, "desk"))
        async with contextlib.AsyncExitStack() as stack:
            for each in joined.lifespans:
                await stack.enter_async_context(each())
            yield

    return lifespan


def _route(operation: Operation) -> Route:
    # A file's name may have slashes in it, which OpenAPI has no word for.
    path = operation.path.replace("{name}", "{name:path}")
    return Route(path, operation.handler, methods=[operation.method])


def _description(desk: Desk, url: str) -> bytes:
    from importlib.metadata import PackageNotFoundError, version

    try:
        found = version("ask-profiler")
    except PackageNotFoundError:
        found = "unknown"
    return json.dumps(describe(OPERATIONS, title=desk.definition.name, version=found, url=url)).encode()


def _joined(
    desk: Desk, settings: Settings, environment: Mapping[str, str], url: str, doors: frozenset[Door]
) -> Joined:
    """What the wanted doors add."""
    joined = Joined()
    if "a2a" in doors:
        _join_a2a(joined, desk, settings, url)
    if "mcp" in doors:
        _join_mcp(joined, desk, settings)
    if "slack" in doors and settings.doors.slack.enabled:
        _join_slack(joined, desk, settings, environment)
    return joined


def _join_a2a(joined: Joined, desk: Desk, settings: Settings, url: str) -> None:
    from a2a.utils.constants import AGENT_CARD_WELL_KNOWN_PATH

    from agent.doors.a2a.app import a2a_door

    door = a2a_door(desk, settings, url)
    joined.routes += door.routes
    joined.public.add(AGENT_CARD_WELL_KNOWN_PATH)
    joined.lifespans.append(door.notifications.running)


def _join_mcp(joined: Joined, desk: Desk, settings: Settings) -> None:
    from agent.doors.mcp.http import mcp_app

    app = mcp_app(desk, settings)
    joined.routes.append(Route("/mcp", app))
    joined.lifespans.append(app.running)
    joined.ends.append(app.stop)


def _join_slack(joined: Joined, desk: Desk, settings: Settings, environment: Mapping[str, str]) -> None:
    from agent.doors.slack.app import make_slack
    from agent.doors.slack.http import PATH, slack_routes

    door = make_slack(desk, settings, environment)
    joined.lifespans.append(door.opened)
    routes = slack_routes(door)
    if routes:  # none in Socket Mode
        joined.routes += routes
        joined.public.add(PATH)  # Slack signs what it sends
