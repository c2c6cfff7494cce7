"""Reading requests: their bodies as typed data, their parameters within bounds, and what kind of answer they want."""

from __future__ import annotations

import re
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request

from agent.access.caller import Caller
from agent.errors import BadRequest, NotThere

M = TypeVar("M", bound=BaseModel)
JSON = "application/json"
TEXT = r"^[^\x00]*$"
"""A PostgreSQL keeps no text with NUL in it."""
JOB_ID = r"^[A-Za-z0-9._-]{1,64}$"
KEY = r"^[\x21-\x7e]{1,200}$"
WHOLE_NUMBER = re.compile(r"[0-9]{1,9}")
MOST_PROBLEMS = 10

Name = Annotated[str, Field(min_length=1, max_length=200, pattern=TEXT)]


class AskBody(BaseModel):
    """A question. `target` and `workload` are names from the service's settings, which `/v1/targets` lists; without
    them they are taken from the question, or asked for. `conversation` is that of an earlier answer: it makes this the
    answer to a choice, or a follow-up question. `time_limit_s` is how long the run may take.
    """

    model_config = ConfigDict(extra="forbid", strict=True)

    question: Annotated[str, Field(min_length=1, max_length=8000, pattern=TEXT)]
    target: Name | None = None
    workload: Name | None = None
    conversation: Name | None = None
    time_limit_s: Annotated[float, Field(gt=0, le=86_400, allow_inf_nan=False)] | None = None


class AgainBody(BaseModel):
    """How to ask once more: `more` is how many times the time the run may take now."""

    model_config = ConfigDict(extra="forbid", strict=True)

    more: Annotated[float, Field(ge=1, le=20, allow_inf_nan=False)] = 2.0


def caller_of(request: Request) -> Caller:
    """Who asks."""
    caller: Caller = request.scope["state"]["caller"]
    return caller


async def read_body(request: Request, model: type[M], *, is_optional: bool = False) -> M:
    """The body as typed data; an optional one that isn't there has the model's defaults.

    Raises: HTTPException 415 for another content type, BadRequest naming each field that can't be used.
    """
    content = await request.body()
    if is_optional and not content:
        return model()
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != JSON:
        raise HTTPException(
            415, f"the body must be {JSON}: say so in the header Content-Type", {"Accept": JSON}
        )
    try:
        return model.model_validate_json(content)
    except ValidationError as error:
        raise BadRequest(f"the body can't be used: {_named(error)}") from None


def _named(error: ValidationError) -> str:
    """Which fields, and what is wrong with them; never what was sent."""
    found = error.errors(include_input=False, include_url=False, include_context=False)
    named = [f"{'.'.join(str(part)[:40] for part in e['loc']) or 'all of it'}: {e['msg']}" for e in found]
    more = [f"and {len(named) - MOST_PROBLEMS} more"] if len(named) > MOST_PROBLEMS else []
    return "; ".join(named[:MOST_PROBLEMS] + more)


def job_id_of(request: Request) -> str:
    """The job that the path names. Raises: NotThere for what can't be the id of one."""
    job_id = str(request.path_params["job_id"])
    if not re.fullmatch(JOB_ID, job_id):
        raise NotThere("there is no such job")
    return job_id


def key_of(request: Request) -> str:
    """What makes repeats of a request one: the header Idempotency-Key, "" without. Raises: BadRequest."""
    key = request.headers.get("idempotency-key")
    if key is None:
        return ""
    if not re.fullmatch(KEY, key):
        raise BadRequest("Idempotency-Key must be 1 to 200 visible ASCII characters")
    return f"http:{key}"


def number_of(given: str | None, name: str, default: int, *, least: int, most: int) -> int:
    """A whole number from a header or the query, `default` when it isn't given. Raises: BadRequest."""
    if given is None:
        return default
    if not WHOLE_NUMBER.fullmatch(given) or not least <= int(given) <= most:
        raise BadRequest(f"{name} must be a whole number from {least} to {most}")
    return int(given)


def after_of(request: Request) -> int:
    """The last event that the client has: by the header Last-Event-ID, else by the query. Raises: BadRequest."""
    most = 999_999_999
    asked = number_of(request.query_params.get("after"), "after", 0, least=0, most=most)
    return number_of(request.headers.get("last-event-id"), "Last-Event-ID", asked, least=0, most=most)


def wanted_of(request: Request, *offered: str) -> str:
    """Which of the offered media types is wanted most, the first of them where it doesn't matter.

    Raises: HTTPException 406 when none is. Source: RFC 9110, 12.5.1.
    """
    accept = request.headers.get("accept", "").strip()
    if not accept:
        return offered[0]
    ranges = [_range(part) for part in accept.split(",")]
    best = max(offered, key=lambda kind: _quality(kind, ranges))
    if _quality(best, ranges) <= 0:
        raise HTTPException(406, f"this can be had as {', '.join(offered)}: say so in the header Accept")
    return best


def _range(part: str) -> tuple[str, float]:
    name, *parameters = (p.strip().lower() for p in part.split(";"))
    given = next((p[2:] for p in parameters if p.startswith("q=")), "1")
    return name, float(given) if re.fullmatch(r"[01](\.[0-9]{0,3})?", given) else 0.0


def _quality(kind: str, ranges: list[tuple[str, float]]) -> float:
    """How much a media type is wanted: the most specific range that covers it counts."""
    for covering in (kind, kind.partition("/")[0] + "/*", "*/*"):
        found = [quality for name, quality in ranges if name == covering]
        if found:
            return max(found)
    return 0.0
