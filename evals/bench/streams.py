"""Many who ask by A2A at a time: how long the first event of a stream takes while all of them are open, and memory.

The service is one process of its own, with real sockets, tokens and its database; nobody works on the questions, so
that every stream stays open. Streams are opened one after the other, and then again all at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx
import yaml

from agent.access.tokens import Tokens
from agent.database.opening import open_database
from agent.settings import read_settings
from evals.bench.figure import Conditions, Figure

STREAMS, SHORT_STREAMS = 200, 40
GOAL_S = 0.3
BETWEEN_S = 0.05
"""How long after one stream the next is opened."""
START_S, STOP_S, ANSWER_S, SETTLE_S = 60.0, 30.0, 60.0, 1.0


@dataclass(frozen=True, slots=True)
class Service:
    """A service that runs: where, for whom, and as which process."""

    url: str
    token: str
    pid: int

    @property
    def memory_bytes(self) -> int:
        """What the process has in memory now. Source: proc(5), statm: the second field, in pages."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")


def bench_streams(conditions: Conditions) -> Iterator[Figure]:
    """First events and memory of many A2A streams at a time. Raises: AgentError, OSError."""
    count = STREAMS if conditions.trials is None else min(SHORT_STREAMS, STREAMS)
    conditions.say(f"{count} A2A streams on one service process")
    for name, between_s in (("one after the other", BETWEEN_S), ("all at once", 0.0)):
        folder = conditions.folder / name.replace(" ", "-")
        folder.mkdir()
        with _serving(folder) as service:
            before_bytes = service.memory_bytes
            asyncio.run(_warm_up(service))
            warm_bytes = service.memory_bytes
            seconds, open_bytes = asyncio.run(_open_all(service, count, between_s))
            yield _first_events(name, between_s, seconds)
            if between_s:
                yield _memory(count, before_bytes, warm_bytes, open_bytes)


def _first_events(name: str, between_s: float, seconds: Sequence[float]) -> Figure:
    ordered = sorted(seconds)
    p95_s = ordered[max(0, -(-len(ordered) * 95 // 100) - 1)]
    has_goal = between_s > 0
    rate = f", {1 / between_s:.0f} a second" if between_s else ""
    return Figure(
        name=f"first event of {len(ordered)} concurrent A2A streams opened {name}{rate}: p95",
        found=f"{p95_s * 1e3:.0f} ms (median {ordered[len(ordered) // 2] * 1e3:.0f} ms, longest "
        f"{ordered[-1] * 1e3:.0f} ms)",
        goal=f"< {GOAL_S * 1e3:.0f} ms" if has_goal else "",
        is_met=p95_s < GOAL_S if has_goal else None,
        data={"seconds": ordered},
    )


def _memory(count: int, before_bytes: int, warm_bytes: int, open_bytes: int) -> Figure:
    each_bytes = max(0, open_bytes - warm_bytes) / count
    return Figure(
        name=f"memory of the service process with {count} A2A streams open",
        found=f"{open_bytes / 1e6:.0f} MB ({before_bytes / 1e6:.0f} MB before anyone had asked, "
        f"{each_bytes / 1e3:.0f} kB for each stream)",
        data={"before_bytes": before_bytes, "warm_bytes": warm_bytes, "open_bytes": open_bytes},
    )


async def _warm_up(service: Service) -> None:
    """One stream, so that what is loaded once is there."""
    async with _client(service) as client, _stream(client):
        pass


async def _open_all(service: Service, count: int, between_s: float) -> tuple[list[float], int]:
    """Open so many streams and keep them; the seconds from each request to its first event, and the service's memory
    while all of them are open.
    """
    seconds: list[float] = []
    async with contextlib.AsyncExitStack() as stack:
        client = await stack.enter_async_context(_client(service))

        async def one(number: int) -> None:
            await asyncio.sleep(number * between_s)
            seconds.append(await stack.enter_async_context(_stream(client)))

        await asyncio.gather(*(one(number) for number in range(count)))
        await asyncio.sleep(SETTLE_S)
        return seconds, service.memory_bytes


@contextlib.asynccontextmanager
async def _client(service: Service) -> AsyncIterator[httpx.AsyncClient]:
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
    headers = {
        "Authorization": f"Bearer {service.token}",
        "A2A-Version": "1.0",
        "Accept": "text/event-stream",
    }
    async with httpx.AsyncClient(
        base_url=service.url, headers=headers, limits=limits, timeout=ANSWER_S, trust_env=False
    ) as client:
        yield client


@contextlib.asynccontextmanager
async def _stream(client: httpx.AsyncClient) -> AsyncIterator[float]:
    """A question's stream, open until the block ends; the seconds until its first event."""
    message = {"messageId": uuid.uuid4().hex, "role": "ROLE_USER", "parts": [{"text": "Why is it slow?"}]}
    body = {"jsonrpc": "2.0", "id": 1, "method": "SendStreamingMessage", "params": {"message": message}}
    began_s = time.perf_counter()
    async with client.stream("POST", "/a2a", json=body) as answer:
        async for line in answer.aiter_lines():
            if line.startswith("data:"):
                task = json.loads(line.removeprefix("data:"))
                if "task" not in task.get("result", {}):
                    raise OSError(f"the first event is no task: {line[:300]}")
                break
        else:
            raise OSError(f"no event came: status {answer.status_code}")
        yield time.perf_counter() - began_s


@contextlib.contextmanager
def _serving(folder: Path) -> Iterator[Service]:
    """The service in a process of its own, with a database in `folder` and no worker."""
    (folder / "orders.py").write_text("print(1)\n")
    settings_file = folder / "agent.yaml"
    settings_file.write_text(yaml.safe_dump(_settings(folder)))
    settings = read_settings(settings_file)
    token = Tokens(database=open_database(settings, {})).create("bench", ["ask"]).secret
    environment = {k: v for k, v in os.environ.items() if not k.startswith("ASK_PROFILER")}
    words = [sys.executable, "-m", "agent.doors.cli.main", "serve", "--settings", str(settings_file)]
    log = folder / "log"
    with log.open("wb") as file:
        process = subprocess.Popen(
            [*words, "--workers", "0"], env=environment, stderr=file, stdout=subprocess.DEVNULL
        )
    try:
        yield Service(_address(process, log), token, process.pid)
    finally:
        process.terminate()
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _settings(folder: Path) -> dict[str, object]:
    return {
        "storage": {"runs_folder": str(folder / "runs"), "state_folder": str(folder / "state")},
        "targets": {"orders": {"path": str(folder)}},
        "access": {"limits": dict.fromkeys(("requests_per_minute", "waiting_jobs", "runs_per_day"))},
        "doors": {"http": {"port": 0}},
    }


def _address(process: subprocess.Popen[bytes], log: Path) -> str:
    """Where the service says that it listens. Raises: OSError when it ends or says nothing."""
    until = time.monotonic() + START_S
    while time.monotonic() < until and process.poll() is None:
        _, found, after = log.read_text(errors="replace").partition("serving on ")
        if found and " " in after:
            return after.split()[0]
        time.sleep(0.05)
    raise OSError(f"the service didn't start: {log.read_text(errors='replace')[-500:]}")
