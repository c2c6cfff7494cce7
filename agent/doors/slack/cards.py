"""What a conversation shows besides answers: a job's progress, a choice, help, and what went wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from agent.doors.slack.talking import Said
from agent.doors.spelling import SETTINGS, spelled
from agent.jobs.job import Choice, Event, Job
from agent.rendering import mrkdwn, slack_parts
from agent.rendering.slack_blocks import AGAIN
from agent.rendering.slack_parts import Button

STOP, FILES, CHOOSE = "stop", "files", "choose"
"""What these buttons do, besides those of an answer."""
_LINES = 6
_OPTIONS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How a job stands, as its events tell: what is going on, and the last things that were found."""

    job: Job
    now: str = "it waits for a worker"
    found: tuple[str, ...] = ()
    answer: str = ""
    ended: Event | None = None
    seq: int = 0

    def after(self, event: Event) -> Progress:
        """How it stands after one more event; an event that it has seen changes nothing."""
        if event.seq <= self.seq:
            return self
        known = replace(self, seq=event.seq)
        if event.kind == "ended":
            return replace(known, ended=event)
        if event.kind == "answer":
            return replace(known, answer=event.text)
        if event.kind in ("finding", "verdict"):
            return replace(known, found=(*self.found, event.text))
        return replace(known, now=_now(event))

    @property
    def state(self) -> str:
        """`done`, `failed` or `cancelled`; "" while it goes on."""
        return str(self.ended.data.get("state", "done")) if self.ended is not None else ""


def progress(shown: Progress, elapsed_s: float) -> Said:
    """The message that shows a job's progress; it can be stopped while it goes on."""
    target, question = mrkdwn.code(shown.job.target), mrkdwn.clip(mrkdwn.escape(shown.job.question), 300)
    now = {"": shown.now, "done": "done", "failed": "it failed", "cancelled": "it was stopped"}[shown.state]
    status = mrkdwn.clip(mrkdwn.escape(now), 300)
    blocks = [slack_parts.section(f"{target} {question}\n*{status}*", 900)]
    lines = [f"• {mrkdwn.clip(mrkdwn.escape(text), 250)}" for text in shown.found[-_LINES:]]
    if lines:
        left = len(shown.found) - len(lines)
        blocks.append(slack_parts.section("\n".join([*([f"{left} earlier"] if left else []), *lines]), 2000))
    blocks.append(slack_parts.context(f"job {mrkdwn.escape(shown.job.id)}; {_elapsed(elapsed_s)}"))
    if shown.ended is None:
        blocks.append(slack_parts.buttons([Button(text="Stop", action=STOP, value=shown.job.id)]))
    return Said(text=f"{question}: {status}", blocks=blocks)


def failure(shown: Progress) -> Said:
    """Why a job has no answer, with a button to try again where that means something."""
    problem = str(shown.ended.data.get("problem", "")) if shown.ended is not None else ""
    why = spelled(problem, SETTINGS) or "it ended without saying why"
    text = mrkdwn.clip(mrkdwn.escape(why), 2000)
    blocks = [slack_parts.header("No answer"), slack_parts.section(text)]
    if shown.job.kind == "run":
        again = Button(text="Try again with more time", action=AGAIN, value=shown.job.id)
        blocks.append(slack_parts.buttons([again]))
    return Said(text=f"No answer: {text}", blocks=blocks)


def choice(found: Choice, asker: str, thread: str) -> Said:
    """A choice with a button for each option; a typed answer does as well."""
    question = mrkdwn.clip(mrkdwn.escape(found.question), 500)
    shown = found.options[:_OPTIONS]
    lines = [
        f"{n}. {mrkdwn.code(option.value)} {mrkdwn.clip(mrkdwn.escape(option.text), 200)}"
        for n, option in enumerate(shown, 1)
    ]
    left = len(found.options) - len(shown)
    if left:
        lines.append(f"{left} more: write the name of one of them")
    row = [Button(text=o.value, action=f"{CHOOSE}:{n}", value=o.value) for n, o in enumerate(shown)]
    blocks = [
        slack_parts.section(f"*{question}*\n" + "\n".join(lines)),
        *([slack_parts.buttons(row, block_id=f"{CHOOSE}/{asker}/{thread}")] if row else []),
        slack_parts.context("Press a button, or answer in this thread with the name or the number."),
    ]
    return Said(text=question, blocks=blocks)


def chosen(what: str, user: str) -> Said:
    """What is left of a choice when it has been made; or when something was said that may make it, without a user."""
    said = f"{'Chosen' if user else 'Answered'}: {mrkdwn.code(what)}"
    text = f"{said} (<@{user}>)" if user else said
    return Said(text=said, blocks=[slack_parts.context(text)])


def missing_files(names: Mapping[str, str], job_id: str) -> Said:
    """Which files could not be sent and why, with a button that sends them again."""
    lines = [f"• {mrkdwn.code(name)}: {mrkdwn.clip(mrkdwn.escape(why), 300)}" for name, why in names.items()]
    blocks = [
        slack_parts.section("The answer stands. These files are missing here:\n" + "\n".join(lines)),
        slack_parts.buttons([Button(text="Send the files again", action=FILES, value=job_id)]),
    ]
    return Said(text=f"{len(names)} files could not be sent", blocks=blocks)


def sentence(text: str) -> Said:
    """One sentence, such as why something isn't done."""
    shown = mrkdwn.clip(mrkdwn.escape(spelled(text, SETTINGS)), slack_parts.SECTION)
    return Said(text=shown, blocks=[slack_parts.section(shown)])


def usage(targets: Mapping[str, str]) -> Said:
    """How to ask, and about what."""
    known = [
        f"• {mrkdwn.code(n)} {mrkdwn.clip(mrkdwn.escape(d), 200)}" for n, d in list(targets.items())[:30]
    ]
    text = "Ask why a program is slow or big, such as: why does it take 30 seconds for 1000 records?"
    what = (
        "\n".join(["You may ask about:", *known]) if known else "There is no target that you may ask about."
    )
    return Said(text=text, blocks=[slack_parts.section(text), slack_parts.section(what)])


def _now(event: Event) -> str:
    done, of = event.data.get("done"), event.data.get("of")
    if event.kind == "progress" and isinstance(done, int) and isinstance(of, int) and of:
        return f"{event.text} ({done} of {of})"
    ahead = event.data.get("ahead")
    if event.kind == "queued" and isinstance(ahead, int) and ahead:
        return f"{event.text}; {ahead} ahead of it"
    return event.text


def _elapsed(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
