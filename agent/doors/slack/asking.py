"""What people say to the app becomes a job that is followed in the thread, a choice with buttons, or a refusal."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

from agent.access.caller import Caller
from agent.doors.slack import cards
from agent.doors.slack.memory import DOOR, Memory, Told
from agent.doors.slack.people import Speaker, caller_of
from agent.doors.slack.talking import Place, Said, SlackSaysNo, Talking
from agent.errors import AgentError
from agent.jobs.desk import Desk, Receipt
from agent.jobs.job import Job, Message
from tools.errors import ToolError

log = logging.getLogger(__name__)
HELP = frozenset({"", "help", "hilfe", "?", "targets"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A message to the app: what was said, by whom, and the thread that it belongs to. `key` is Slack's id of it."""

    speaker: Speaker
    text: str
    thread: str
    key: str

    @property
    def place(self) -> Place:
        """Where it is answered."""
        return Place(channel=self.speaker.channel, thread=self.thread)

    @property
    def conversation(self) -> str:
        """The conversation that it belongs to."""
        return self.speaker.conversation(self.thread)


@dataclass(slots=True, kw_only=True)
class Asking:
    """Takes messages to the desk and says what became of them. `follow` tells a job to its end."""

    desk: Desk
    memory: Memory
    talking: Talking
    follow: Callable[[Told], None]

    async def hear(self, heard: Heard) -> None:
        """Answer a message; each is given once."""
        try:
            caller = caller_of(heard.speaker, self.desk.settings.doors.slack)
            if heard.text.strip().casefold() in HELP:
                targets = await asyncio.to_thread(self.desk.targets, caller)
                await self.say(heard.place, cards.usage(targets), heard.speaker.user)
                return
            await self._settle(heard)
            message = Message(text=heard.text, door=DOOR, conversation=heard.conversation, key=heard.key)
            receipt = await asyncio.to_thread(self.desk.receive, caller, message)
        except (AgentError, ToolError) as error:
            await self.say(heard.place, cards.sentence(str(error)), heard.speaker.user)
            return
        await self.show(heard, caller, receipt)

    async def show(self, heard: Heard, caller: Caller, receipt: Receipt) -> None:
        """Follow the job in the thread, or put the choice there."""
        if isinstance(receipt, Job):
            await self.begin(receipt, caller, heard.place, heard.speaker.user)
            return
        card = cards.choice(receipt, heard.speaker.user, heard.thread)
        posted = await self.say(heard.place, card, heard.speaker.user)
        if posted:
            await asyncio.to_thread(self.memory.wait_for_answer, heard.conversation, posted)

    async def begin(self, job: Job, caller: Caller, place: Place, user: str) -> bool:
        """Follow a job in a thread; False when that is done already."""
        told = Told(
            job_id=job.id, channel=place.channel, thread=place.thread, user=user, caller_id=job.caller,
            caller_channel=caller.channel,
        )  # fmt: skip
        if not await asyncio.to_thread(self.memory.begin, told):
            return False
        self.follow(told)
        return True

    async def say(self, place: Place, said: Said, user: str) -> str:
        """Say something in a thread; where the app may not speak there, tell the person so. The message's time, ""
        where nothing was said.
        """
        try:
            return (await self.talking.post(place, said)).ts
        except SlackSaysNo as error:
            log.warning("nothing can be said in %s: %s", place.channel, error)
            if error.reason != "gone":
                return ""
        try:
            hint = cards.sentence("I can't speak in that channel: invite me there first (/invite)")
            await self.talking.post(Place(channel=user), hint)
        except SlackSaysNo as error:
            log.warning("%s can't be told either: %s", user, error)
        return ""

    async def _settle(self, heard: Heard) -> None:
        """Whatever is said in a conversation that waits for a choice ends the waiting: its buttons go."""
        waited = await asyncio.to_thread(self.memory.take_answer, heard.conversation)
        if waited is not None:
            try:
                await self.talking.change(heard.speaker.channel, waited, cards.chosen(heard.text, ""))
            except SlackSaysNo as error:
                log.info("the buttons of an answered choice can't be taken away: %s", error)
