"""A worker process of tests: takes jobs from the real queue, and carries out a small graph of three steps, or waits."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from agent.cluster.queue import ClusterQueue
from agent.database.opening import Database
from agent.errors import JobLost, StorageFailed
from agent.jobs.claims import Claim, Claims
from agent.jobs.worker_name import WorkerName
from tests.cluster.jobs import open_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a worker does: with `steps` it carries out the graph, else a job takes `job_s`."""

    address: str
    folder: str
    labels: tuple[str, ...] = ()
    job_s: float = 0.0
    heartbeat_s: float = 0.3
    lost_after_s: float = 2.0
    attempts: int = 10
    steps: Mapping[str, object] | None = None

    def say(self, what: str, job_id: str) -> None:
        """Tell the test; a line is written at once or not at all."""
        handle = os.open(Path(self.folder) / "said", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.write(handle, f"{os.getpid()} {what} {job_id}\n".encode())
        os.close(handle)


def main(words: str) -> None:
    """Work until SIGTERM."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(process)d %(name)s %(message)s")
    given = json.loads(words)
    options = Options(**{**given, "labels": tuple(given.get("labels", ()))})
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    with open_at(options.address) as database:
        claims = Claims(database, options.lost_after_s, options.attempts)
        name = WorkerName.own()
        queue = ClusterQueue(claims=claims)
        options.say("ready", "-")
        queue.work(frozenset(options.labels), lambda job_id: carry_out(options, claims, name, job_id), stop)
        options.say("stopped", "-")


def carry_out(options: Options, claims: Claims, name: WorkerName, job_id: str) -> None:
    """As agent.jobs.worker does it, with less."""
    try:
        claim = claims.claim(job_id, name)
        if claim is None:
            return
        options.say("began", job_id)
        with beating(options, claim):
            outcome = work_on(options, claims.database, claim)
        claim.end("done", outcome=outcome)
        options.say("ended", job_id)
    except JobLost:
        options.say("lost", job_id)
    except StorageFailed as error:
        logging.warning("job %s: %s", job_id, error)
        options.say("failed", job_id)


def work_on(options: Options, database: Database, claim: Claim) -> str:
    """Wait, or carry out the graph."""
    if options.steps is None:
        time.sleep(options.job_s)
        return "done"
    from agent.cluster.blobs import open_blobs  # langgraph takes a second to be imported
    from agent.cluster.files import ClusterFiles
    from agent.store import Store
    from tests.cluster.steps import carry_out_steps

    folder = Path(options.folder)
    files = ClusterFiles(
        database=database,
        blobs=open_blobs(str(folder / "artefacts")),
        store=Store(folder / f"host-{os.getpid()}" / "runs"),
    )
    return carry_out_steps(files, claim, folder, **options.steps)  # type: ignore[arg-type]


@contextlib.contextmanager
def beating(options: Options, claim: Claim) -> Iterator[None]:
    """Signs of life, until the job is lost."""
    over = threading.Event()

    def beat() -> None:
        while not over.wait(options.heartbeat_s):
            with contextlib.suppress(StorageFailed):
                if claim.beat() == "lost":
                    return

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


if __name__ == "__main__":
    main(sys.argv[1])
