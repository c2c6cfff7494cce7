"""What a run has left: its report in three forms, its files, and its patch on a branch."""

from __future__ import annotations

from pathlib import PurePosixPath
from urllib.parse import quote

from pydantic import TypeAdapter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from agent.doors.web.api import api_of
from agent.doors.web.problems import conflicts
from agent.doors.web.questions import DOOR, json_response
from agent.doors.web.reading import JSON, caller_of, job_id_of, wanted_of
from agent.doors.web.wire import FilesShown
from agent.errors import NotThere
from agent.jobs.desk import Applied
from agent.jobs.files import media_type
from agent.rendering import json as json_rendering
from agent.rendering import markdown

MARKDOWN = "text/markdown"
HTML = "text/html"
SAFE = {"X-Content-Type-Options": "nosniff", "Cache-Control": "private, no-store"}
CSP = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; base-uri 'none'"
"""For pages and pictures, which hold names from the target: no script, nothing loaded, no origin of ours."""
_APPLIED: TypeAdapter[Applied] = TypeAdapter(Applied)


async def show_report(request: Request) -> Response:
    """The report as JSON, Markdown or a page, by what is wanted."""
    desk, caller, job_id = api_of(request).desk, caller_of(request), job_id_of(request)
    wanted = wanted_of(request, JSON, MARKDOWN, HTML)
    with conflicts():
        report = await run_in_threadpool(desk.report, caller, job_id)
    headers = {**SAFE, "Vary": "Accept"}
    if wanted == HTML:
        page = await run_in_threadpool(desk.file, caller, job_id, "report.html")
        return Response(page, headers={**headers, "Content-Security-Policy": CSP}, media_type=HTML)
    render = json_rendering.render if wanted == JSON else markdown.render
    return Response(await run_in_threadpool(render, report), headers=headers, media_type=wanted)


async def list_files(request: Request) -> Response:
    """The names of the run's files."""
    names = await run_in_threadpool(api_of(request).desk.files, caller_of(request), job_id_of(request))
    return json_response(FilesShown(files=names))


async def fetch_file(request: Request) -> Response:
    """One file of the run, to be saved: no browser shows it as a page of this service."""
    desk, caller, job_id = api_of(request).desk, caller_of(request), job_id_of(request)
    name = str(request.path_params["name"])
    if name not in await run_in_threadpool(desk.files, caller, job_id):
        raise NotThere("the run has no such file: its list of files names what there is")
    content = await run_in_threadpool(desk.file, caller, job_id, name)
    kind = media_type(name)
    headers = {
        **SAFE,
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(PurePosixPath(name).name, safe='')}",
    }
    if kind.startswith((HTML, "image/svg")):
        headers["Content-Security-Policy"] = CSP
    return Response(content, headers=headers, media_type=kind)


async def apply(request: Request) -> Response:
    """Put the run's patch on a branch of the target's repository."""
    with conflicts():
        applied = await run_in_threadpool(
            api_of(request).desk.apply, caller_of(request), job_id_of(request), door=DOOR
        )
    return Response(_APPLIED.dump_json(applied), media_type=JSON)
