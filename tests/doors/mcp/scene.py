"""A desk with a scripted worker, and clients that talk to a server over it in the same process."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeVar

from mcp import Client
from mcp.client.context import ClientRequestContext
from mcp.server.mcpserver import MCPServer
from mcp_types import CallToolResult, ElicitRequestParams, ElicitResult, TextContent

from agent.access.caller import LOCAL_CALLER, Caller
from agent.doors.mcp.server import make_server
from agent.jobs.claims import Claim
from agent.jobs.desk import Desk
from agent.jobs.job import Event, Job
from tests.jobs.scripted import Script, ScriptedWorker

ANN = Caller(id="token:ann", scopes=frozenset({"ask"}))
BOB = Caller(id="token:bob", scopes=frozenset({"ask"}))
T = TypeVar("T")
Arguments = dict[str, Any]
Mode = Literal["auto", "legacy"]
MODES: tuple[Mode, ...] = ("auto", "legacy")
"""Protocol 2026-07-28, and the ones before."""
LIMIT_S = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A desk, what its runs leave behind, and who calls."""

    desk: Desk
    files: Mapping[str, bytes]
    target: Path

    def server(self, caller: Caller = ANN) -> MCPServer:
        """A server that this caller talks to."""
        return make_server(self.desk, self.desk.settings, lambda _: caller)

    def worker(self, **scripts: Script) -> AbstractContextManager[ScriptedWorker]:
        """A worker whose runs leave `files`; `scripts` are by a word of the question."""
        return ScriptedWorker(self.desk, scripts=scripts, files=self.files)

    def call(
        self,
        tool: str,
        *,
        caller: Caller = ANN,
        mode: Mode = "auto",
        user: User | None = None,
        **arguments: Any,
    ) -> Answer:
        """One call of one tool, whose client can ask a user or not."""

        async def with_client(client: Client) -> Answer:
            return await answer(client, tool, **arguments)

        return self.talk(with_client, caller=caller, mode=mode, user=user)

    def talk(
        self,
        what: Callable[[Client], Awaitable[T]],
        *,
        caller: Caller = ANN,
        mode: Mode = "auto",
        user: User | None = None,
    ) -> T:
        """What comes of talking to the server with a client; bounded in time."""

        async def session() -> T:
            async with asyncio.timeout(LIMIT_S):
                callback = user.answer if user is not None else None
                async with Client(self.server(caller), mode=mode, elicitation_callback=callback) as client:
                    return await what(client)

        return asyncio.run(session())

    def only_job(self) -> Job:
        """The one job there is."""
        (job,) = self.desk.records.jobs()
        return job

    def done(self) -> str:
        """The id of a run of Ann's that is done."""
        with self.worker():
            found = self.call("profile", target="orders")
        run: str = found.data["run"]
        return run


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call came to."""

    result: CallToolResult

    @property
    def data(self) -> dict[str, Any]:
        """The structured result of a call that wasn't refused."""
        assert not self.result.is_error, self.text
        found: dict[str, Any] | None = self.result.structured_content
        assert found is not None
        return found

    @property
    def text(self) -> str:
        """What a client without structure shows."""
        return "\n".join(part.text for part in self.result.content if isinstance(part, TextContent))

    @property
    def refusal(self) -> str:
        """Why the call was refused."""
        assert self.result.is_error, self.text
        assert "Traceback" not in self.text
        return self.text


async def answer(client: Client, tool: str, **arguments: Any) -> Answer:
    """One call of a client's; its result fits the schema that the server published, or the client refuses it."""
    result = await client.call_tool(tool, arguments)
    assert isinstance(result, CallToolResult)
    return Answer(result)


@dataclass(slots=True)
class User:
    """Who is asked: answers with these values in order, or declines with None. `asked` is what they saw."""

    answers: list[str | None]
    asked: list[ElicitRequestParams] = field(default_factory=list)

    async def answer(self, context: ClientRequestContext, params: ElicitRequestParams) -> ElicitResult:
        """The next answer."""
        self.asked.append(params)
        said = self.answers.pop(0)
        return (
            ElicitResult(action="decline")
            if said is None
            else ElicitResult(action="accept", content={"choice": said})
        )


def kinds(desk: Desk, job: Job) -> list[str]:
    """The kinds of a job's events."""
    found: list[Event] = list(desk.events(LOCAL_CALLER, job.id))
    return [event.kind for event in found]


def working(worker: Callable[[], ScriptedWorker], seconds: float) -> Script:
    """A script that works for so long, or until it is cancelled."""

    def script(claim: Claim) -> str:
        claim.tell("progress", "go-cpu: profiling", {"stage": "capture"})
        worker().wait(claim, seconds)
        return "improved"

    return script
