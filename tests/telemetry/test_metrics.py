"""Metrics that Prometheus takes: promtool finds nothing to say, labels stay few, a database that is down shows."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from agent.errors import StorageFailed
from agent.jobs.desk import Desk as RealDesk
from agent.report import StageTime
from agent.telemetry.metrics import MOST_VALUES, OTHER, Metrics, process_metrics, render
from agent.telemetry.recorded import Recorded


@dataclass(frozen=True, slots=True)
class Worker:
    """A worker as the records tell of it."""

    heartbeat: float
    job_id: str = ""


@dataclass(slots=True)
class Records:
    """Records that a test fills."""

    jobs: dict[str, int] = field(default_factory=dict)
    oldest_s: float = 0.0
    alive: tuple[Worker, ...] = ()
    is_down: bool = False

    def counts(self) -> Mapping[str, int]:
        if self.is_down:
            raise StorageFailed("the database is down")
        return self.jobs

    def waiting_s(self) -> float:
        return self.oldest_s

    def workers(self) -> tuple[Worker, ...]:
        return self.alive


@dataclass(frozen=True, slots=True)
class Desk:
    """What holds the records."""

    records: Records


@pytest.fixture
def metrics() -> Metrics:
    return Metrics.create()


def samples(metrics: Metrics, records: Recorded | None = None) -> dict[tuple[str, ...], float]:
    """Every sample of the page, by its name and the values of its labels in the order of their names."""
    content, kind = metrics.render(records or Records())
    assert kind.startswith("text/plain; version=0.0.4")
    families = text_string_to_metric_families(content.decode())
    return {
        (s.name, *(s.labels[n] for n in sorted(s.labels))): s.value
        for family in families
        for s in family.samples
    }


def test_promtool_has_nothing_to_say(metrics: Metrics) -> None:
    metrics.answered("POST", "/v1/ask", 202, 0.01)
    metrics.answered("GET", "/v1/jobs/{id}/events", 200)
    metrics.took([StageTime(stage="baseline", duration_s=3.0, target_s=2.0)])
    metrics.asked("claude", {"input": 10, "output": 2}, 0.5)
    metrics.ended("improved")
    records = Records(jobs={"queued": 2}, oldest_s=1.5, alive=(Worker(time.time(), "J1"),))
    with metrics.streaming("a2a"):
        content, _ = metrics.render(records)
    done = subprocess.run(
        ["promtool", "check", "metrics"], input=content, capture_output=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_promtool_sees_a_bad_name() -> None:
    bad = b"# HELP ask_profiler_wait_ms Time.\n# TYPE ask_profiler_wait_ms counter\nask_profiler_wait_ms 1\n"
    done = subprocess.run(
        ["promtool", "check", "metrics"], input=bad, capture_output=True, timeout=60, check=False
    )
    assert done.returncode != 0


def test_what_the_records_say(metrics: Metrics) -> None:
    now = time.time()
    workers = (Worker(now - 5, "J1"), Worker(now), Worker(now))
    found = samples(metrics, Records(jobs={"queued": 3, "done": 7}, oldest_s=12.5, alive=workers))
    assert found["ask_profiler_database_up",] == 1
    assert found["ask_profiler_jobs", "queued"] == 3
    assert found["ask_profiler_jobs", "running"] == 0
    assert found["ask_profiler_jobs", "done"] == 7
    assert found["ask_profiler_oldest_waiting_job_seconds",] == 12.5
    assert found["ask_profiler_workers", "busy"] == 1
    assert found["ask_profiler_workers", "idle"] == 2
    assert found["ask_profiler_oldest_heartbeat_seconds",] == pytest.approx(5, abs=1)


def test_a_database_that_is_down_shows_and_hides_nothing_else(metrics: Metrics) -> None:
    metrics.ended("improved")
    found = samples(metrics, Records(is_down=True))
    assert found["ask_profiler_database_up",] == 0
    assert ("ask_profiler_jobs", "queued") not in found
    assert found["ask_profiler_jobs_ended_total", "improved"] == 1


def test_requests_stages_models_and_streams_are_counted(metrics: Metrics) -> None:
    metrics.answered("POST", "/v1/ask", 202, 0.02)
    metrics.answered("POST", "/v1/ask", 429, 0.001)
    metrics.answered("POST", "/v1/ask", 429, 0.001)
    metrics.took([StageTime(stage="baseline", duration_s=2.0, target_s=1.0)] * 2)
    metrics.asked("claude", {"input": 1000, "output": 20}, 0.25)
    metrics.asked("claude", {"input": 500}, None)
    with metrics.streaming("http"), metrics.streaming("http"):
        during = samples(metrics)
    found = samples(metrics)
    assert found["ask_profiler_http_requests_total", "POST", "/v1/ask", "429"] == 2
    assert found["ask_profiler_http_request_duration_seconds_count", "/v1/ask"] == 3
    assert found["ask_profiler_stage_duration_seconds_sum", "baseline"] == 4.0
    assert found["ask_profiler_model_tokens_total", "input", "claude"] == 1500
    assert found["ask_profiler_model_cost_usd_total", "claude"] == 0.25
    assert (during["ask_profiler_open_streams", "http"], found["ask_profiler_open_streams", "http"]) == (2, 0)


def test_labels_stay_few_whatever_comes(metrics: Metrics) -> None:
    for number in range(10 * MOST_VALUES):
        metrics.answered("GET", f"/scan/{number}", 404, 0.001)
        metrics.asked(f"model-{number}", {"input": 1}, None)
    found = samples(metrics)
    routes = {key[2] for key in found if key[0] == "ask_profiler_http_requests_total"}
    assert len(routes) == MOST_VALUES + 1
    assert found["ask_profiler_http_requests_total", "GET", OTHER, "404"] == 9 * MOST_VALUES
    assert found["ask_profiler_model_tokens_total", "input", OTHER] == 9 * MOST_VALUES


def test_a_label_may_hold_anything(metrics: Metrics) -> None:
    metrics.ended('a"b\\c\nd')
    assert samples(metrics)["ask_profiler_jobs_ended_total", 'a"b\\c\nd'] == 1


def test_the_memory_and_processor_time_of_the_process_are_there(metrics: Metrics) -> None:
    found = samples(metrics)
    assert found["process_resident_memory_bytes",] > 1e6
    assert found["process_cpu_seconds_total",] > 0


def test_the_page_of_the_service_has_both_and_a_process_has_one_set() -> None:
    content, _ = render(Desk(Records(jobs={"queued": 1})))
    assert b'ask_profiler_jobs{state="queued"} 1.0' in content
    assert b"ask_profiler_jobs_ended_total" in content
    assert process_metrics() is process_metrics()


def test_the_desk_of_the_service_can_be_watched(tmp_path: Path) -> None:
    from agent.database.opening import open_database
    from agent.jobs.records import Records as RealRecords
    from agent.settings import Settings

    database = open_database(Settings.model_validate({"storage": {"state_folder": str(tmp_path)}}), {})
    try:
        found = samples(Metrics.create(), RealRecords(database))
    finally:
        database.engine.dispose()
    assert (found["ask_profiler_database_up",], found["ask_profiler_jobs", "queued"]) == (1, 0)


def page_of(desk: RealDesk) -> bytes:
    """What the HTTP door does; that the types fit is checked by mypy."""
    return render(desk)[0]
