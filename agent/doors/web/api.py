"""What answers a request needs: the desk, and the pages of the service itself."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request

from agent.doors.web.readiness import Probe
from agent.jobs.desk import Desk


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """What the service's own addresses are answered from. `description` is the OpenAPI document."""

    desk: Desk
    probe: Probe
    description: bytes
    metrics_public: bool


def api_of(request: Request) -> Api:
    """The one that the application was made with."""
    api: Api = request.app.state.api
    return api
