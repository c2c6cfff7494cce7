"""Asking over plain HTTP, and what becomes of a question: its job, its events, cancelling, asking again."""

from __future__ import annotations

import secrets

from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from agent.doors.spelling import SETTINGS, spelled_event
from agent.doors.web.api import api_of
from agent.doors.web.eventstream import job_events, named_event, stream
from agent.doors.web.problems import conflicts, request_id_of
from agent.doors.web.reading import (
    JSON,
    AgainBody,
    AskBody,
    after_of,
    caller_of,
    job_id_of,
    key_of,
    number_of,
    read_body,
    wanted_of,
)
from agent.doors.web.streams import EVENTS
from agent.doors.web.wire import (
    ChoiceShown,
    EventsShown,
    JobsShown,
    TargetShown,
    TargetsShown,
    WorkloadShown,
    shown_job,
)
from agent.jobs.job import Choice, Job, Message

DOOR = "http"


def json_response(content: BaseModel, status: int = 200, location: str | None = None) -> Response:
    """An answer in JSON."""
    headers = {"Location": location} if location else None
    return Response(content.model_dump_json(), status, headers, media_type=JSON)


async def ask(request: Request) -> Response:
    """Take a question; its events as they come, or the job, or the choice to be made first."""
    wanted = wanted_of(request, JSON, EVENTS)
    body = await read_body(request, AskBody)
    message = Message(
        text=body.question,
        door=DOOR,
        # A choice makes no job yet, and its answer must find it.
        conversation=body.conversation or f"http-{secrets.token_hex(8)}",
        target=body.target,
        workload=body.workload,
        key=key_of(request),
        time_limit_s=body.time_limit_s,
    )
    receipt = await run_in_threadpool(api_of(request).desk.receive, caller_of(request), message)
    if isinstance(receipt, Choice):
        choice = ChoiceShown(conversation=message.conversation, choice=receipt)
        return stream([named_event("choice", choice)]) if wanted == EVENTS else json_response(choice)
    return _begun(request, receipt) if wanted == EVENTS else _accepted(receipt)


def _begun(request: Request, job: Job) -> Response:
    """The job, then its events as they come."""
    shown = shown_job(job)
    events = job_events(api_of(request).desk, caller_of(request), job.id, 0, request_id_of(request.scope))
    return stream([named_event("job", shown)], events, {"Location": shown.links.job})


def _accepted(job: Job) -> Response:
    shown = shown_job(job)
    return json_response(shown, 202, shown.links.job)


async def list_jobs(request: Request) -> Response:
    """The caller's jobs."""
    limit = number_of(request.query_params.get("limit"), "limit", 50, least=1, most=200)
    jobs = await run_in_threadpool(api_of(request).desk.jobs, caller_of(request), limit=limit)
    return json_response(JobsShown(jobs=tuple(shown_job(job) for job in jobs)))


async def show_job(request: Request) -> Response:
    """One job."""
    job = await run_in_threadpool(api_of(request).desk.job, caller_of(request), job_id_of(request))
    return json_response(shown_job(job))


async def show_events(request: Request) -> Response:
    """A job's events: those that there are, or all as they come."""
    desk, caller, job_id, after = (
        api_of(request).desk,
        caller_of(request),
        job_id_of(request),
        after_of(request),
    )
    if wanted_of(request, JSON, EVENTS) == EVENTS:
        await run_in_threadpool(desk.job, caller, job_id)  # before the answer begins
        return stream([], job_events(desk, caller, job_id, after, request_id_of(request.scope)))
    found = await run_in_threadpool(desk.events, caller, job_id, after=after)
    return json_response(EventsShown(events=tuple(spelled_event(event, SETTINGS) for event in found)))


async def cancel(request: Request) -> Response:
    """Cancel a job."""
    job = await run_in_threadpool(
        api_of(request).desk.cancel, caller_of(request), job_id_of(request), door=DOOR
    )
    return json_response(shown_job(job))


async def again(request: Request) -> Response:
    """The same question with more time."""
    job_id, key = job_id_of(request), key_of(request)
    body = await read_body(request, AgainBody, is_optional=True)
    desk, caller = api_of(request).desk, caller_of(request)
    with conflicts():
        job = await run_in_threadpool(desk.again, caller, job_id, more=body.more, key=key, door=DOOR)
    return _accepted(job)


async def list_targets(request: Request) -> Response:
    """What the caller may ask about."""
    desk = api_of(request).desk
    found = await run_in_threadpool(desk.targets, caller_of(request))
    shown = []
    for name, description in found.items():
        target = desk.settings.targets.get(name)
        workloads = [
            WorkloadShown(name=key, description=workload.description)
            for key, workload in (target.workloads.items() if target else ())
        ]
        shown.append(TargetShown(name=name, description=description, workloads=tuple(workloads)))
    return json_response(TargetsShown(targets=tuple(shown)))
