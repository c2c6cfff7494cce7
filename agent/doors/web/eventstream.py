"""A job's events as a stream that a client can take up again where it broke off.

Source: WHATWG HTML, 9.2 "Server-sent events".
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence

from pydantic import BaseModel, TypeAdapter
from sse_starlette.event import ServerSentEvent
from sse_starlette.sse import EventSourceResponse

from agent.access.caller import Caller
from agent.doors.spelling import SETTINGS, spelled_event
from agent.doors.web.problems import problem_of
from agent.jobs.desk import Desk
from agent.jobs.job import Event

PING_S = 15.0
"""So often a silent stream shows that it is alive: proxies close what is silent for a minute."""
_EVENT: TypeAdapter[Event] = TypeAdapter(Event)


def named_event(name: str, data: BaseModel) -> ServerSentEvent:
    """An event that isn't one of a job, and so has no number."""
    return ServerSentEvent(data.model_dump_json(), event=name)


async def job_events(
    desk: Desk, caller: Caller, job_id: str, after: int, request_id: str
) -> AsyncIterator[ServerSentEvent]:
    """The job's events after number `after`, until it has ended. What fails on the way is the event `problem`."""
    try:
        async for event in desk.follow(caller, job_id, after=after):
            data = _EVENT.dump_json(spelled_event(event, SETTINGS)).decode()
            yield ServerSentEvent(data, event=event.kind, id=str(event.seq))
    except Exception as error:  # the answer has begun: this is how a problem is still told
        yield named_event("problem", problem_of(error, request_id).shown(request_id))


def stream(
    first: Sequence[ServerSentEvent],
    then: AsyncIterator[ServerSentEvent] | None = None,
    headers: Mapping[str, str] | None = None,
) -> EventSourceResponse:
    """An answer that sends some events at once, and others as they come."""

    async def all_of_them() -> AsyncIterator[ServerSentEvent]:
        for event in first:
            yield event
        if then is not None:
            async for event in then:
                yield event

    return EventSourceResponse(all_of_them(), headers=headers, ping=PING_S)
