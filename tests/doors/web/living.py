"""The service as it runs: a real server on a port of its own, over a real database, with tokens for callers."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
from starlette.applications import Starlette

from agent.access.gate import Gate
from agent.access.tokens import Tokens
from agent.doors.web.app import Door, make_app
from agent.doors.web.serving import listen, serve, url_of
from agent.jobs.desk import Desk
from agent.jobs.opening import open_desk
from agent.rendering import json as json_rendering
from agent.report import Report
from agent.request import Plan
from agent.service_settings import Scope
from agent.settings import Settings
from tools.measure.workload import Workload

SCOPES: Mapping[str, frozenset[Scope]] = {
    "ada": frozenset({"ask"}),
    "bob": frozenset({"ask"}),
    "reader": frozenset(),
    "root": frozenset({"ask", "apply", "admin"}),
}
"""Who may come in, by their names, and what they may do."""
PAGE = b"<!doctype html><title>report</title><p>nothing worth changing</p>"
PICTURE = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
PROFILE = b"\x1f\x8b\x08profile"


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A service that runs. `app` and `desk` are in this process; everything else goes through `url`."""

    url: str
    app: Starlette
    desk: Desk
    tokens: Mapping[str, str]

    def client(self, caller: str | None = "ada", **headers: str) -> httpx2.Client:
        """A client of one caller; None for one without a token."""
        known = {} if caller is None else {"Authorization": f"Bearer {self.tokens[caller]}"}
        return httpx2.Client(base_url=self.url, headers={**known, **headers}, timeout=20, trust_env=False)

    def ask(self, question: str, caller: str = "ada", **body: Any) -> Any:
        """Ask about `orders` and return the job that it became."""
        with self.client(caller) as client:
            answer = client.post("/v1/ask", json={"question": question, "target": "orders", **body})
        assert answer.status_code == 202, answer.text
        return answer.json()

    def finished(self, question: str, caller: str = "ada") -> str:
        """Ask, wait until the job has ended, and return its id; a worker must be there."""
        job_id: str = self.ask(question, caller)["id"]
        with self.client(caller) as client:
            *_, last = events_of(client, "GET", f"/v1/jobs/{job_id}/events")
        assert last.name == "ended"
        return job_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """One event of a stream as a client sees it."""

    name: str
    number: str
    data: Any


def events_of(client: httpx2.Client, method: str, path: str, **more: Any) -> Iterator[Sent]:
    """The events of a stream as they come, until it ends."""
    headers = {"Accept": "text/event-stream", **more.pop("headers", {})}
    with client.stream(method, path, headers=headers, **more) as answer:
        assert answer.status_code == 200, answer.read()
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield from _events(answer.iter_lines())


def _events(lines: Iterator[str]) -> Iterator[Sent]:
    found: dict[str, str] = {}
    for line in lines:
        if line.startswith(":"):
            continue
        if line:
            name, _, value = line.partition(": ")
            found[name] = value
        elif "data" in found:
            yield Sent(
                name=found.get("event", ""), number=found.get("id", ""), data=json.loads(found["data"])
            )
            found = {}


def settings_in(folder: Path, **sections: Any) -> Settings:
    """Settings with everything in one folder, a target `orders`, and one `secret` that only bob may reach."""
    target = folder / "orders"
    target.mkdir(exist_ok=True)
    (target / "report.py").write_text("print(1)\n")
    found: dict[str, Any] = {
        "storage": {"runs_folder": str(folder / "runs"), "state_folder": str(folder / "state")},
        "targets": {
            "orders": {"path": str(target), "description": "the report of all orders"},
            "secret": {"path": str(target), "callers": ["token:bob"]},
        },
        "access": {"limits": {"requests_per_minute": None, "waiting_jobs": None, "runs_per_day": None}},
        **sections,
    }
    doors = found.get("doors", {})
    found["doors"] = {**doors, "http": {"port": 0, **doors.get("http", {})}}
    return Settings.model_validate(found)


@contextlib.contextmanager
def serving(
    settings: Settings, doors: frozenset[Door] = frozenset(), environment: Mapping[str, str] | None = None
) -> Iterator[Service]:
    """A service with these settings for as long as the block lasts."""
    environment = environment or {}
    desk = open_desk(settings, environment)
    gate = Gate.open(settings, desk.records.database)
    known = {token.name for token in Tokens(database=desk.records.database).issued()}
    tokens = {
        name: Tokens(database=desk.records.database).create(name, scopes).secret
        for name, scopes in SCOPES.items()
        if name not in known
    }
    listener = listen(settings)
    app = make_app(desk, gate, settings, environment, doors=doors, public_url=url_of(listener))
    started, stop = threading.Event(), threading.Event()
    thread = threading.Thread(
        target=serve, args=(app, settings, lambda _url: started.set(), stop, listener), daemon=True
    )
    thread.start()
    try:
        assert started.wait(20), "the service did not start"
        yield Service(url=url_of(listener), app=app, desk=desk, tokens=tokens)
    finally:
        stop.set()
        thread.join(20)
        desk.records.database.engine.dispose()
        assert not thread.is_alive(), "the service did not stop"


def files_of(report: Report) -> dict[str, bytes]:
    """The files that a run leaves behind."""
    return {
        "report.json": json_rendering.render(report).encode(),
        "report.html": PAGE,
        "graphs/cpu.svg": PICTURE,
        "profiles/cpu before.pb.gz": PROFILE,
        "transcript.jsonl": b"{}\n",
    }


def nothing_found() -> Report:
    """A report of a run that found nothing worth changing."""
    return Report(
        run_id="20260102-030405-abcd", created="2026-01-02T03:04:05+00:00", question="Why is it slow?",
        agent_name="performance-profiler", agent_version="1", analyst="playbook", analyst_note="", host="2 cores",
        plan=Plan(
            language="python", root="/srv/orders", subdirectory="", profilers=(), focus=("cpu",), toolchain="",
            workload=Workload(language="python", kind="script", benchmarks=(), chosen_because="it is there"),
        ),
        outcome="nothing worth changing", summary="Nothing stands out.", bottlenecks=(), findings=(), candidates=(),
        combined=None, combined_evidence=(), combined_checks=(), smallest_detectable_gain=None, resources=(),
        targets=(), checklist=(), unmeasured=(), warnings=(), scaling=(), graphs=(), profiles=(), patch=None,
        optimized_files=(), monitoring=(), evidence=(), stages=(),
    )  # fmt: skip
