"""What those see who look after the service: alive, ready, metrics, its log, and how it stops."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import create_engine, update

from agent.database.opening import Database
from agent.database.tables import version
from agent.doors.web.readiness import Probe
from agent.doors.web.serving import listen
from agent.doors.web.wire import Readiness
from agent.errors import BadSettings
from agent.jobs.records import Records
from tests.doors.web.living import Service, events_of, serving, settings_in
from tests.doors.web.test_refusals import problem


def test_the_process_says_that_it_is_alive_to_everyone(service: Service) -> None:
    with service.client(None) as client:
        assert client.get("/healthz").json() == {"status": "alive"}
        assert client.head("/healthz").status_code == 200


def test_it_is_ready_without_a_worker_and_warns_of_that(service: Service) -> None:
    with service.client(None) as client:
        found = client.get("/readyz")
    assert (found.status_code, found.json()["status"]) == (200, "ready")
    assert "no worker" in found.json()["warnings"][0]


def test_it_is_ready_with_a_worker_and_has_no_doubts(worked: Service) -> None:
    worked.finished("Why slow?")
    with worked.client(None) as client:
        assert client.get("/readyz").json() == {"status": "ready", "problem": "", "warnings": []}


def test_it_is_not_ready_with_a_database_of_another_version(service: Service) -> None:
    with service.desk.records.database.writing() as connection:
        connection.execute(update(version).values(version=99))
    with service.client(None) as client:
        found = client.get("/readyz")
        assert client.get("/healthz").status_code == 200
    assert found.status_code == 503
    assert "ask-profiler migrate" in found.json()["problem"]


def test_a_database_that_is_gone_makes_it_unready_and_every_question_a_503(
    service: Service, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with service.client() as client:
        assert client.get("/v1/jobs").status_code == 200
        service.desk.records.database.engine.dispose()
        state = tmp_path / "state"
        state.rename(tmp_path / "elsewhere")
        state.write_text("a file where the folder was")
        with caplog.at_level(logging.WARNING):
            found = client.get("/readyz")
            answer = client.get("/v1/jobs")
    assert (found.status_code, found.json()["problem"]) == (503, "the database can't be reached")
    said = problem(answer, 503)
    assert str(tmp_path) not in said
    assert int(answer.headers["retry-after"]) > 0
    assert "unable to open database file" in caplog.text


def test_metrics_are_for_admins_unless_the_settings_open_them(service: Service, tmp_path: Path) -> None:
    with service.client() as client:
        problem(client.get("/metrics"), 403)
    with service.client("root") as client:
        found = client.get("/metrics")
        assert found.status_code == 200
        assert found.headers["content-type"].startswith("text/plain")
    other = tmp_path / "open"
    other.mkdir()
    opened = settings_in(other, telemetry={"metrics_public": True})
    with serving(opened) as everyones, everyones.client(None) as client:
        assert client.get("/metrics").status_code == 200


def test_the_log_has_a_line_for_each_request_and_no_secret(
    service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO), service.client() as client:
        client.get(
            "/v1/jobs", params={"limit": 5, "token": "from-the-query"}, headers={"X-Request-Id": "one"}
        )
        client.get("/v1/jobs/a%0Aforged line")
    lines = [record for record in caplog.records if not record.name.startswith("httpx")]  # the client's own
    assert [line.getMessage() for line in lines] == ["GET /v1/jobs 200", "GET /v1/jobs/a%0Aforged%20line 404"]
    fields = lines[0].__dict__["fields"]
    assert (fields["caller"], fields["request"]) == ("token:ada", "one")
    for secret in (service.tokens["ada"], service.tokens["ada"][-20:], "from-the-query"):
        assert secret not in str([line.__dict__ for line in lines])


def test_what_fails_in_the_service_says_only_the_requests_id_and_is_logged(
    service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    job = service.ask("Why slow?")
    with service.desk.records.database.writing() as connection:
        connection.exec_driver_sql("UPDATE ap_jobs SET request = 'torn'")
    with caplog.at_level(logging.ERROR), service.client() as client:
        answer = client.get(f"/v1/jobs/{job['id']}", headers={"X-Request-Id": "torn-1"})
    assert problem(answer, 500) == "something failed in the service: its log has more under torn-1"
    assert "request torn-1 failed" in caplog.text
    assert "ValidationError" in caplog.text


def test_a_stream_that_fails_on_its_way_says_so_as_its_last_event(service: Service) -> None:
    job = service.ask("Why slow?")
    with service.desk.records.database.writing() as connection:
        connection.exec_driver_sql("UPDATE ap_events SET data = 'torn'")
    with service.client() as client:
        sent = list(events_of(client, "GET", f"/v1/jobs/{job['id']}/events"))
    assert [event.name for event in sent] == ["problem"]
    assert sent[0].data["status"] == 500


def test_stopping_ends_streams_cleanly_and_at_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    names: list[str] = []
    with serving(settings_in(tmp_path)) as service:
        job = service.ask("Why slow?")
        seen = threading.Event()

        def follow() -> None:
            with service.client() as client:
                for event in events_of(client, "GET", f"/v1/jobs/{job['id']}/events"):
                    names.append(event.name)
                    seen.set()
            names.append("the end")

        thread = threading.Thread(target=follow)
        thread.start()
        assert seen.wait(10)
        began_s = time.monotonic()
    thread.join(10)
    assert names == ["queued", "the end"]
    assert time.monotonic() - began_s < 3
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


@pytest.mark.slow
def test_a_database_that_hangs_is_said_within_seconds_and_is_not_asked_by_every_probe(
    service: Service,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes connections and says nothing
        address = f"postgresql+psycopg://ada@127.0.0.1:{silent.getsockname()[1]}/x"
        engine = create_engine(address, connect_args={"connect_timeout": 4})
        probe = Probe(desk=replace(service.desk, records=Records(Database(engine))))

        async def look() -> list[Readiness]:
            return list(await asyncio.gather(*(probe.look() for _ in range(20))))

        began_s = time.monotonic()
        found = asyncio.run(look())
    assert {each.problem for each in found} == {"the database has not answered for 3 s"}
    assert time.monotonic() - began_s < 15


def test_a_port_that_is_taken_is_said_in_a_sentence(tmp_path: Path) -> None:
    first = listen(settings_in(tmp_path))
    try:
        port = first.getsockname()[1]
        with pytest.raises(BadSettings, match=rf"can't listen on 127.0.0.1:{port}"):
            listen(settings_in(tmp_path, doors={"http": {"port": port}}))
    finally:
        first.close()


SERVED = """
from agent.doors.web.serving import serve
from agent.settings import Settings
from starlette.applications import Starlette
settings = Settings.model_validate({"doors": {"http": {"port": 0}}})
serve(Starlette(), settings, lambda url: print(url, flush=True), None)
print("went on", flush=True)
"""


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_serving_and_what_comes_after_it_is_still_done(number: signal.Signals) -> None:
    root = Path(__file__).resolve().parents[3]
    process = subprocess.Popen(
        [sys.executable, "-c", SERVED],
        stdout=subprocess.PIPE, text=True, cwd=root, env={**os.environ, "PYTHONPATH": str(root)},
    )  # fmt: skip
    try:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("http://127.0.0.1:")
        process.send_signal(number)
        out, _ = process.communicate(timeout=15)
    finally:
        process.kill()
        process.wait()
    assert (out, process.returncode) == ("went on\n", 0)
