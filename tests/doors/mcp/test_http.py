"""The tools over streamable HTTP, on loopback with a real server and real clients."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

import anyio
import httpx2
import pytest
import uvicorn
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from agent.doors.mcp.http import McpApp, mcp_app, security
from agent.service_settings import HttpSettings
from tests.doors.mcp.scene import ANN, BOB, MODES, Mode, Scene, User, answer, working

T = TypeVar("T")
CALLERS = {"ann": ANN, "bob": BOB}


@dataclass(frozen=True)
class Known:
    """In place of the service's own entry: the caller is who a header says."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            headers = dict(scope["headers"])
            caller = CALLERS.get(headers.get(b"x-caller", b"").decode())
            scope.setdefault("state", {})["caller"] = caller
        await self.app(scope, receive, send)


@dataclass(slots=True, kw_only=True)
class Served:
    """The tools behind a real socket."""

    url: str
    app: McpApp
    loop: asyncio.AbstractEventLoop

    def talk(
        self, what: Callable[[Client], Awaitable[T]], *, caller: str = "ann", mode: Mode = "auto", **more: Any
    ) -> T:
        """What comes of talking to it."""

        async def session() -> T:
            async with (
                asyncio.timeout(30),
                httpx2.AsyncClient(headers={"x-caller": caller}, trust_env=False) as http,
            ):
                transport = streamable_http_client(self.url, http_client=http)
                async with Client(transport, mode=mode, **more) as client:
                    return await what(client)

        return asyncio.run(session())

    def post(self, body: object, **headers: str) -> httpx2.Response:
        """One request as it is."""
        known = {"accept": "application/json, text/event-stream", "x-caller": "ann"}
        return httpx2.post(self.url, json=body, headers={**known, **headers}, timeout=20, trust_env=False)


@contextlib.contextmanager
def serving(scene: Scene) -> Iterator[Served]:
    """The tools at /mcp, until the block ends."""
    app = mcp_app(scene.desk, scene.desk.settings)
    served: list[Served] = []
    sock = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{sock.getsockname()[1]}/mcp"

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with app.running():
            served.append(Served(url=url, app=app, loop=asyncio.get_running_loop()))
            yield

    whole = Starlette(routes=[Route("/mcp", endpoint=app)], lifespan=lifespan)
    config = uvicorn.Config(
        Known(whole), log_config=None, lifespan="on", ws="none", timeout_graceful_shutdown=5
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([sock],), daemon=True)
    thread.start()
    while not (server.started and served):
        assert thread.is_alive()
        time.sleep(0.01)
    try:
        yield served[0]
    finally:
        server.should_exit = True
        thread.join(timeout=15)
        sock.close()


@pytest.fixture
def served(scene: Scene) -> Iterator[Served]:
    with serving(scene) as served:
        yield served


@pytest.mark.parametrize("mode", MODES)
def test_a_question_is_answered_with_progress(scene: Scene, served: Served, mode: Mode) -> None:
    told: list[str | None] = []

    async def heard(progress: float, total: float | None, message: str | None) -> None:
        told.append(message)

    async def profile(client: Client) -> Any:
        return await client.call_tool("profile", {"target": "orders"}, progress_callback=heard)

    with scene.worker():
        found = served.talk(profile, mode=mode)
    assert found.structured_content["outcome"] == "improved"
    assert "py-spy: profiling" in told


@pytest.mark.parametrize("mode", MODES)
def test_the_user_is_asked_for_a_choice(scene: Scene, served: Served, mode: Mode) -> None:
    user = User(["prices", "small"])

    async def profile(client: Client) -> Any:
        return (await answer(client, "profile", wait_s=0)).data

    assert served.talk(profile, mode=mode, elicitation_callback=user.answer)["target"] == "prices"
    assert scene.only_job().request.command == ("./cmd/price",)


@pytest.mark.parametrize("mode", MODES)
def test_a_call_is_made_for_whoever_the_service_let_in(scene: Scene, served: Served, mode: Mode) -> None:
    with scene.worker():
        run = served.talk(lambda client: answer(client, "profile", target="orders"), mode=mode).data["run"]
    assert scene.only_job().caller == "token:ann"
    report = lambda client: answer(client, "report", run=run)  # noqa: E731 - said twice
    assert served.talk(report, mode=mode).data["characters"] > 100
    assert "there is no job" in served.talk(report, mode=mode, caller="bob").refusal
    prices = served.talk(lambda client: answer(client, "profile", target="prices"), mode=mode, caller="bob")
    assert "there is no target" in prices.refusal


def test_who_is_not_known_gets_nothing(served: Served) -> None:
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    assert served.post(body, **{"x-caller": "eve"}).status_code == 401
    assert served.post(body, **{"x-caller": ""}).status_code == 401


def test_a_session_is_its_callers_own(served: Served) -> None:
    hello = {
        "jsonrpc": "2.0", "id": 1, "method": "initialize",
        "params": {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}},
    }  # fmt: skip
    begun = served.post(hello)
    assert begun.status_code == 200
    session = {"mcp-session-id": begun.headers["mcp-session-id"]}
    listed = {"jsonrpc": "2.0", "id": 2, "method": "tools/list"}
    assert served.post(listed, **session).status_code == 200
    assert served.post(listed, **session, **{"x-caller": "bob"}).status_code == 404


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"host": "evil.example.org"}, 421),
        ({"origin": "https://evil.example.org"}, 403),
        ({"content-type": "text/plain"}, 400),
        ({"accept": "text/html"}, 406),
    ],
)
def test_a_request_from_elsewhere_or_of_another_kind_is_refused(
    served: Served, headers: dict[str, str], status: int
) -> None:
    for version in ("2026-07-28", "2025-11-25"):
        body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
        answered = served.post(body, **{"mcp-protocol-version": version, **headers})
        assert answered.status_code == status, (version, answered.text)


@pytest.mark.parametrize(
    "body", [[], {}, "x", {"jsonrpc": "2.0", "id": 1, "method": "nothing/there"}, {"jsonrpc": "1"}]
)
def test_what_is_no_request_is_answered_and_ends_nothing(served: Served, body: object) -> None:
    for version in ("2026-07-28", "2025-11-25"):
        assert 400 <= served.post(body, **{"mcp-protocol-version": version}).status_code < 500
    assert served.talk(lambda client: client.list_tools()).tools


def test_a_body_that_is_too_large_is_refused(scene: Scene, served: Served) -> None:
    limit = scene.desk.settings.doors.http.body_limit_bytes
    assert served.post({"x": "y" * limit}).status_code == 413


@pytest.mark.parametrize("mode", MODES)
def test_giving_up_cancels_the_run(scene: Scene, served: Served, mode: Mode) -> None:
    async def give_up(client: Client) -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(client.call_tool, "profile", {"target": "orders", "question": "Why so slow?"})
            while not any(job.state == "running" for job in scene.desk.records.jobs()):
                await asyncio.sleep(0.02)
            group.cancel_scope.cancel()
        with anyio.CancelScope(shield=True):
            until = time.monotonic() + 2
            while scene.only_job().state != "cancelled":
                assert time.monotonic() < until
                await asyncio.sleep(0.02)

    with scene.worker() as worker:
        worker.scripts = {"slow": working(lambda: worker, 20)}
        served.talk(give_up, mode=mode)


@pytest.mark.parametrize("mode", MODES)
def test_a_service_that_stops_lets_runs_go_on(scene: Scene, mode: Mode) -> None:
    with serving(scene) as served:

        def stop() -> None:
            while not any(job.state == "running" for job in scene.desk.records.jobs()):
                time.sleep(0.02)
            served.loop.call_soon_threadsafe(served.app.stop)

        async def profile(client: Client) -> Any:
            return (await answer(client, "profile", target="orders", question="Why so slow?")).data

        with scene.worker() as worker:
            worker.scripts = {"slow": working(lambda: worker, 1)}
            stopping = threading.Thread(target=stop)
            stopping.start()
            found = served.talk(profile, mode=mode)
            stopping.join()
            assert found["state"] == "running"
            while not scene.only_job().has_ended:
                time.sleep(0.02)
    assert scene.only_job().state == "done"


@pytest.mark.parametrize(
    ("settings", "good", "bad"),
    [
        ({}, ["127.0.0.1:1", "localhost:8080"], ["example.org", "example.org:8080"]),
        (
            {"public_url": "https://p.example.org"},
            ["p.example.org", "p.example.org:443", "localhost:1"],
            ["x.p.example.org"],
        ),
        ({"host": "10.1.2.3"}, ["10.1.2.3:8080"], ["10.1.2.4:8080"]),
        (
            {"host": "0.0.0.0", "public_url": "http://p.example.org:81/x"},
            ["p.example.org:81"],
            ["10.1.2.4:81"],
        ),
        ({"host": "::1"}, ["[::1]:80"], ["[::2]:80"]),
    ],
)
def test_the_hosts_that_are_taken_are_those_that_clients_reach(
    settings: dict[str, str], good: list[str], bad: list[str]
) -> None:
    from mcp.server.transport_security import TransportSecurityMiddleware

    found = TransportSecurityMiddleware(security(HttpSettings.model_validate(settings)))
    assert all(found._validate_host(host) for host in good)
    assert not any(found._validate_host(host) for host in bad)


def test_bound_everywhere_without_a_public_address_only_the_token_decides() -> None:
    assert not security(HttpSettings(host="0.0.0.0")).enable_dns_rebinding_protection
