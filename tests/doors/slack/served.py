"""A Slack door that is open: a fake Slack, a real desk over SQLite, a worker with a script, and a real HTTP server."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import subprocess
import time
import urllib.parse
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import uvicorn
from starlette.applications import Starlette

from agent.doors.slack.app import SlackDoor, make_slack
from agent.doors.slack.http import slack_routes
from agent.jobs.desk import Desk
from agent.jobs.opening import open_desk
from agent.rendering import json as json_rendering
from agent.rendering import markdown
from agent.report import Report
from agent.settings import Settings
from tests.doors.slack.fake_slack import FakeSlack, Sent
from tests.jobs.scripted import Script, ScriptedWorker

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
WAIT_S = 15.0
SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" class="flamegraph" viewBox="0 0 1200 60" width="1200" height="60" '
    'font-family="monospace" font-size="11"><rect width="1200" height="60" fill="#f0d889"/>'
    '<text x="4" y="30">report.Find</text></svg>'
)


def make_repository(path: Path) -> Path:
    """A target in a repository, whose patch applies."""
    path.mkdir()
    (path / "report.py").write_text("print(1)\n")
    for words in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-q", "-m", "first"]):
        subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@b", *words], cwd=path, check=True)
    return path


def files_of(report: Report) -> dict[str, bytes]:
    """The files that a run with this report leaves."""
    return {
        "report.json": json_rendering.render(report).encode(),
        "report.md": markdown.render(report).encode(),
        "optimization.patch": b"--- a/report.py\n+++ b/report.py\n@@ -1 +1 @@\n-print(1)\n+print(2)\n",
        "graphs/cpu-before.svg": SVG.encode(),
    }


@dataclass(slots=True)
class Setting:
    """What is served: settings by section over those of a test, the run's files, and what the worker does."""

    folder: Path
    report: Report
    slack: dict[str, Any] = field(default_factory=dict)
    targets: dict[str, Any] | None = None
    scripts: dict[str, Script] = field(default_factory=dict)
    limits: dict[str, Any] = field(default_factory=dict)

    def settings(self, fake: FakeSlack) -> Settings:
        """The settings, with Slack's address that of the fake."""
        target = self.folder / "orders"
        if not target.exists():
            make_repository(target)
        targets = self.targets or {
            "orders": {"path": str(target), "description": "the report of all orders", "apply": {}}
        }
        return Settings.model_validate(
            {
                "storage": {
                    "runs_folder": str(self.folder / "runs"),
                    "state_folder": str(self.folder / "state"),
                },
                "targets": targets,
                "access": {"limits": {"requests_per_minute": None, **self.limits}},
                "doors": {"slack": {"enabled": True, "api_url": fake.url, "update_s": 0.1, **self.slack}},
            }
        )

    @property
    def target(self) -> Path:
        return self.folder / "orders"


@dataclass(slots=True)
class Open:
    """The door while it is open, and what Slack would send to it."""

    fake: FakeSlack
    door: SlackDoor
    desk: Desk
    url: str
    http: aiohttp.ClientSession
    worker: ScriptedWorker
    _count: int = 0
    _last: tuple[str, dict[str, str]] = ("", {})

    async def post(
        self,
        body: str,
        kind: str = "application/json",
        *,
        secret: str = SECRET,
        age_s: float = 0,
        at: str | None = None,
        **headers: str,
    ) -> tuple[int, str]:
        """A request as Slack signs it; its status and text."""
        stamp = str(int(time.time() - age_s)) if at is None else at
        signature = (
            "v0=" + hmac.new(secret.encode(), f"v0:{stamp}:{body}".encode(), hashlib.sha256).hexdigest()
        )
        signed = {
            "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": signature,
            "Content-Type": kind,
            **headers,
        }
        self._last = body, signed
        async with self.http.post(self.url, data=body.encode(), headers=signed) as answer:
            return answer.status, await answer.text()

    async def replay(self) -> int:
        """The last request once more, as it was."""
        body, signed = self._last
        async with self.http.post(self.url, data=body.encode(), headers=signed) as answer:
            return answer.status

    def event(self, event: Mapping[str, Any], event_id: str = "") -> dict[str, Any]:
        """An event in its envelope, each with an id of its own unless one is given."""
        self._count += 1
        return {
            "type": "event_callback", "team_id": "T1", "api_app_id": "A1", "event_id": event_id or f"Ev{self._count}",
            "event_time": 1, "authorizations": [{"team_id": "T1", "user_id": "UBOT", "is_bot": True}], "event": event,
        }  # fmt: skip

    async def mention(
        self,
        text: str,
        ts: str = "",
        *,
        thread: str = "",
        user: str = "U1",
        channel: str = "C1",
        event_id: str = "",
        **more: Any,
    ) -> str:
        """Someone mentions the app; the thread that it is in."""
        self._count += 1
        ts = ts or f"100.{self._count:06d}"
        event = {
            "type": "app_mention",
            "channel": channel,
            "user": user,
            "text": f"<@UBOT> {text}",
            "ts": ts,
            **more,
        }
        if thread:
            event["thread_ts"] = thread
        status, _ = await self.post(json.dumps(self.event(event, event_id)))
        assert status == 200
        return thread or ts

    async def direct(self, text: str, *, thread: str = "", user: str = "U1", **more: Any) -> str:
        """Someone writes to the app alone; the thread that it is in."""
        self._count += 1
        ts = f"100.{self._count:06d}"
        event = {
            "type": "message",
            "channel_type": "im",
            "channel": "D1",
            "user": user,
            "text": text,
            "ts": ts,
            **more,
        }
        if thread:
            event["thread_ts"] = thread
        status, _ = await self.post(json.dumps(self.event(event)))
        assert status == 200
        return thread or ts

    async def press(self, message: Sent, action: str, user: str = "U1", team: str = "T1") -> int:
        """Someone presses a button of a message."""
        self._count += 1
        button = message.buttons()[action]
        payload = {
            "type": "block_actions", "team": {"id": "T1"}, "user": {"id": user, "team_id": team, "username": "ann"},
            "api_app_id": "A1", "trigger_id": f"t{self._count}", "channel": {"id": message.channel},
            "container": {"type": "message", "message_ts": message.ts, "channel_id": message.channel},
            "message": {"ts": message.ts, "thread_ts": message.thread},
            "actions": [{"type": "button", "action_id": action, "value": button["value"],
                         "block_id": button["block_id"], "action_ts": f"1.{self._count}"}],
        }  # fmt: skip
        status, _ = await self.post(
            "payload=" + urllib.parse.quote(json.dumps(payload)), "application/x-www-form-urlencoded"
        )
        return status

    async def command(self, text: str, user: str = "U1", channel: str = "C1") -> tuple[int, str]:
        """Someone gives the slash command."""
        self._count += 1
        form = {"command": "/ask-profiler", "text": text, "team_id": "T1", "user_id": user, "user_name": "ann",
                "channel_id": channel, "trigger_id": f"t{self._count}"}  # fmt: skip
        return await self.post(urllib.parse.urlencode(form), "application/x-www-form-urlencoded")

    async def said(self, thread: str, words: str) -> Sent:
        """The message of a thread with these words in it, as soon as it is there."""
        await self.fake.until(lambda: self._found(thread, words), f"said {words!r} in {thread}", WAIT_S)
        found = self._found(thread, words)
        assert found is not None
        return found

    async def answered(self, thread: str) -> Sent:
        """The answer in a thread, as soon as it and its files are there."""
        found = await self.said(thread, '"Improved"')
        await self.told()
        return found

    async def told(self) -> None:
        """Wait until everything has been said about every job."""
        await self.fake.until(
            lambda: not self.door.memory.records.notes("slack/open/"), "told everything", WAIT_S
        )

    async def whispered(self, words: str) -> Sent:
        """What somebody alone was told."""
        await self.fake.until(
            lambda: [w for w in self.fake.whispers if words in w.text], f"whispered {words!r}", WAIT_S
        )
        return next(w for w in self.fake.whispers if words in w.text)

    def _found(self, thread: str, words: str) -> Sent | None:
        return next((m for m in self.fake.thread(thread) if words in m.text), None)


@asynccontextmanager
async def opened(
    setting: Setting,
    fake: FakeSlack,
    *,
    environment: Mapping[str, str] | None = None,
    has_worker: bool = True,
) -> AsyncIterator[Open]:
    """The door, open over the folder's database; again for a restart."""
    secrets = (
        {"SLACK_BOT_TOKEN": "xoxb-test", "SLACK_SIGNING_SECRET": SECRET}
        if environment is None
        else environment
    )
    settings = setting.settings(fake)
    desk = open_desk(settings, {})
    door = make_slack(desk, settings, secrets)
    door.talking.pause_s = 0.01
    door.beat_s = 0.1
    worker = ScriptedWorker(desk, files=files_of(setting.report), scripts=setting.scripts)
    app = Starlette(routes=slack_routes(door))
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, lifespan="off"))
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        async with aiohttp.ClientSession() as http, door.opened():
            url = f"http://127.0.0.1:{port}/slack/events"
            if has_worker:
                with worker:
                    yield Open(fake, door, desk, url, http, worker)
            else:
                yield Open(fake, door, desk, url, http, worker)
    finally:
        server.should_exit = True
        await serving
        desk.records.database.engine.dispose()
