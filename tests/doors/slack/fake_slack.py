"""Slack on a loopback port: Web API, uploads and Socket Mode, with the moods that the real one has."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

from tests.doors.slack.limits import faults

ALL_SCOPES = frozenset({"app_mentions:read", "chat:write", "commands", "files:write", "im:history"})
_NEEDED = {"chat.postMessage": "chat:write", "chat.update": "chat:write", "chat.postEphemeral": "chat:write",
           "files.getUploadURLExternal": "files:write", "files.completeUploadExternal": "files:write"}  # fmt: skip


@dataclass(slots=True)
class Sent:
    """A message as it is now, with every text that it has had."""

    channel: str
    ts: str
    thread: str
    body: Mapping[str, Any]
    times: list[float] = field(default_factory=list)
    user: str = ""

    @property
    def blocks(self) -> list[dict[str, Any]]:
        return list(self.body.get("blocks") or [])

    @property
    def text(self) -> str:
        """All that is shown."""
        return "\n".join([str(self.body.get("text", "")), json.dumps(self.blocks, ensure_ascii=False)])

    def buttons(self) -> dict[str, dict[str, Any]]:
        """Its buttons by what they do."""
        return {e["action_id"]: {**e, "block_id": b.get("block_id", "")}
                for b in self.blocks if b["type"] == "actions" for e in b["elements"]}  # fmt: skip


@dataclass(slots=True)
class FakeSlack:
    """What was called, what is shown, and what goes wrong next.

    `limited` are seconds to wait by method, each said once; `failing` are statuses or error codes by method, each once;
    `slow_s` is how long it takes to answer what it has done; `gone` are threads, messages and channels that aren't
    there any more.
    """

    scopes: frozenset[str] = ALL_SCOPES
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    messages: dict[str, Sent] = field(default_factory=dict)
    whispers: list[Sent] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    shared: list[dict[str, Any]] = field(default_factory=list)
    limited: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    failing: dict[str, list[int | str]] = field(default_factory=lambda: defaultdict(list))
    broken_uploads: set[str] = field(default_factory=set)
    slow_s: float = 0.0
    gone: set[str] = field(default_factory=set)
    sockets: list[web.WebSocketResponse] = field(default_factory=list)
    acknowledged: dict[str, dict[str, Any]] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    url: str = ""
    _names: dict[str, str] = field(default_factory=dict)
    _count: int = 0

    @asynccontextmanager
    async def running(self) -> AsyncIterator[FakeSlack]:
        """Served until the block ends."""
        app = web.Application(client_max_size=100_000_000)
        app.router.add_post("/api/{method}", self._api)
        app.router.add_post("/upload/{file}", self._upload)
        app.router.add_get("/socket", self._socket)
        runner = web.AppRunner(app, shutdown_timeout=0.5)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        self.url = f"http://127.0.0.1:{port}/api/"
        try:
            yield self
        finally:
            await runner.cleanup()

    def named(self, method: str) -> list[dict[str, Any]]:
        """The calls of one method."""
        return [body for name, body in self.calls if name == method]

    def thread(self, ts: str) -> list[Sent]:
        """What the app said in a thread, in order."""
        return [m for m in self.messages.values() if m.thread == ts]

    async def until(self, is_so: Callable[[], object], what: str = "", limit_s: float = 10.0) -> None:
        """Wait until something is so."""
        loop = asyncio.get_running_loop()
        end = loop.time() + limit_s
        while not is_so():
            assert loop.time() < end, f"never {what}: {[c[0] for c in self.calls]}"
            await asyncio.sleep(0.01)

    async def send(self, envelope: str, kind: str, payload: Mapping[str, Any]) -> None:
        """Send a message over the newest socket."""
        await self.sockets[-1].send_json(
            {"envelope_id": envelope, "type": kind, "accepts_response_payload": True, "payload": payload}
        )

    async def _api(self, request: web.Request) -> web.Response:
        method = request.match_info["method"]
        body: dict[str, Any] = dict(request.query)
        if request.content_type == "application/json":
            body |= await request.json()
        else:
            body |= {k: v for k, v in (await request.post()).items() if isinstance(v, str)}
        self.calls.append((method, body))
        if self.limited[method]:
            wait_s = self.limited[method].pop(0)
            return web.json_response(
                {"ok": False, "error": "ratelimited"}, status=429, headers={"Retry-After": str(wait_s)}
            )
        needed = _NEEDED.get(method)
        if needed is not None and needed not in self.scopes:
            return _no("missing_scope", needed=needed, provided=",".join(sorted(self.scopes)))
        if self.failing[method]:
            failure = self.failing[method].pop(0)
            return _no(failure) if isinstance(failure, str) else web.Response(status=failure, text="broken")
        answer: Mapping[str, Any] | str = getattr(self, "_" + method.replace(".", "_"), lambda _: {})(body)
        if isinstance(answer, str):
            self.refused.append(f"{method}: {answer}")
            return _no(answer)
        await asyncio.sleep(self.slow_s)
        headers = {"X-OAuth-Scopes": ",".join(sorted(self.scopes))}
        return web.json_response({"ok": True, **answer}, headers=headers)

    def _auth_test(self, body: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "url": "http://x",
            "team": "T",
            "user": "bot",
            "team_id": "T1",
            "user_id": "UBOT",
            "bot_id": "B1",
        }

    def _apps_connections_open(self, body: Mapping[str, Any]) -> dict[str, Any]:
        return {"url": self.url.replace("http:", "ws:").replace("/api/", "/socket")}

    def _chat_postMessage(self, body: dict[str, Any]) -> dict[str, Any] | str:  # noqa: N802 - Slack's name
        channel = str(body["channel"])
        if channel in self.gone:
            return "channel_not_found"
        if body.get("thread_ts") in self.gone:
            return "thread_not_found"
        wrong = faults(body)
        if wrong:
            self.refused.append(f"invalid_blocks {wrong}")
            return "invalid_blocks"
        self._count += 1
        ts = f"900.{self._count:06d}"
        channel = f"D{channel[1:]}" if channel.startswith("U") else channel
        times = [asyncio.get_running_loop().time()]
        self.messages[ts] = Sent(channel, ts, str(body.get("thread_ts", "")), body, times)
        return {"channel": channel, "ts": ts}

    def _chat_update(self, body: dict[str, Any]) -> dict[str, Any] | str:
        message = self.messages.get(str(body["ts"]))
        if message is None or message.ts in self.gone or message.channel in self.gone:
            return "message_not_found"
        wrong = faults(body)
        if wrong:
            self.refused.append(f"invalid_blocks {wrong}")
            return "invalid_blocks"
        message.body = body
        message.times.append(asyncio.get_running_loop().time())
        return {"channel": message.channel, "ts": message.ts}

    def _chat_postEphemeral(self, body: dict[str, Any]) -> dict[str, Any] | str:  # noqa: N802 - Slack's name
        wrong = faults(body)
        if wrong:
            self.refused.append(f"invalid_blocks {wrong}")
            return "invalid_blocks"
        self.whispers.append(Sent(body["channel"], "", body.get("thread_ts", ""), body, user=body["user"]))
        return {"message_ts": "901.1"}

    def _files_getUploadURLExternal(self, body: dict[str, Any]) -> dict[str, Any]:  # noqa: N802 - Slack's name
        self._count += 1
        self._names[f"F{self._count}"] = body["filename"]
        return {
            "upload_url": self.url.replace("/api/", f"/upload/F{self._count}"),
            "file_id": f"F{self._count}",
        }

    def _files_completeUploadExternal(self, body: dict[str, Any]) -> dict[str, Any] | str:  # noqa: N802 - Slack's name
        if body.get("thread_ts") in self.gone or body.get("channel_id") in self.gone:
            return "channel_not_found"
        found = json.loads(body["files"])
        self.shared += [{**f, "name": self._names[f["id"]], **body} for f in found]
        return {"files": [{"id": f["id"]} for f in found]}

    async def _upload(self, request: web.Request) -> web.Response:
        name = self._names[request.match_info["file"]]
        content = await request.read()
        self.calls.append(("upload", {"name": name}))
        if name in self.broken_uploads:
            return web.Response(status=500, text="half-way")
        self.files[name] = content
        return web.Response(text=f"OK - {len(content)}")

    async def _socket(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.sockets.append(socket)
        await socket.send_json({"type": "hello", "num_connections": 1})
        async for message in socket:
            if message.type == WSMsgType.TEXT:
                found = json.loads(message.data)
                self.acknowledged[found["envelope_id"]] = found
        return socket


def _no(code: str, **more: str) -> web.Response:
    return web.json_response({"ok": False, "error": code, **more})
