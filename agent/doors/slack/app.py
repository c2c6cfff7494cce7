"""The whole door: bolt's app with what listens, and what goes on as long as the door is open."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Coroutine, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from agent.doors.slack import cards
from agent.doors.slack.asking import Asking, Heard
from agent.doors.slack.files import Files
from agent.doors.slack.following import Following
from agent.doors.slack.listening import listen
from agent.doors.slack.memory import Memory, Told
from agent.doors.slack.people import Speaker
from agent.doors.slack.pressing import Pressing
from agent.doors.slack.reading import Payload, command_of, heard_of, press_of
from agent.doors.slack.talking import Place, Said, SlackSaysNo, Talking
from agent.errors import BadSettings, StorageFailed
from agent.jobs.desk import Desk
from agent.rendering import mrkdwn, slack_parts
from agent.settings import Settings

if TYPE_CHECKING:
    from slack_bolt.app.async_app import AsyncApp
    from slack_sdk.web.async_client import AsyncWebClient

log = logging.getLogger(__name__)
SCOPES = ("app_mentions:read", "chat:write", "commands", "files:write", "im:history")
"""What the app must be allowed to do in Slack; the manifest asks for it."""
BEAT_S = 3.0
FORGOTTEN_S = 60.0
CLOSING_S = 5.0


@dataclass(slots=True, kw_only=True)
class SlackDoor:
    """The Slack door. `app_token` is set for Socket Mode, `signing_secret` for HTTP."""

    desk: Desk
    app: AsyncApp
    client: AsyncWebClient
    talking: Talking
    memory: Memory
    following: Following
    asking: Asking
    pressing: Pressing
    app_token: str
    signing_secret: str
    beat_s: float = BEAT_S
    _tasks: set[asyncio.Task[None]] = field(default_factory=set, init=False)
    _jobs: set[asyncio.Task[None]] = field(default_factory=set, init=False)

    @property
    def is_socket_mode(self) -> bool:
        """Whether Slack's messages come over a connection that the door opens, not to an address of its own."""
        return bool(self.app_token)

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """The door while it is open: jobs that were being told go on being told; in Socket Mode it is connected.

        On the way out what is being said is ended, and the jobs are left to the next process.
        """
        from agent.doors.slack.socket import socket_mode

        async with AsyncExitStack() as stack:
            stack.push_async_callback(self._close)
            await asyncio.to_thread(self.memory.beat)
            self._spawn(self._keep_going(), self._jobs)
            self._spawn(self._check_scopes(), self._jobs)
            if self.is_socket_mode:
                await stack.enter_async_context(socket_mode(self))
            yield

    def follow(self, told: Told) -> None:
        """Tell a job in its thread from now on."""
        place = Place(channel=told.channel, thread=told.thread)
        self._spawn(self._guarded(self._tell(told), place), self._jobs)

    def hear(self, body: Payload, home: str, bot: str) -> None:
        """Take in a mention or a direct message."""
        heard = heard_of(body, home, bot)
        if heard is not None:
            self._spawn(self._guarded(self.asking.hear(heard), heard.place), self._tasks)

    def press(self, body: Payload, home: str) -> None:
        """Take in a button."""
        press = press_of(body, home)
        if press is not None:
            self._spawn(self._guarded(self.pressing.press(press), press.place), self._tasks)

    def command(self, body: Payload, home: str) -> None:
        """Take in the slash command."""
        found = command_of(body, home)
        if found is not None:
            place = Place(channel=found[0].channel)
            self._spawn(self._guarded(self._ask_by_command(*found), place), self._tasks)

    async def _ask_by_command(self, speaker: Speaker, text: str, key: str) -> None:
        """The command has no message of its own: one that quotes it begins the thread."""
        if not await asyncio.to_thread(self.memory.first_time, "command", key):
            return
        quoted = mrkdwn.clip(mrkdwn.escape(text or "help"), slack_parts.FALLBACK)
        said = Said(text=quoted, blocks=[slack_parts.section(f"<@{speaker.user}> asks: {quoted}")])
        ts = await self.asking.say(Place(channel=speaker.channel), said, speaker.user)
        if ts:
            await self.asking.hear(Heard(speaker=speaker, text=text, thread=ts, key=key))

    async def _keep_going(self) -> None:
        """Show signs of life, and go on with what no process follows any more."""
        looked = 0.0
        while True:
            try:
                await asyncio.to_thread(self.memory.beat)
                for told in await asyncio.to_thread(self.memory.orphans):
                    log.info("job %s is followed again", told.job_id)
                    self.follow(told)
                if time.monotonic() - looked > FORGOTTEN_S:
                    looked = time.monotonic()
                    for told in await asyncio.to_thread(self.memory.forgotten):
                        self.follow(told)
            except StorageFailed as error:
                log.warning("the database can't be asked for the moment: %s", error)
            await asyncio.sleep(self.beat_s)

    async def _check_scopes(self) -> None:
        """Say in the log what the app may not do, before somebody misses it."""
        try:
            granted = await self.talking.scopes()
        except SlackSaysNo as error:
            log.warning("the Slack app can't be used as it is: %s", error)
            return
        missing = [scope for scope in SCOPES if scope not in granted]
        if granted and missing:
            log.warning(
                "the Slack app lacks scopes: %s: add them and install the app again", ", ".join(missing)
            )

    async def _tell(self, told: Told) -> None:
        """Tell a job to its end; while the database is away it is waited for, and what was said isn't said again."""
        while True:
            try:
                known = await asyncio.to_thread(self.memory.told, told.job_id)
                await self.following.tell(known or told)
            except StorageFailed as error:
                log.warning("job %s can't be told for the moment: %s", told.job_id, error)
                await asyncio.sleep(self.beat_s)
            else:
                return

    def _spawn(self, work: Coroutine[None, None, None], among: set[asyncio.Task[None]]) -> None:
        task = asyncio.create_task(work)
        among.add(task)
        task.add_done_callback(among.discard)

    async def _guarded(self, work: Awaitable[None], place: Place) -> None:
        """Do it; a fault of this program is logged, and the thread is told that there was one."""
        try:
            await work
        except StorageFailed as error:
            log.warning("the database failed: %s", error)
            await self._apologise(place, "the database can't be used for the moment: try again in a while")
        except Exception:
            log.exception("a fault of the Slack door")
            await self._apologise(place, "that met a fault of ask-profiler itself: its log says which")

    async def _apologise(self, place: Place, text: str) -> None:
        try:
            await self.talking.post(place, cards.sentence(text))
        except SlackSaysNo as error:
            log.warning("nothing can be said in %s: %s", place.channel, error)

    async def _close(self) -> None:
        """Let what was just said be taken in, then stop; others may go on with the jobs at once."""
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=CLOSING_S)
        running = [*self._tasks, *self._jobs]
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await self.following.settle(CLOSING_S)
        with suppress(StorageFailed):
            await asyncio.to_thread(self.memory.leave)


def make_slack(desk: Desk, settings: Settings, environment: Mapping[str, str]) -> SlackDoor:
    """The door for these settings; nothing is connected yet. Raises: BadSettings naming all that is missing."""
    wrong = slack_problems(settings, environment)
    if wrong:
        raise BadSettings("; ".join(wrong))
    from slack_bolt.app.async_app import AsyncApp
    from slack_sdk.web.async_client import AsyncWebClient

    slack = settings.doors.slack
    client = AsyncWebClient(token=environment[slack.bot_token_env], base_url=slack.api_url, retry_handlers=[])
    app_token = environment.get(slack.app_token_env, "")
    secret = environment.get(slack.signing_secret_env, "")
    app = AsyncApp(
        client=client, signing_secret=secret, name="ask-profiler", request_verification_enabled=bool(secret)
    )
    talking, memory = Talking(client), Memory(desk.records)
    files = Files(desk=desk, talking=talking, environment=environment)
    following = Following(desk=desk, memory=memory, talking=talking, files=files, update_s=slack.update_s)
    asking = Asking(desk=desk, memory=memory, talking=talking, follow=lambda told: door.follow(told))
    pressing = Pressing(desk=desk, memory=memory, talking=talking, asking=asking, following=following)
    door = SlackDoor(
        desk=desk, app=app, client=client, talking=talking, memory=memory, following=following, asking=asking,
        pressing=pressing, app_token=app_token, signing_secret=secret,
    )  # fmt: skip
    listen(door)
    return door


def slack_problems(settings: Settings, environment: Mapping[str, str]) -> tuple[str, ...]:
    """All that keeps the Slack door from being opened."""
    slack = settings.doors.slack
    found = []
    if not environment.get(slack.bot_token_env):
        found.append(f"{slack.bot_token_env} isn't set: it holds the Slack app's bot token (xoxb-…)")
    if not environment.get(slack.app_token_env) and not environment.get(slack.signing_secret_env):
        found.append(
            f"neither {slack.app_token_env} nor {slack.signing_secret_env} is set: one of them says whether Slack is "
            "reached by Socket Mode (xapp-…) or reaches the service by HTTP"
        )
    if environment.get("SLACK_CLIENT_ID") and environment.get("SLACK_CLIENT_SECRET"):
        found.append(
            "SLACK_CLIENT_ID and SLACK_CLIENT_SECRET are set, and this app isn't installed by OAuth: unset them"
        )
    return tuple(found)
