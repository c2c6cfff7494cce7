"""The service as others meet it: a real server on a loopback port, callers with tokens, and the SDK's own client."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import uuid
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
from a2a.client import Client, ClientConfig, create_client
from a2a.types import (
    AgentCard,
    AgentInterface,
    Artifact,
    Message,
    Part,
    Role,
    SendMessageConfiguration,
    SendMessageRequest,
    StreamResponse,
    Task,
    TaskState,
)

from agent.access.gate import Gate
from agent.access.tokens import Tokens
from agent.doors.web.app import make_app
from agent.doors.web.serving import listen, serve, url_of
from agent.jobs.desk import Desk
from agent.service_settings import Scope
from agent.settings import Settings

WAIT_S = 20.0
State = TaskState


def on_port_0(settings: Settings) -> Settings:
    """The settings, for a free port of loopback."""
    http = settings.doors.http.model_copy(update={"host": "127.0.0.1", "port": 0})
    return settings.model_copy(update={"doors": settings.doors.model_copy(update={"http": http})})


@dataclass(slots=True)
class Served:
    """A service that runs. `tokens` are the callers' secrets by name."""

    desk: Desk
    url: str
    stop: Callable[[], None]
    tokens: dict[str, str] = field(default_factory=dict)

    def token(self, name: str, scopes: Iterable[Scope] = ("ask",)) -> str:
        """The token of a caller, who is made at first."""
        if name not in self.tokens:
            self.tokens[name] = Tokens(database=self.desk.records.database).create(name, scopes).secret
        return self.tokens[name]

    def headers(self, name: str = "ada") -> dict[str, str]:
        """What a caller sends to be known."""
        return {"Authorization": f"Bearer {self.token(name)}"}

    def http(self, name: str = "ada") -> httpx.AsyncClient:
        """A plain HTTP client of a caller's."""
        headers = {**self.headers(name), "A2A-Version": "1.0"}
        return httpx.AsyncClient(base_url=self.url, headers=headers, timeout=WAIT_S, trust_env=False)

    @contextlib.asynccontextmanager
    async def client(
        self, name: str = "ada", *, version: str = "1.0", binding: str = "JSONRPC", streaming: bool = True
    ) -> AsyncIterator[Client]:
        """The SDK's client for a version and binding, with a caller's token. It trusts the card but for that choice."""
        async with httpx.AsyncClient(headers=self.headers(name), timeout=WAIT_S, trust_env=False) as http:
            config = ClientConfig(
                streaming=streaming, httpx_client=http, supported_protocol_bindings=[binding]
            )
            card = await self.card(http)
            wanted = [
                i for i in card.supported_interfaces
                if i.protocol_version == version and i.protocol_binding == binding
            ]  # fmt: skip
            assert len(wanted) == 1, card.supported_interfaces
            chosen = AgentInterface()
            chosen.CopyFrom(wanted[0])
            card.ClearField("supported_interfaces")
            card.supported_interfaces.append(chosen)
            async with await create_client(card, config) as client:
                yield client

    async def card(self, http: httpx.AsyncClient) -> AgentCard:
        """The card as the SDK reads it."""
        from a2a.client import A2ACardResolver

        return await A2ACardResolver(http, self.url).get_agent_card()

    async def rpc(self, method: str, params: Mapping[str, Any], name: str = "ada") -> Any:
        """A call of JSON-RPC as it is: the whole answer."""
        async with self.http(name) as http:
            body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
            answer = await http.post("/a2a", json=body)
            assert answer.status_code == 200, answer.text
            return answer.json()


@contextlib.contextmanager
def serving(desk: Desk, tokens: dict[str, str] | None = None) -> Iterator[Served]:
    """Serve a desk's A2A door until the block ends; `tokens` are those of before, for a restart."""
    settings = on_port_0(desk.settings)
    listener = listen(settings)
    url = url_of(listener)
    app = make_app(
        desk,
        Gate.open(settings, desk.records.database),
        settings,
        {},
        doors=frozenset({"a2a"}),
        public_url=url,
    )
    started, stop = threading.Event(), threading.Event()
    thread = threading.Thread(
        target=serve, args=(app, settings, lambda _: started.set(), stop, listener), daemon=True
    )
    thread.start()
    assert started.wait(WAIT_S)

    def end() -> None:
        stop.set()
        thread.join(WAIT_S)
        assert not thread.is_alive()

    try:
        yield Served(desk, url, end, tokens if tokens is not None else {})
    finally:
        end()


def asking(
    text: str, *, task: str = "", context: str = "", identity: str = "", at_once: bool = False, **data: Any
) -> SendMessageRequest:
    """A message that asks; `data` is picked apart from the text."""
    from agent.doors.a2a.parts import data_part

    parts = [Part(text=text)] if text else []
    if data:
        parts.append(data_part(data))
    message = Message(
        message_id=identity or uuid.uuid4().hex,
        role=Role.ROLE_USER,
        parts=parts,
        task_id=task,
        context_id=context,
    )
    return SendMessageRequest(
        message=message, configuration=SendMessageConfiguration(return_immediately=at_once)
    )


@dataclass(slots=True)
class Told:
    """What a stream has told: its first task, the statuses after it, and artefacts by name."""

    task: Task | None = None
    states: list[TaskState] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    facts: list[dict[str, Any]] = field(default_factory=list)
    artefacts: dict[str, Artifact] = field(default_factory=dict)

    def take(self, response: StreamResponse) -> None:
        """Note one event of the stream."""
        from google.protobuf.json_format import MessageToDict

        match response.WhichOneof("payload"):
            case "task":
                assert self.task is None
                self.task = response.task
                self.states.append(response.task.status.state)
                self.artefacts.update({a.name: a for a in response.task.artifacts})
            case "status_update":
                update = response.status_update
                self.states.append(update.status.state)
                self.texts.append("\n".join(p.text for p in update.status.message.parts))
                self.facts.append(MessageToDict(update.metadata))
            case "artifact_update":
                artefact = response.artifact_update.artifact
                self.artefacts[artefact.name] = artefact
            case other:
                raise AssertionError(other)

    @property
    def id(self) -> str:
        """The task's id."""
        assert self.task is not None
        return self.task.id

    @property
    def context(self) -> str:
        """The task's context."""
        assert self.task is not None
        return self.task.context_id


async def told(stream: AsyncIterator[StreamResponse], until: int | None = None) -> Told:
    """What a stream tells until it ends, or until so many events have come."""
    found = Told()
    count = 0
    async with asyncio.timeout(WAIT_S):
        async for response in stream:
            found.take(response)
            count += 1
            if count == until:
                break
    return found


async def ask(client: Client, text: str, **more: Any) -> Told:
    """Ask and listen until the task has ended or asks back."""
    return await told(client.send_message(asking(text, **more)))
