"""What the description promises holds for requests that nobody thought of: no 5xx, no undocumented answer."""

from __future__ import annotations

import os
import queue
import subprocess
import sysconfig
import threading
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from agent.doors.web.description import describe
from agent.doors.web.operations import OPERATIONS
from agent.doors.web.serving import serve
from tests.doors.web.living import files_of, nothing_found, serving, settings_in
from tests.jobs.scripted import ScriptedWorker

PROGRAM = Path(sysconfig.get_path("scripts")) / "schemathesis"
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "missing_required_header",
    "unsupported_method",
    "allow_header_conformance",
    "ignored_auth",
    "use_after_free",
    "ensure_resource_availability",
)
BUDGET_S = 40


def run(url: str, folder: Path, *more: str) -> subprocess.CompletedProcess[str]:
    """Let the program ask a service by its own description."""
    return subprocess.run(
        [
            str(PROGRAM), "run", f"{url}/openapi.json", "--checks", ",".join(CHECKS), "--seed", "1",
            "--generation-database", "none", "--no-color", "--continue-on-failure", "--suppress-health-check", "all",
            "--request-timeout", "20", *more,
        ],
        cwd=folder, capture_output=True, text=True, timeout=240,
        env={**os.environ, "NO_PROXY": "127.0.0.1", "HYPOTHESIS_STORAGE_DIRECTORY": str(folder / "hypothesis")},
    )  # fmt: skip


@pytest.mark.slow
def test_requests_that_nobody_thought_of_find_no_5xx_and_nothing_undocumented(tmp_path: Path) -> None:
    with (
        serving(settings_in(tmp_path)) as service,
        ScriptedWorker(service.desk, files=files_of(nothing_found())),
    ):
        token = f"Authorization: Bearer {service.tokens['root']}"
        phases = ("--phases", "coverage,fuzzing,stateful", "--max-time", str(BUDGET_S))
        done = run(service.url, tmp_path, "--header", token, *phases)
        asked = len(service.desk.records.jobs(limit=1000))
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-2000:]
    assert asked >= 5, "hardly a request came through: the test tests nothing"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("status", "content", "says"),
    [
        (500, "{}", "Server error"),
        (200, '{"targets": 5}', "violates schema"),
        (418, "{}", "Undocumented"),
    ],
)
def test_an_answer_that_is_not_as_described_is_seen(
    tmp_path: Path, status: int, content: str, says: str
) -> None:
    description = describe(OPERATIONS, title="t", version="1", url="/")

    async def targets(_request: Request) -> Response:
        return Response(content, status, media_type="application/json")

    async def described(_request: Request) -> Response:
        return JSONResponse(description)

    settings, stop, url = settings_in(tmp_path), threading.Event(), queue.Queue[str]()
    app = Starlette(routes=[Route("/v1/targets", targets), Route("/openapi.json", described)])
    thread = threading.Thread(target=serve, args=(app, settings, url.put, stop), daemon=True)
    thread.start()
    try:
        done = run(
            url.get(timeout=20), tmp_path, "--include-path", "/v1/targets", "--phases", "fuzzing", "-n", "2"
        )
    finally:
        stop.set()
        thread.join(20)
    assert done.returncode == 1
    assert says in done.stdout
