"""Questions after a run: what a model is told of it, how the thread goes on, and what makes an answer of its words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from agent.analysts.analyst import Picture, Reply
from agent.analysts.asking.answers import FollowUpAnswer
from agent.analysts.asking.briefing import bottleneck_words, facts, judged_words, measured
from agent.analysts.asking.fencing import fenced
from agent.analysts.asking.final import Unusable
from agent.analysts.asking.loop import Conversation
from agent.analysts.asking.prose import Known, locked, problems
from agent.analysts.model import Block, Message, ToolResult, ToolUse
from agent.rendering import growth
from agent.report import Report

CONVERSATION = "follow up"
ANSWER = "answer"
_ID = re.compile(r"(?<![\w.])E\d+(?!\w)")


def opening(picture: Picture, report: Report) -> Iterator[str]:
    """What a model knows before the first question: the facts, what was measured, and what came of it."""
    yield facts(picture)
    if any(e.title == "ranking" for e in picture.evidence.items):
        yield fenced(measured(picture), "measurements")
    yield fenced(_outcome(picture, report), "report")


def _outcome(picture: Picture, report: Report) -> str:
    parts = [f"Outcome: {report.outcome}"]
    parts += ["Bottleneck " + bottleneck_words(picture, b) for b in report.bottlenecks]
    if report.candidates:
        parts.append(judged_words(report.candidates))
    if report.scaling:
        parts.append("\n".join(["Growth:", *growth.lines(report), *growth.notes(report)]))
    parts += [f"Not measured: {m.what}: {m.leaves_unmeasured}" for m in report.unmeasured]
    parts += [f"Warning: {warning}" for warning in report.warnings]
    return "\n\n".join(parts)


def go_on(talk: Conversation, earlier: Sequence[Message]) -> None:
    """Put what was said before into a conversation, so that the next message of ours can follow it.

    A message that was never answered is sent with the next one. Tools whose answers got lost are told to be so.
    """
    talk.messages += earlier
    if talk.messages and talk.messages[-1].role == "user":
        talk.pending += talk.messages.pop().blocks
    last = talk.messages[-1].blocks if talk.messages else ()
    answered = {block.id for block in talk.pending if isinstance(block, ToolResult)}
    lost: list[Block] = [
        _closing(block) for block in last if isinstance(block, ToolUse) and block.id not in answered
    ]
    talk.pending[:0] = lost


def _closing(use: ToolUse) -> ToolResult:
    """What is said to a tool use of an earlier process: an answer was taken, anything else got lost."""
    if use.name == ANSWER and not use.problem:
        return ToolResult(id=use.id, text="Taken.")
    return ToolResult(
        id=use.id, text="This was interrupted. Ask again where it is still needed.", is_error=True
    )


def report_files(report: Report) -> dict[str, bytes]:
    """What the report's candidates would add, as a file each: its names can be spoken of although they were no part of
    what was profiled.
    """
    return {
        f"{one.candidate.id}.patch": "\n".join(
            line[1:] for line in one.candidate.patch.splitlines() if line[:1] == "+" and line[:3] != "+++"
        ).encode()
        for one in report.candidates
    }


@dataclass(slots=True, kw_only=True)
class Answering:
    """Turns a model's answer into a reply; `notes` say what was left out of it."""

    known: Callable[[], Known]
    notes: list[str] = field(default_factory=list)

    def accept(self, answer: FollowUpAnswer, is_last: bool) -> Reply:
        """The reply. Raises: Unusable, saying what to do about each thing that no evidence backs.

        Of an answer that was sent back before only what is backed is taken, with a note where something was dropped.
        """
        known = self.known()
        there = {e.id for e in known.evidence.items}
        unknown = [name for name in answer.evidence if name not in there]
        wrong = [f"text: {problem.advice}" for problem in problems(answer.text, known)]
        if unknown:
            wrong.append(
                f"there is no evidence {', '.join(unknown)}: give ids that a tool or the picture named"
            )
        if wrong and not is_last:
            raise Unusable(*wrong)
        found = locked(answer.text, known)
        if found.dropped:
            self.notes.append(
                f"{found.dropped} of the model's statements dropped: they named numbers or names without evidence"
            )
        named = [*_ID.findall(found.text), *(name for name in answer.evidence if name in there)]
        return Reply(text=found.text, evidence=tuple(dict.fromkeys(named)))
