"""Real worker processes that can be frozen, killed and asked to stop."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(slots=True)
class WorkerProcesses:
    """Starts `tests.cluster.worker_process`; what the workers say is in `said`, in order."""

    folder: Path
    _running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, address: str, **options: object) -> subprocess.Popen[bytes]:
        """A worker process of a database; the options are those of `Options`."""
        words = json.dumps({"address": address, "folder": str(self.folder), **options})
        with (self.folder / "workers.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.cluster.worker_process", words],
                cwd=ROOT,
                stdout=log,
                stderr=log,
            )
        self._running.append(process)
        return process

    def said(self, what: str = "") -> list[str]:
        """What workers said, each line `pid what job`."""
        path = self.folder / "said"
        lines = path.read_text().splitlines() if path.exists() else []
        return [line for line in lines if not what or line.split()[1] == what]

    @property
    def log(self) -> str:
        """What the workers logged."""
        return (self.folder / "workers.log").read_text(errors="replace")

    def stop(self, process: subprocess.Popen[bytes], timeout_s: float = 20.0) -> int:
        """Ask a worker to stop, and wait until it has; its exit code."""
        process.send_signal(signal.SIGTERM)
        return process.wait(timeout=timeout_s)

    def close(self) -> None:
        """End all that are left."""
        for process in self._running:
            if process.poll() is None:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process.pid, signal.SIGKILL)
                process.wait()
