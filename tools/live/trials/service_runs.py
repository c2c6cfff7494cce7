"""Building the service of the trials and running it until it is told to end."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tools.errors import ProgramFailed, ToolError
from tools.go.experiments import find_leak_profile
from tools.go.program import GoProgram
from tools.live.fetching import Bounds, Fetcher
from tools.run.process import Limits, Runner

SERVICE = Path(__file__).with_name("service")
START_S = 20.0


def build_service(runner: Runner, go: GoProgram, copy: Path) -> Path:
    """The program, built in a copy of SERVICE; with the goroutine-leak profile where Go has it. Raises: ToolError."""
    experiment = find_leak_profile(runner, go).experiment
    env = {"GOEXPERIMENT": experiment} if experiment else {}
    go.run(runner, ["build", "-o", "orders", "."], cwd=copy, root=copy, env=env)
    return copy / "orders"


@contextmanager
def running(
    runner: Runner, binary: Path, options: Mapping[str, str | int], folder: Path, *, lifetime_s: float
) -> Iterator[str]:
    """The address of the service while the block lasts; it ends by itself after `lifetime_s`. Raises: ToolError."""
    port = folder / f"port-{time.monotonic_ns()}"
    words: list[str | Path] = [binary, "-port-file", port, "-lifetime", f"{lifetime_s:.0f}s"]
    words += [str(word) for name, value in options.items() for word in (f"-{name}", value)]
    problems: list[ToolError] = []

    def run() -> None:
        try:
            limits = Limits(timeout_s=lifetime_s + START_S)
            runner.run(words, cwd=folder, confined=False, limits=limits, program="the service")
        except ToolError as error:
            problems.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    url = ""
    try:
        url = f"http://127.0.0.1:{_port(port, thread, problems)}"
        yield url
    finally:
        if url:
            _quit(url)
        thread.join()
        port.unlink(missing_ok=True)


def _port(path: Path, thread: threading.Thread, problems: list[ToolError]) -> str:
    deadline = time.monotonic() + START_S
    while not path.exists():
        if not thread.is_alive() or time.monotonic() > deadline:
            raise problems[0] if problems else ProgramFailed("the service didn't start", exit_code=1)
        time.sleep(0.02)
    return path.read_text(encoding="utf-8")


def _quit(url: str) -> None:
    """Have it end; it breaks off its answer, and may have ended already."""
    try:
        Fetcher(headers={}).get(f"{url}/quit", Bounds(total_s=2.0, body_bytes=1024))
    except ToolError:
        return
