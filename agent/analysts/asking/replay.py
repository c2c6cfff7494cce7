"""A recorded transcript in a model's place: real tools and real measurements, words from the record.

Measured numbers differ from run to run, so requests aren't compared letter by letter. Compared is what may not differ:
the order of conversations, the system prompt, the tools, the first block of a conversation (what was asked, of which
workload), whose turn it is, and which tools answered and which failed. The first difference is an error.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from agent.analysts.asking.transcript import Exchange, read_exchanges
from agent.analysts.model import Message, ModelCall, ModelReply, Text, ToolResult
from agent.errors import BadRequest, ModelFailed

SHOWN = 120


class Drifted(ModelFailed):
    """The run asks something else than the recorded one did; the message names the first difference."""


@dataclass(slots=True, kw_only=True)
class Replay:
    """Answers with what was recorded, in the order in which it was."""

    exchanges: Sequence[Exchange]
    source: str
    _next: int = field(default=0, init=False)

    @classmethod
    def of(cls, path: Path) -> Replay:
        """The transcript in a file. Raises: BadRequest when it is none, or nothing was answered in it."""
        found = [e for e in read_exchanges(path) if e.reply is not None]
        if not found:
            raise BadRequest(
                f"{path} holds no reply of a model: give the transcript.jsonl of a run that asked one"
            )
        return cls(exchanges=found, source=path.name)

    def offered(self) -> tuple[str, ...]:
        """Nothing: which models are offered is no matter here."""
        return ()

    @property
    def model(self) -> str:
        """Who answered when it was recorded."""
        reply = self.exchanges[0].reply
        return reply.model if reply is not None else self.exchanges[0].model

    def ask(self, call: ModelCall, on_progress: Callable[[str], None]) -> ModelReply:
        """The next recorded reply. Raises: Drifted when the request isn't the recorded one."""
        number = self._next + 1
        if self._next >= len(self.exchanges):
            raise self._drifted(
                number,
                f"{call.conversation!r} asks once more",
                f"there are only {len(self.exchanges)} replies",
            )
        exchange = self.exchanges[self._next]
        self._compare(number, exchange, call)
        self._next += 1
        on_progress(f"reply {number} of {len(self.exchanges)} from {self.source}")
        if exchange.reply is None:
            raise ValueError("an exchange without a reply is no part of a replay")
        return exchange.reply

    def finish(self) -> None:
        """Say that nothing more will be asked. Raises: Drifted when more was recorded."""
        if self._next < len(self.exchanges):
            rest = self.exchanges[self._next]
            raise self._drifted(
                self._next + 1, "nothing more is asked", f"{rest.conversation!r} asked {rest.model} once more"
            )

    def _compare(self, number: int, recorded: Exchange, call: ModelCall) -> None:
        def same(what: str, now: str, then: str) -> None:
            if now != then:
                raise self._drifted(number, f"{what} {_short(now)}", _short(then))

        same("the conversation is", call.conversation, recorded.conversation)
        if recorded.system:
            same("the system prompt has", *first_difference(call.system, recorded.system))
        same("the tools are", ", ".join(t.name for t in call.tools), ", ".join(recorded.tools))
        new = call.messages[recorded.known :]
        same("messages since the last reply:", str(len(new)), str(len(recorded.messages)))
        for now, then in zip(new, recorded.messages, strict=True):
            same("the turn is of", now.role, then.role)
            same("its blocks are", _shape(now), _shape(then))
            if recorded.known == 0 and now is new[0]:
                same("it begins with", *first_difference(_begin(now), _begin(then)))

    def _drifted(self, number: int, now: str, then: str) -> Drifted:
        return Drifted(
            f"the transcript {self.source} has drifted from this run at exchange {number}: {now}, where was recorded: "
            f"{then}. Record it again with --analyst claude"
        )


def first_difference(now: str, then: str) -> tuple[str, str]:
    """The first lines in which two texts differ, ("", "") where they don't."""
    if now == then:
        return "", ""
    new, old = now.splitlines(), then.splitlines()
    for one, other in zip(new, old, strict=False):
        if one != other:
            return one, other
    return "\n".join(new[len(old) :]) or "(no more lines)", "\n".join(old[len(new) :]) or "(no more lines)"


def _shape(message: Message) -> str:
    """A message without what is measured: its kinds of blocks, and which tools failed."""
    return ", ".join(
        ("a failed tool result" if b.is_error else "a tool result") if isinstance(b, ToolResult) else "words"
        for b in message.blocks
    )


def _begin(message: Message) -> str:
    first = message.blocks[0]
    return first.text if isinstance(first, Text) else ""


def _short(text: str) -> str:
    one_line = " ".join(text.split())
    return repr(one_line if len(one_line) <= SHOWN else one_line[: SHOWN - 1] + "…")
