"""`ask-profiler serve` as a real process: asked over HTTP, killed, started again; nothing that was asked is lost."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.doors.conftest import QUIET_SETTINGS, Cli
from tests.doors.targets import python_target

LONG_S = 120.0


@dataclass(slots=True)
class Served:
    """A service on a free port, with one target, `app`."""

    cli: Cli
    port: int
    token: str = ""
    process: subprocess.Popen[str] | None = None
    logs: list[Path] = field(default_factory=list)

    @property
    def settings(self) -> Path:
        """Its agent.yaml."""
        return self.cli.home / "agent.yaml"

    def start(self) -> None:
        """Start it and wait until it answers."""
        self.logs.append(self.cli.home / f"serve-{len(self.logs)}.log")
        words = self.cli.words("serve", "--settings", self.settings, "--port", str(self.port))
        with self.logs[-1].open("w") as log:
            self.process = subprocess.Popen(
                [words[0], "-P", *words[1:]],
                cwd=self.planted(), env=self.cli.env(), stdout=log, stderr=log, text=True, start_new_session=True,
            )  # fmt: skip
        until = time.monotonic() + LONG_S
        while time.monotonic() < until:
            try:
                if self.get("/healthz")["status"] == "alive":
                    return
            except (urllib.error.URLError, ConnectionError):
                assert self.process.poll() is None, self.logs[-1].read_text()
                time.sleep(0.1)
        raise AssertionError(self.logs[-1].read_text())

    def planted(self) -> Path:
        """A folder with a module that a worker would take for one of ours."""
        folder = self.cli.home / "planted"
        folder.mkdir(exist_ok=True)
        for name in ("agent.py", "tools.py"):
            (folder / name).write_text(f"open({str(self.cli.home / 'was-run')!r}, 'w')\n")
        return folder

    def get(self, path: str, body: object = None) -> dict[str, object]:
        """The JSON that an address answers with."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}",
            data=json.dumps(body).encode() if body is not None else None,
            headers={"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=20) as answer:
            found = json.load(answer)
        assert isinstance(found, dict)
        return found

    def end(self, number: signal.Signals) -> int:
        """Send it a signal; its exit code."""
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(timeout=60)


@pytest.fixture
def served(cli: Cli, tmp_path: Path) -> Iterator[Served]:
    python_target(tmp_path / "app", test=None)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    found = Served(cli, port)
    found.settings.write_text(
        QUIET_SETTINGS + f"storage: {{runs_folder: {cli.home}/runs, state_folder: {cli.home}/state}}\n"
        f"targets: {{app: {{path: {tmp_path}/app, workloads: {{all: {{command: [python, app.py]}}}}}}}}\n"
        "queue: {lost_after_s: 3.0}\n"
    )
    yield found
    if found.process is not None and found.process.poll() is None:
        found.process.kill()
        found.process.wait()


@pytest.mark.slow
def test_a_killed_service_goes_on_with_what_was_asked_when_it_is_started_again(
    served: Served, cli: Cli
) -> None:
    served.token = cli("token", "create", "ci", "--settings", served.settings).stdout.split()[-1]
    served.start()
    job = served.get("/v1/ask", {"question": "Why is app slow?"})
    path = f"/v1/jobs/{job['id']}"

    def state() -> object:
        return served.get(path)["state"]

    _wait(lambda: state() == "running", served)
    served.end(signal.SIGKILL)
    _wait(lambda: not _workers(served.settings), served)
    served.start()
    _wait(lambda: state() in ("done", "failed"), served)
    assert state() == "done", served.logs[-1].read_text()
    assert served.get(f"{path}/report")["run_id"] == job["id"]
    assert served.token not in "".join(log.read_text() for log in served.logs)
    assert served.end(signal.SIGTERM) == 0
    assert not _workers(served.settings)
    assert not (cli.home / "was-run").exists()


def test_every_problem_of_the_configuration_is_listed_at_once(cli: Cli) -> None:
    settings = cli.home / "agent.yaml"
    settings.write_text(
        "targets: {a: {path: /nowhere/a}, b: {path: /nowhere/b}}\ndoors: {slack: {enabled: true}}\n"
        f"storage: {{state_folder: {cli.home}/state}}\n"
    )
    answered = cli("serve", "--settings", settings, "--check")
    assert answered.exit_code == 3
    for word in ("targets.a", "targets.b", "SLACK_BOT_TOKEN"):
        assert word in answered.complaint


def _wait(found: object, served: Served) -> None:
    until = time.monotonic() + LONG_S
    assert callable(found)
    while not found():
        assert time.monotonic() < until, served.logs[-1].read_text()
        time.sleep(0.1)


def _workers(settings: Path) -> list[int]:
    """The worker processes that were started with these settings."""
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            try:
                words = (process / "cmdline").read_bytes().split(b"\0")
                environment = (process / "environ").read_bytes()
            except OSError:
                continue
            if b"worker" in words and str(settings).encode() in environment:
                found.append(int(process.name))
    return found
