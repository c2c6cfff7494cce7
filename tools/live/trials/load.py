"""Load of an open model: requests come at random at a given rate, whether earlier ones were answered or not."""

from __future__ import annotations

import asyncio
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tools.live.address import Address, parse_address

CONNECTIONS = 8
ANSWER_S = 5.0
Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass(slots=True)
class Sent:
    """What came of the load so far. `answer_s` is from when a request was due, so that waiting in line counts."""

    answered: int = 0
    failed: int = 0
    answer_s: list[float] = field(default_factory=list)


@contextmanager
def steady_load(url: str, path: str, *, rate: float, seed: int) -> Iterator[Sent]:
    """Ask for `path` so many times a second, on a few connections, while the block lasts."""
    sent = Sent()
    done = threading.Event()
    words = f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
    thread = threading.Thread(
        target=lambda: asyncio.run(_send(parse_address(url), words, rate, seed, done, sent))
    )
    thread.start()
    try:
        yield sent
    finally:
        done.set()
        thread.join()


async def _send(
    address: Address, words: bytes, rate: float, seed: int, done: threading.Event, sent: Sent
) -> None:
    queue: asyncio.Queue[float] = asyncio.Queue()
    askers = [asyncio.ensure_future(_ask(address, words, queue, sent)) for _ in range(CONNECTIONS)]
    gaps = random.Random(seed)  # noqa: S311 - data, not a secret
    due = time.monotonic()
    while not done.is_set():
        due += gaps.expovariate(rate)
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        queue.put_nowait(due)
    for asker in askers:
        asker.cancel()
    await asyncio.gather(*askers, return_exceptions=True)


async def _ask(address: Address, words: bytes, queue: asyncio.Queue[float], sent: Sent) -> None:
    """One connection: takes what is due, one after the other; a broken one is made anew."""
    connection: Connection | None = None
    try:
        while True:
            due = await queue.get()
            connection = await _answered(address, words, connection, due, sent)
    finally:
        if connection is not None:
            connection[1].close()


async def _answered(
    address: Address, words: bytes, connection: Connection | None, due: float, sent: Sent
) -> Connection | None:
    """Ask once on a connection, or a new one; the connection if it is still good."""
    try:
        connection = connection or await asyncio.open_connection(address.host, address.port)
        async with asyncio.timeout(ANSWER_S):  # wait_for of Python 3.11 may swallow being cancelled
            await _one(*connection, words)
    except (OSError, asyncio.IncompleteReadError, TimeoutError, ValueError):
        sent.failed += 1
        if connection is not None:
            connection[1].close()
        return None
    except asyncio.CancelledError:
        if connection is not None:
            connection[1].close()
        raise
    sent.answered += 1
    sent.answer_s.append(time.monotonic() - due)
    return connection


async def _one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, words: bytes) -> None:
    """Send and read one answer, which must say how long it is. Raises: OSError, IncompleteReadError, ValueError."""
    writer.write(words)
    head = await reader.readuntil(b"\r\n\r\n")
    lines = [line.partition(b":") for line in head.lower().split(b"\r\n")]
    (length,) = [int(value) for name, _, value in lines if name == b"content-length"]
    await reader.readexactly(length)
