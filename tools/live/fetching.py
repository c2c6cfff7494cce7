"""Asking an endpoint: the only place that speaks HTTP. Everything is bounded: time as a whole, bytes, redirects.

Proxies of the environment aren't used, and no redirect leads to another host: the header may be a secret.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import urljoin, urlsplit

import httpx2

from tools.errors import Cancelled, LimitExceeded, ProgramTimedOut, ToolError

MIB = 1024**2
CONNECT_S = 5.0
MAX_REDIRECTS = 3
POLL_S = 0.1
REDIRECTS = frozenset({301, 302, 303, 307, 308})
_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What one request may take: `total_s` from the first attempt to connect to the last byte."""

    total_s: float
    body_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a server answered. `elapsed_s` is from the request to the last byte; `redirects_to` is "" for an answer."""

    url: str
    status: int
    content_type: str
    is_pprofs: bool
    body: bytes
    elapsed_s: float
    redirects_to: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetcher:
    """Asks servers with the same header. `is_cancelled` ends a request that is under way."""

    headers: Mapping[str, str]
    is_cancelled: Callable[[], bool] = lambda: False

    def get(self, url: str, bounds: Bounds) -> Reply:
        """The answer, whatever its status; a redirect to another host isn't followed, and told in the reply.

        Raises: ToolError (no connection, broken off), ProgramTimedOut, LimitExceeded, Cancelled.
        """
        return asyncio.run(self._bounded(url, self._get(url, bounds), bounds))

    async def _bounded(self, url: str, work: Awaitable[_Answer], bounds: Bounds) -> _Answer:
        task = asyncio.ensure_future(work)
        deadline = time.monotonic() + bounds.total_s
        try:
            while not task.done():
                if self.is_cancelled():
                    raise Cancelled(f"the request to {url} was given up: the run was cancelled")
                left_s = deadline - time.monotonic()
                if left_s <= 0:
                    raise ProgramTimedOut(
                        f"{url} didn't answer wholly within {bounds.total_s:g} s: is it the right address and port, "
                        "and does the server still answer other requests?",
                        timeout_s=bounds.total_s,
                    )
                await asyncio.wait({task}, timeout=min(POLL_S, left_s))
        finally:
            task.cancel()
        return await task

    async def _get(self, url: str, bounds: Bounds) -> Reply:
        limits = httpx2.Timeout(bounds.total_s, connect=min(CONNECT_S, bounds.total_s))
        headers = {"Accept-Encoding": "identity", **self.headers}
        try:
            async with httpx2.AsyncClient(
                verify=_trust(url), timeout=limits, headers=headers, trust_env=False, follow_redirects=False
            ) as client:
                return await _follow(client, url, bounds)
        except httpx2.TimeoutException as error:
            raise ProgramTimedOut(
                f"{url} couldn't be reached within {limits.connect:g} s: is it the right address and port, and does "
                "a firewall let this host through?",
                timeout_s=limits.connect or bounds.total_s,
            ) from error
        except httpx2.ConnectError as error:
            raise ToolError(
                f"{url} can't be reached ({_reason(error)}): is the program running, and is this its port?"
            ) from error
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise ToolError(
                f"{url} broke off its answer, or gave none that is HTTP ({_reason(error)}): nothing of it is used; "
                "try again, and look at the server's log"
            ) from error


async def _follow(client: httpx2.AsyncClient, url: str, bounds: Bounds) -> Reply:
    here = url
    for _ in range(MAX_REDIRECTS + 1):
        reply = await _ask(client, here, bounds)
        if not reply.redirects_to or _origin(reply.redirects_to) != _origin(url):
            return reply
        here = reply.redirects_to
    raise ToolError(
        f"{url} redirects in a circle ({MAX_REDIRECTS} times): give the address it should lead to"
    )


async def _ask(client: httpx2.AsyncClient, url: str, bounds: Bounds) -> Reply:
    started = time.perf_counter()
    body = bytearray()
    async with client.stream("GET", url) as response:
        target = response.headers.get("location", "") if response.status_code in REDIRECTS else ""
        if not target:
            async for piece in response.aiter_bytes():
                body += piece
                if len(body) > bounds.body_bytes:
                    raise LimitExceeded(
                        f"{url} answered more than {bounds.body_bytes / MIB:.3g} MiB: capture for a shorter time",
                        limit="output",
                    )
        return Reply(
            url=url,
            status=response.status_code,
            content_type=response.headers.get("content-type", "").partition(";")[0].strip().lower(),
            is_pprofs="x-go-pprof" in response.headers,
            body=bytes(body),
            elapsed_s=time.perf_counter() - started,
            redirects_to=urljoin(url, target) if target else "",
        )


def _trust(url: str) -> ssl.SSLContext:
    """The system's certificates; for plain HTTP an empty context, because reading them takes 20 ms."""
    if url.startswith("https://"):
        return ssl.create_default_context()
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _origin(url: str) -> tuple[str, str, int | None]:
    try:
        parts = urlsplit(url)
        return parts.scheme, parts.hostname or "", parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:
        return "", "", None


def _reason(error: Exception) -> str:
    """The library's words, without what the server wrote beyond a line."""
    text = str(error) or type(error).__name__
    return "".join(c if c.isprintable() else " " for c in text)[:200]
