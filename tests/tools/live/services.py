"""The Go service with known faults, built once and started for a test."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tools.go.program import find_go
from tools.live.trials.service_runs import SERVICE, build_service
from tools.run.process import Runner
from tools.run.sandbox import NoSandbox


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A service that runs: its process and where it is."""

    pid: int
    url: str

    def ask(self, times: int) -> None:
        """Ask it for so many orders, one after the other."""
        for _ in range(times):
            with urllib.request.urlopen(f"{self.url}/orders") as answer:
                answer.read()

    @contextmanager
    def asked_all_the_time(self, askers: int) -> Iterator[None]:
        """So many threads ask for orders, one after the other, while the block lasts."""
        done = threading.Event()

        def ask() -> None:
            while not done.is_set():
                self.ask(1)

        threads = [threading.Thread(target=ask) for _ in range(askers)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            done.set()
            for thread in threads:
                thread.join()


Start = Callable[..., Service]


@pytest.fixture(scope="session")
def binary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("service")
    shutil.copytree(SERVICE, folder / "source")
    runner = Runner(NoSandbox())
    try:
        return build_service(runner, find_go(runner), folder / "source")
    finally:
        runner.close()


@pytest.fixture
def start(binary: Path, tmp_path: Path) -> Iterator[Start]:
    """Starts the service with a fault; it is ended with the test, and by itself after a minute."""
    running: list[subprocess.Popen[bytes]] = []

    def run(fault: str = "none", **options: int) -> Service:
        port = tmp_path / f"port{len(running)}"
        words = [str(binary), "-fault", fault, "-port-file", str(port), "-lifetime", "60s"]
        words += [w for name, value in options.items() for w in (f"-{name.replace('_', '-')}", str(value))]
        process = subprocess.Popen(words, env={**os.environ, "GOMAXPROCS": "2"})
        running.append(process)
        deadline = time.monotonic() + 20
        while not port.exists():
            assert time.monotonic() < deadline, "the service didn't start"
            assert process.poll() is None, "the service ended at once"
            time.sleep(0.02)
        return Service(pid=process.pid, url=f"http://127.0.0.1:{port.read_text()}")

    yield run
    for process in running:
        process.kill()
        process.wait()
