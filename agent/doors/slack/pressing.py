"""The buttons: apply on a branch, try again with more time, show evidence, stop, send the files again, choose."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace

from agent.access.caller import Caller
from agent.doors.slack import cards
from agent.doors.slack.asking import Asking, Heard
from agent.doors.slack.files import names_of
from agent.doors.slack.following import Following
from agent.doors.slack.memory import DOOR, Memory, Told
from agent.doors.slack.people import Speaker, caller_of
from agent.doors.slack.talking import Place, Said, SlackSaysNo, Talking
from agent.errors import AgentError, NotThere
from agent.jobs.desk import Applied, Desk
from agent.jobs.job import Message
from agent.rendering import mrkdwn, slack_blocks, slack_parts
from tools.errors import ToolError

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Press:
    """A button that was pressed: by whom, what it does to what, and in which message of which thread it stands."""

    speaker: Speaker
    action: str
    value: str
    block: str
    message: str
    thread: str
    key: str

    @property
    def place(self) -> Place:
        """Where it is answered."""
        return Place(channel=self.speaker.channel, thread=self.thread)


@dataclass(slots=True, kw_only=True)
class Pressing:
    """Does what buttons say, as the person who pressed them; what isn't done is said to that person alone."""

    desk: Desk
    memory: Memory
    talking: Talking
    asking: Asking
    following: Following

    async def press(self, press: Press) -> None:
        """Do what a button says. Pressed twice, nothing is done twice."""
        acts: Mapping[str, Callable[[Press, Caller], Awaitable[None]]] = {
            slack_blocks.APPLY: self._apply,
            slack_blocks.AGAIN: self._again,
            slack_blocks.EVIDENCE: self._evidence,
            cards.STOP: self._stop,
            cards.FILES: self._files,
            cards.CHOOSE: self._choose,
        }
        act = acts.get(press.action.partition(":")[0])
        if act is None:
            log.warning("a button of another version was pressed: %r", press.action[:100])
            return
        try:
            await act(press, caller_of(press.speaker, self.desk.settings.doors.slack))
        except SlackSaysNo as error:
            log.warning("what a button asked for can't be shown: %s", error)
        except NotThere as error:
            await self._whisper(press, cards.sentence(await asyncio.to_thread(self._why_not, press, error)))
        except (AgentError, ToolError) as error:
            await self._whisper(press, cards.sentence(str(error)))

    async def _apply(self, press: Press, caller: Caller) -> None:
        applied = await asyncio.to_thread(self.desk.apply, caller, press.value, door=DOOR)
        await self.talking.post(press.place, _applied(applied, press.speaker.user))

    async def _again(self, press: Press, caller: Caller) -> None:
        key = f"{DOOR}/again/{press.value}"
        job = await asyncio.to_thread(self.desk.again, caller, press.value, key=key, door=DOOR)
        if not await self.asking.begin(job, caller, press.place, press.speaker.user):
            await self._whisper(
                press, cards.sentence("That is being done already: look below in this thread.")
            )

    async def _evidence(self, press: Press, caller: Caller) -> None:
        report = await asyncio.to_thread(self.desk.report, caller, press.value)
        await self._whisper(press, Said(text="Evidence", blocks=slack_blocks.evidence(report)))

    async def _stop(self, press: Press, caller: Caller) -> None:
        await asyncio.to_thread(self.desk.cancel, caller, press.value, door=DOOR)

    async def _files(self, press: Press, caller: Caller) -> None:
        """The files that weren't sent; those of a job that isn't known any more are all sent again."""
        await asyncio.to_thread(self.desk.job, caller, press.value)
        if not await asyncio.to_thread(
            self.memory.first_time, "files", f"{press.place.channel}/{press.message}"
        ):
            return
        told = await asyncio.to_thread(self.memory.told, press.value)
        names = told.missing if told is not None else ()
        if not names:
            report = await asyncio.to_thread(self.desk.report, caller, press.value)
            names = names_of(report, await asyncio.to_thread(self.desk.files, caller, press.value))
        told = told or Told(
            job_id=press.value, channel=press.speaker.channel, thread=press.thread, user=press.speaker.user,
            caller_id=caller.id, caller_channel=caller.channel,
        )  # fmt: skip
        again = replace(told, channel=press.speaker.channel, thread=press.thread)
        await self.following.send_files(again, names)
        await self._settle(press, cards.sentence("Sent again."))

    async def _choose(self, press: Press, caller: Caller) -> None:
        """An option of a choice, which is the asker's to make; it is made once."""
        _, asker, thread = [*press.block.split("/"), "", "", ""][:3]
        if asker != press.speaker.user:
            raise NotThere("that is for the person who asked to choose")
        heard = Heard(speaker=press.speaker, text=press.value, thread=thread or press.thread, key=press.key)
        if await asyncio.to_thread(self.memory.take_answer, heard.conversation, press.message) is None:
            raise NotThere("that has been chosen already, or something else was said since: ask again")
        message = Message(text=press.value, door=DOOR, conversation=heard.conversation, key=press.key)
        receipt = await asyncio.to_thread(self.desk.receive, caller, message)
        await self._settle(press, cards.chosen(press.value, press.speaker.user))
        await self.asking.show(heard, caller, receipt)

    def _why_not(self, press: Press, error: NotThere) -> str:
        """Why a job isn't there for who pressed: mostly it is someone else's."""
        told = self.memory.told(press.value)
        if told is not None and told.user != press.speaker.user:
            return "that is for the person who asked: ask yourself, in a thread of your own"
        return str(error)

    async def _settle(self, press: Press, said: Said) -> None:
        """Take the buttons away that were pressed."""
        try:
            await self.talking.change(press.speaker.channel, press.message, said)
        except SlackSaysNo as error:
            log.info("pressed buttons can't be taken away: %s", error)

    async def _whisper(self, press: Press, said: Said) -> None:
        try:
            await self.talking.whisper(press.place, press.speaker.user, said)
        except SlackSaysNo as error:
            log.warning("%s can't be told: %s", press.speaker.user, error)


def _applied(applied: Applied, user: str) -> Said:
    """Where the patch is now."""
    verb = "is on" if applied.is_new else "was on already:"
    pushed = f", pushed to {mrkdwn.code(applied.pushed_to)}" if applied.pushed_to else ""
    text = f"The patch {verb} the branch {mrkdwn.code(applied.branch)} ({mrkdwn.code(applied.commit[:12])}){pushed}."
    lines = [text, *(f"• {mrkdwn.code(name)}" for name in applied.files[:20])]
    blocks = [slack_parts.section("\n".join(lines)), slack_parts.context(f"asked for by <@{user}>")]
    return Said(text=text, blocks=blocks)
