"""One job as its thread sees it: progress in one message that is updated, then the answer, then the files."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field, replace

from agent.doors.slack import cards
from agent.doors.slack.cards import Progress
from agent.doors.slack.files import Files, names_of
from agent.doors.slack.memory import Memory, Told
from agent.doors.slack.talking import Place, Said, SlackSaysNo, Talking
from agent.errors import BadRequest, NotThere, StorageFailed
from agent.jobs.desk import Desk
from agent.rendering import mrkdwn, slack_blocks, slack_parts
from agent.rendering.slack_blocks import Offer
from agent.report import Report

log = logging.getLogger(__name__)
LAST_UPDATE_S = 5.0
"""How long an answer waits for the progress to show the end; Slack may have asked for a longer pause with updates."""
AWAY_S = 86400.0
RETRY_S = 2.0
"""How long a database that is away is waited for, before it is asked again."""


@dataclass(slots=True, kw_only=True)
class Following:
    """Tells jobs in their threads. What can't be said any more is logged; the run itself is never touched by it."""

    desk: Desk
    memory: Memory
    talking: Talking
    files: Files
    update_s: float
    clock: Callable[[], float] = time.time
    away_retry_s: float = 30.0
    _posting: set[asyncio.Task[Told | None]] = field(default_factory=set, init=False)

    async def tell(self, told: Told) -> None:
        """Follow a job to its end and say everything that there is to say about it."""
        try:
            job = await asyncio.to_thread(self.desk.job, told.caller, told.job_id)
            is_settled = job.has_ended and job.kind == "follow-up" and not told.message
            if told.stage == "working" and not is_settled:
                await self._live(told, Progress(job=job))
            else:  # nothing is left to watch
                await self._finish(told, await self._read(told, Progress(job=job)))
        except NotThere as error:  # removed after its time
            log.info("job %s: nothing more is told: %s", told.job_id, error)
        await asyncio.to_thread(self.memory.close, told.job_id)

    async def _live(self, told: Told, shown: Progress) -> None:
        """The message with the progress, made where there is none, and updated until the job has ended; the answer."""
        if not told.message:
            told = await self._first_message(told, shown)
        updates = _Updates(shown=shown)
        writing = asyncio.create_task(self._write(told, updates))
        try:
            await self._listen(told, updates)
            await asyncio.wait({writing}, timeout=LAST_UPDATE_S)
            await self._finish(told, updates.shown)
            await writing
        finally:
            writing.cancel()

    async def _first_message(self, told: Told, shown: Progress) -> Told:
        try:
            posted = await self.talking.post(
                Place(channel=told.channel, thread=told.thread), cards.progress(shown, self._elapsed(shown))
            )
        except SlackSaysNo as error:
            log.warning("job %s: its progress can't be shown: %s", told.job_id, error)
            return told
        told = replace(told, message=posted.ts)
        await asyncio.to_thread(self.memory.keep, told)
        return told

    async def _listen(self, told: Told, updates: _Updates) -> None:
        """Take in the job's events until its last one; a database that is away is waited for."""
        while updates.shown.ended is None:
            try:
                async for event in self.desk.follow(told.caller, told.job_id, after=updates.shown.seq):
                    updates.take(updates.shown.after(event))
                if updates.shown.ended is None:
                    raise NotThere(f"job {told.job_id} was removed before it ended")
            except StorageFailed as error:
                log.warning("job %s can't be followed for the moment: %s", told.job_id, error)
                await asyncio.sleep(RETRY_S)

    async def _read(self, told: Told, shown: Progress) -> Progress:
        for event in await asyncio.to_thread(self.desk.events, told.caller, told.job_id):
            shown = shown.after(event)
        return shown

    async def _write(self, told: Told, updates: _Updates) -> None:
        """Update the message when something has changed, `update_s` apart; what was old by then isn't shown."""
        while told.message:
            await updates.changed.wait()
            try:
                await self.talking.change_newest(told.channel, told.message, lambda: self._newest(updates))
            except SlackSaysNo as error:
                log.warning("job %s: its progress can't be shown any more: %s", told.job_id, error)
                if error.reason != "unreachable":
                    return
            if updates.is_last_written:
                return
            await asyncio.sleep(self.update_s)

    def _newest(self, updates: _Updates) -> Said:
        updates.changed.clear()
        updates.is_last_written = updates.shown.ended is not None
        return cards.progress(updates.shown, self._elapsed(updates.shown))

    def _elapsed(self, shown: Progress) -> float:
        end = shown.ended.time if shown.ended is not None else self.clock()
        return max(0.0, end - shown.job.created)

    async def _finish(self, told: Told, shown: Progress) -> None:
        """Say the answer and send the files, each once."""
        if not await asyncio.to_thread(self.memory.is_mine, told.job_id):
            return  # another process has taken it over meanwhile
        if shown.state == "cancelled":
            return
        if shown.state == "failed":
            await self._say(told, cards.failure(shown))
            return
        report = await asyncio.to_thread(self._report, told) if shown.job.kind == "run" else None
        if told.stage == "working":
            answered = await self._unbroken(self._say_answer(told, self._answer(shown, report)))
            if answered is None:
                return
            told = answered
        if isinstance(report, Report):
            there = await asyncio.to_thread(self.desk.files, told.caller, told.job_id)
            await self.send_files(told, names_of(report, there))

    async def _say_answer(self, told: Told, said: Said) -> Told | None:
        """Say the answer and remember that it has been said; None where it can't be said."""
        place = await self._say(told, said)
        if place is None:
            return None
        told = replace(told, stage="answered", channel=place.channel, thread=place.thread)
        await asyncio.to_thread(self.memory.keep, told)
        return told

    async def _unbroken(self, work: Coroutine[None, None, Told | None]) -> Told | None:
        """Do it to its end even if the job isn't followed any more: half of it would be done again after a restart."""
        task = asyncio.create_task(work)
        self._posting.add(task)
        task.add_done_callback(self._posting.discard)
        return await asyncio.shield(task)

    async def settle(self, limit_s: float) -> None:
        """Wait for the answers that are being said; what takes longer is said after the restart."""
        if self._posting:
            await asyncio.wait(set(self._posting), timeout=limit_s)
        for task in set(self._posting):
            task.cancel()
        await asyncio.gather(*self._posting, return_exceptions=True)

    def _report(self, told: Told) -> Report | str:
        """The report, or why it can't be read."""
        try:
            return self.desk.report(told.caller, told.job_id)
        except (BadRequest, StorageFailed) as error:
            log.warning("job %s: its report can't be read: %s", told.job_id, error)
            return f"it has ended, and its report can't be read: {error}"

    def _answer(self, shown: Progress, report: Report | str | None) -> Said:
        if isinstance(report, str):
            return cards.sentence(report)
        if report is None:
            blocks = slack_blocks.reply(shown.answer)
            return Said(text=mrkdwn.clip(mrkdwn.escape(shown.answer), slack_parts.FALLBACK), blocks=blocks)
        target = self.desk.settings.targets.get(shown.job.target)
        offer = Offer(pressed=shown.job.id, can_apply=target is not None and target.apply is not None)
        return Said(text=slack_blocks.fallback(report), blocks=slack_blocks.answer(report, offer))

    async def _say(self, told: Told, said: Said) -> Place | None:
        """Say it in the thread; where that is gone, to the person who asked; None where neither can be done.

        While Slack can't be reached it is tried again, for a day.
        """
        where = [Place(channel=told.channel, thread=told.thread), Place(channel=told.user)]
        until = asyncio.get_running_loop().time() + AWAY_S
        while where:
            place = where[0]
            try:
                posted = await self.talking.post(place, said)
                return Place(channel=posted.channel, thread=place.thread or posted.ts)
            except SlackSaysNo as error:
                log.warning("job %s: its answer can't be posted to %s: %s; it is kept: ask-profiler show %s",
                            told.job_id, place.channel, error, told.job_id)  # fmt: skip
                if error.reason == "unreachable" and asyncio.get_running_loop().time() < until:
                    await asyncio.sleep(self.away_retry_s)
                elif error.reason == "refused" and said.blocks:
                    said = Said(text=said.text)  # it is more than nothing
                elif error.reason == "gone":
                    where.pop(0)
                else:
                    return None
        return None

    async def send_files(self, told: Told, names: tuple[str, ...]) -> None:
        """Send files into the job's thread; those that are missing are named, with a button to send them again."""
        left = dict.fromkeys(names)

        def sent(name: str) -> None:
            left.pop(name, None)
            self.memory.keep(replace(told, missing=tuple(left)))

        place = Place(channel=told.channel, thread=told.thread)
        missing = await self.files.send(told.caller, told.job_id, place, names, sent)
        await asyncio.to_thread(self.memory.keep, replace(told, stage="done", missing=tuple(missing)))
        if missing:
            await self._say_missing(told, missing)

    async def _say_missing(self, told: Told, missing: Mapping[str, str]) -> None:
        try:
            place = Place(channel=told.channel, thread=told.thread)
            await self.talking.post(place, cards.missing_files(missing, told.job_id))
        except SlackSaysNo as error:
            log.warning("job %s: that files are missing can't be said: %s", told.job_id, error)


@dataclass(slots=True, kw_only=True)
class _Updates:
    """What the message is to show, and whether that is new."""

    shown: Progress
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    is_last_written: bool = False

    def take(self, shown: Progress) -> None:
        self.shown = shown
        self.changed.set()
