"""Problems: every refusal and failure as application/problem+json, with one sentence for whoever asked.

Source: RFC 9457, "Problem Details for HTTP APIs".
"""

from __future__ import annotations

import contextlib
import logging
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from agent.doors.spelling import SETTINGS, spelled
from agent.errors import BadRequest, LimitReached, Refused, StorageFailed, Unauthenticated

LOG = logging.getLogger(__name__)
MEDIA_TYPE = "application/problem+json"
RETRY_S = 5
"""When to come again after something that passes: a database that restarts, too many streams."""


class ProblemShown(BaseModel):
    """What went wrong, and what to do about it. `request_id` finds the request in the service's log."""

    type: str
    title: str
    status: int
    detail: str
    request_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What an error is for whoever asked: HTTP's status, a sentence, and headers that go with it."""

    status: int
    detail: str
    headers: Mapping[str, str] = field(default_factory=dict)

    def shown(self, request_id: str) -> ProblemShown:
        """The problem as it is sent."""
        return ProblemShown(
            type="about:blank",
            title=phrase_of(self.status),
            status=self.status,
            detail=spelled(self.detail, SETTINGS),
            request_id=request_id,
        )


def phrase_of(status: int) -> str:
    """HTTP's own words for a status, the same with every Python: before 3.13 it has an older name for 413."""
    return "Content Too Large" if status == 413 else HTTPStatus(status).phrase


def problem_of(error: Exception, request_id: str) -> Problem:
    """What is said of an error. One that isn't ours is only named by the request's id, and is written to the log; so
    is what a database says, for it may name hosts.
    """
    match error:
        case HTTPException():
            return Problem(status=error.status_code, detail=error.detail, headers=error.headers or {})
        case LimitReached():
            retry = {"Retry-After": str(max(1, math.ceil(error.retry_after_s)))}
            return Problem(status=error.status, detail=str(error), headers=retry)
        case Unauthenticated():
            return Problem(status=401, detail=str(error), headers={"WWW-Authenticate": "Bearer"})
        case Refused():
            return Problem(status=error.status, detail=str(error))
        case BadRequest():
            return Problem(status=400, detail=str(error))
        case StorageFailed():
            LOG.warning("request %s: %s", request_id, error)
            detail = "the service can't reach its records just now: try again in a few seconds"
            return Problem(status=503, detail=detail, headers={"Retry-After": str(RETRY_S)})
    LOG.error("request %s failed", request_id, exc_info=error)
    return Problem(status=500, detail=f"something failed in the service: its log has more under {request_id}")


@contextlib.contextmanager
def conflicts() -> Iterator[None]:
    """What can't be done because of how a job stands, not of what was sent: 409 in place of 400."""
    try:
        yield
    except BadRequest as error:
        raise HTTPException(409, str(error)) from error


def request_id_of(scope: Scope) -> str:
    """The id that the request was given on its way in."""
    return str(scope.get("state", {}).get("request_id", "unknown"))


def answer(error: Exception, scope: Scope) -> Response:
    """The answer to a request that ended in an error."""
    request_id = request_id_of(scope)
    problem = problem_of(error, request_id)
    content = problem.shown(request_id).model_dump_json()
    return Response(content, problem.status, headers={**problem.headers, "Content-Type": MEDIA_TYPE})


async def answer_refusal(request: Request, error: Exception) -> Response:
    """As `answer`, for what the library itself refuses: unknown paths, wrong methods."""
    return answer(_worded(error), request.scope)


def _worded(error: Exception) -> Exception:
    if not isinstance(error, HTTPException) or error.status_code not in _WORDS:
        return error
    if error.detail != HTTPStatus(error.status_code).phrase:
        return error
    return HTTPException(error.status_code, _WORDS[error.status_code], error.headers)


_WORDS = {
    404: "there is nothing at this address: /openapi.json lists what there is",
    405: "this address doesn't take that method: the header Allow names what it takes",
}


@dataclass(frozen=True, slots=True)
class Problems:
    """Whatever goes wrong below becomes a problem; once an answer has begun, its connection is only closed."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        has_begun = False

        async def noting(message: Message) -> None:
            nonlocal has_begun
            has_begun = has_begun or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, noting)
        except ClientDisconnect:
            return
        except Exception as error:  # whatever it is, someone waits for an answer
            response = answer(error, scope)
            if not has_begun:
                await response(scope, receive, send)
