"""The service's own pages: alive, ready, metrics, and the description of its addresses."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from agent.doors.web.api import api_of
from agent.doors.web.questions import json_response
from agent.doors.web.reading import JSON, caller_of
from agent.doors.web.wire import Health
from agent.errors import Forbidden


async def healthz(_request: Request) -> Response:
    """The process answers."""
    return json_response(Health(status="alive"))


async def readyz(request: Request) -> Response:
    """Whether questions can be taken now."""
    readiness = await api_of(request).probe.look()
    return json_response(readiness, 200 if readiness.status == "ready" else 503)


async def metrics(request: Request) -> Response:
    """Prometheus's metrics, for admins, or for everyone where the settings say so."""
    from agent.telemetry.metrics import render

    api = api_of(request)
    if not api.metrics_public and not caller_of(request).may("admin"):
        raise Forbidden(
            "metrics need a token with the scope admin, or telemetry.metrics_public in agent.yaml"
        )
    content, kind = await run_in_threadpool(render, api.desk)
    return Response(content, headers={"Content-Type": kind})


async def openapi(request: Request) -> Response:
    """The description of these addresses."""
    return Response(api_of(request).description, media_type=JSON)
