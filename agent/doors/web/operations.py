"""The table of addresses: routes and their description are both made from it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from agent.doors.web import operating, questions, results
from agent.doors.web.reading import JOB_ID, JSON, KEY, AgainBody, AskBody
from agent.doors.web.streams import EVENTS
from agent.doors.web.wire import (
    ChoiceShown,
    EventsShown,
    FilesShown,
    Health,
    JobShown,
    JobsShown,
    Readiness,
    TargetsShown,
)
from agent.jobs.desk import Applied
from agent.report import Report

Handler = Callable[[Request], Awaitable[Response]]
ANYTHING = "*/*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A part of the path, of the query, or a header; `schema` is its JSON schema."""

    name: str
    place: Literal["path", "query", "header"]
    says: str
    schema: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer that isn't a problem: its bodies by media type, None for what isn't JSON."""

    status: int
    says: str
    bodies: Mapping[str, type | None]
    has_location: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One address with one method. `problems` are the statuses that it may be refused with, beside those that every
    address may answer with.
    """

    method: Literal["GET", "POST"]
    path: str
    handler: Handler
    says: str
    answers: tuple[Answer, ...]
    parameters: tuple[Parameter, ...] = ()
    body: type[BaseModel] | None = None
    body_is_optional: bool = False
    problems: tuple[int, ...] = ()
    access: Literal["caller", "admin", "everyone"] = "caller"
    more: str = field(default="")


JOB = Parameter(
    name="job_id", place="path", says="The job's id.", schema={"type": "string", "pattern": JOB_ID}
)
FILE = Parameter(
    name="name",
    place="path",
    says="A name from the list of files.",
    schema={"type": "string", "minLength": 1},
)
REPEATS = Parameter(
    name="Idempotency-Key",
    place="header",
    says="A repeat of a request with the same key gives the job that the first one gave.",
    schema={"type": "string", "pattern": KEY},
)
_NUMBER = {"type": "integer", "minimum": 0, "maximum": 999_999_999}
AFTER = Parameter(name="after", place="query", says="Only events after this number.", schema=_NUMBER)
LAST_EVENT = Parameter(
    name="Last-Event-ID",
    place="header",
    says="As `after`: the number of the last event that has come.",
    schema=_NUMBER,
)
LIMIT = Parameter(
    name="limit",
    place="query",
    says="At most so many.",
    schema={"type": "integer", "minimum": 1, "maximum": 200, "default": 50},
)


def _one(says: str, body: type, status: int = 200) -> tuple[Answer, ...]:
    return (Answer(status=status, says=says, bodies={JSON: body}),)


STREAM = (
    "As `text/event-stream` each event of the job is sent when it happens: `event` is its kind, `id` its number, "
    "`data` the Event as JSON. The stream ends with the event `ended`. A stream that broke off is taken up again at "
    "`/v1/jobs/{job_id}/events` with the header Last-Event-ID. The event `problem` says that the stream failed."
)
OPERATIONS: tuple[Operation, ...] = (
    Operation(
        method="POST",
        path="/v1/ask",
        handler=questions.ask,
        says="Ask a question, answer a choice, or ask a follow-up question.",
        more=f"{STREAM} The stream begins with the event `job`, or is the one event `choice`.",
        parameters=(REPEATS,),
        body=AskBody,
        answers=(
            Answer(
                status=200,
                says="What must be decided first; as a stream, the choice or the job with its events.",
                bodies={JSON: ChoiceShown, EVENTS: None},
            ),
            Answer(
                status=202,
                says="The job that the question became.",
                bodies={JSON: JobShown},
                has_location=True,
            ),
        ),
        problems=(400, 404, 406, 413, 415, 429),
    ),
    Operation(
        method="GET",
        path="/v1/jobs",
        handler=questions.list_jobs,
        says="Your jobs, newest first; an admin's are everyone's.",
        parameters=(LIMIT,),
        answers=_one("Jobs.", JobsShown),
        problems=(400,),
    ),
    Operation(
        method="GET",
        path="/v1/jobs/{job_id}",
        handler=questions.show_job,
        says="One job.",
        parameters=(JOB,),
        answers=_one("The job.", JobShown),
        problems=(404,),
    ),
    Operation(
        method="GET",
        path="/v1/jobs/{job_id}/events",
        handler=questions.show_events,
        says="What has happened to a job.",
        more=STREAM,
        parameters=(JOB, AFTER, LAST_EVENT),
        answers=(Answer(status=200, says="Events, in order.", bodies={JSON: EventsShown, EVENTS: None}),),
        problems=(400, 404, 406),
    ),
    Operation(
        method="POST",
        path="/v1/jobs/{job_id}/cancel",
        handler=questions.cancel,
        says="Cancel a job: one that runs ends within 2 s. One that has ended stays as it is.",
        parameters=(JOB,),
        answers=_one("The job.", JobShown),
        problems=(404, 413),
    ),
    Operation(
        method="POST",
        path="/v1/jobs/{job_id}/again",
        handler=questions.again,
        says="Ask the same question once more, with more time.",
        parameters=(JOB, REPEATS),
        body=AgainBody,
        body_is_optional=True,
        answers=(Answer(status=202, says="The new job.", bodies={JSON: JobShown}, has_location=True),),
        problems=(400, 404, 409, 413, 415, 429),
    ),
    Operation(
        method="POST",
        path="/v1/jobs/{job_id}/apply",
        handler=results.apply,
        says="Put the run's patch on a new branch of the target's repository.",
        more="Needs the scope `apply`, or to be named by the target's settings.",
        parameters=(JOB,),
        answers=_one("The branch.", Applied),
        problems=(404, 409, 413),
    ),
    Operation(
        method="GET",
        path="/v1/jobs/{job_id}/report",
        handler=results.show_report,
        says="The report of the job's run.",
        parameters=(JOB,),
        answers=(
            Answer(
                status=200,
                says="The report.",
                bodies={JSON: Report, results.MARKDOWN: None, results.HTML: None},
            ),
        ),
        problems=(404, 406, 409),
    ),
    Operation(
        method="GET",
        path="/v1/jobs/{job_id}/files",
        handler=results.list_files,
        says="The names of the run's files.",
        parameters=(JOB,),
        answers=_one("Names.", FilesShown),
        problems=(404,),
    ),
    Operation(
        method="GET",
        path="/v1/jobs/{job_id}/files/{name}",
        handler=results.fetch_file,
        says="One file of the run. Its name may have slashes in it.",
        parameters=(JOB, FILE),
        answers=(Answer(status=200, says="The file.", bodies={ANYTHING: None}),),
        problems=(404,),
    ),
    Operation(
        method="GET",
        path="/v1/targets",
        handler=questions.list_targets,
        says="The targets that you may ask about, with their workloads.",
        answers=_one("Targets.", TargetsShown),
    ),
    Operation(
        method="GET",
        path="/healthz",
        handler=operating.healthz,
        says="Whether the process is alive.",
        answers=_one("It is.", Health),
        access="everyone",
    ),
    Operation(
        method="GET",
        path="/readyz",
        handler=operating.readyz,
        says="Whether questions can be taken: the database answers and has the right version.",
        answers=(*_one("They can.", Readiness), *_one("They can't now.", Readiness, 503)),
        access="everyone",
    ),
    Operation(
        method="GET",
        path="/metrics",
        handler=operating.metrics,
        says="Prometheus's metrics.",
        answers=(Answer(status=200, says="Metrics.", bodies={"text/plain": None}),),
        access="admin",
    ),
    Operation(
        method="GET",
        path="/openapi.json",
        handler=operating.openapi,
        says="This description.",
        answers=(Answer(status=200, says="OpenAPI 3.1.", bodies={JSON: None}),),
        access="everyone",
    ),
)
"""Every address of the service's own. Other protocols describe themselves: A2A by its card, MCP by its lists."""
