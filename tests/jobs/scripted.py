"""A worker that measures nothing: it carries jobs out with events and files that a test wants."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

from agent.errors import JobLost
from agent.jobs.claims import Claim, Claims
from agent.jobs.desk import Desk
from agent.jobs.worker_name import WorkerName

Script = Callable[[Claim], str]
"""Carries a job out; its outcome. What it raises fails the job."""


@dataclass(slots=True)
class ScriptedWorker:
    """Takes the desk's jobs in a thread for as long as the block lasts. A job's script is chosen by `scripts` (by a
    word of the question), else it tells a little and is improved. Cancelling is seen by `wait`.
    """

    desk: Desk
    scripts: Mapping[str, Script] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)
    labels: frozenset[str] = frozenset()
    done: list[str] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def __enter__(self) -> ScriptedWorker:
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=10)

    def wait(self, claim: Claim, seconds: float) -> None:
        """Work for so long. Raises: InterruptedError when the job is cancelled."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and not self._stop.is_set():
            if claim.beat() != "go on":
                raise InterruptedError
            time.sleep(0.05)

    def _work(self) -> None:
        settings = self.desk.settings.queue
        claims = Claims(self.desk.records.database, settings.lost_after_s, settings.attempts)
        name = WorkerName.own()
        while not self._stop.is_set():
            claims.seen(name, self.labels, "")
            job_id = claims.next(self.labels)
            claim = claims.claim(job_id, name) if job_id is not None else None
            if claim is None:
                self._stop.wait(0.02)
                continue
            self._carry_out(claim)

    def _carry_out(self, claim: Claim) -> None:
        script = next((s for word, s in self.scripts.items() if word in claim.job.question), self._usual)
        try:
            outcome = script(claim)
            self._write(claim)
            claim.end("done", outcome)
            self.done.append(claim.job.id)
        except JobLost:
            return
        except InterruptedError:
            claim.end("cancelled", problem="it was cancelled; nothing of it is running any more")
        except Exception as error:
            claim.end("failed", problem=str(error))

    def _write(self, claim: Claim) -> None:
        folder = Path(self.desk.run_files.store.runs_dir) / claim.job.run_id  # type: ignore[attr-defined] # FolderFiles
        for name, content in self.files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)

    @staticmethod
    def _usual(claim: Claim) -> str:
        if claim.job.kind == "follow-up":
            claim.tell("answer", f"About {claim.job.question}: it is so.", {"evidence": ["E1"]})
            return "answered"
        claim.tell("progress", "py-spy: profiling", {"stage": "capture", "done": 1, "of": 3})
        claim.tell(
            "finding",
            "orders.report (orders/report.py:12) 61.5 % of cpu: a list is searched in a loop",
            {
                "rank": 1,
                "function": "orders.report",
                "file": "orders/report.py",
                "line": 12,
                "severity": "HIGH",
            },
        )
        claim.tell(
            "verdict", "search a set: accepted", {"title": "search a set", "accepted": True, "reason": None}
        )
        return "improved"
