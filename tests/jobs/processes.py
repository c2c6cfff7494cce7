"""Real worker processes on a real target, which tests stop, freeze and kill."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from agent.access.caller import Caller
from agent.jobs.desk import Desk
from agent.jobs.job import Event, Job, Message
from agent.jobs.opening import open_desk
from agent.settings import Settings
from tests.doors.targets import python_target

ANN = Caller(id="token:ann", scopes=frozenset({"ask"}))
QUICK = {
    "measure": {
        "capture_s": 0.3, "process_s": 0.01, "calibration_pairs": 4, "pairs_min": 8, "pairs_max": 8, "final_s": 0,
    },
    "verify": {"values_s": 2, "generated_calls": 30, "counting_s": 0},
}  # fmt: skip
LONG_S = 120.0


@dataclass(slots=True)
class Site:
    """One machine's service in a folder: its settings, its desk, and worker processes that are started by tests."""

    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    sections: Mapping[str, object] = field(default_factory=dict)
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def desk(self) -> Desk:
        """The desk of the site."""
        target = self.folder / "target"
        if not target.exists():
            python_target(target, test=None)
        found = {
            **QUICK,
            "storage": {"runs_folder": str(self.folder / "runs"), "state_folder": str(self.folder / "state")},
            "queue": {"lost_after_s": 3.0, "attempts": 60},
            "targets": {"app": {"path": str(target)}},
            **self.sections,
        }
        (self.folder / "agent.yaml").write_text(yaml.safe_dump(found))
        return open_desk(Settings.model_validate(found), self._environment())

    def start(self, mark: str = "") -> subprocess.Popen[bytes]:
        """A worker process; what it starts carries the mark in its environment."""
        log = (self.folder / f"worker-{len(self.processes)}.log").open("wb")
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "agent.doors.cli.main",
                "worker",
                "--settings",
                str(self.folder / "agent.yaml"),
            ],
            env={**self._environment(), "MARK": mark},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        log.close()
        self.processes.append(process)
        return process

    def log(self, number: int = -1) -> str:
        """What a worker has logged."""
        number = number % len(self.processes)
        return (self.folder / f"worker-{number}.log").read_text()

    def end(self) -> None:
        """End every worker that is still there."""
        for process in self.processes:
            if process.poll() is None:
                process.kill()
            process.wait()

    def _environment(self) -> dict[str, str]:
        kept = {
            k: v
            for k, v in os.environ.items()
            if not k.startswith(("ASK_PROFILER", "ANTHROPIC", "VIRTUAL_ENV"))
        }
        repository = {"PYTHONPATH": f"{Path(__file__).parents[2]}:{sysconfig.get_paths()['purelib']}"}
        return {**kept, **repository, "XDG_RUNTIME_DIR": str(self.folder), **self.environment}


def ask(desk: Desk, question: str = "Why is it slow?") -> Job:
    """A job of Ann's."""
    job = desk.receive(ANN, Message(text=question, door="test"))
    assert isinstance(job, Job)
    return job


def wait_for(found: Callable[[], bool], what: str, seconds: float = LONG_S) -> float:
    """Wait until something is so; how long it took."""
    started = time.monotonic()
    while not found():
        assert time.monotonic() - started < seconds, f"not within {seconds} s: {what}"
        time.sleep(0.02)
    return time.monotonic() - started


def events_of(desk: Desk, job: Job, kind: str) -> list[Event]:
    """The events of one kind."""
    return [event for event in desk.events(ANN, job.id) if event.kind == kind]


def stages_of(events: list[Event]) -> list[str]:
    """The stages that progress was told of, in the order of their first event."""
    return list(dict.fromkeys(str(event.data["stage"]) for event in events if event.kind == "progress"))


def stop(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """Send a signal to a worker process alone."""
    process.send_signal(number)
