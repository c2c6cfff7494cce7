"""A worker that takes a job and is frozen while it writes: `python -m tests.jobs.frozen_writer DATABASE JOB`."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from agent.database.opening import open_database
from agent.jobs.claims import Claims
from agent.jobs.worker_name import WorkerName
from agent.settings import Settings


def main() -> None:
    """Take the job, show a sign of life, begin to write, and freeze. Woken up, it ends."""
    storage = {"state_folder": str(Path(sys.argv[1]).parent)}
    database = open_database(Settings.model_validate({"storage": storage}), {})
    claims = Claims(database, lost_after_s=60.0, attempts=4)
    name = WorkerName.own()
    if sys.argv[2] != "-":
        claims.claim(sys.argv[2], name)
        claims.seen(name, frozenset(), sys.argv[2])
    with claims.database.writing():
        os.kill(os.getpid(), signal.SIGSTOP)


if __name__ == "__main__":
    main()
