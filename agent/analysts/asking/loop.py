"""The loop: ask, run the tools that the reply wants, give their answers back, until the final answer or a limit.

Everything that can go wrong in a reply goes back to the model as a sentence that it can act on; what can't be mended
ends the conversation with a reason. Nothing here decides whether an answer is true: that is the final tool's part.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Generic, Protocol, TypeVar

from agent.analysts.asking.fencing import fenced
from agent.analysts.asking.final import Final, Unusable
from agent.analysts.asking.spending import Spending
from agent.analysts.model import (
    Block,
    ContextTooLong,
    Json,
    Message,
    Model,
    ModelCall,
    ModelReply,
    Step,
    Text,
    ToolResult,
    ToolSpec,
    ToolUse,
)

R = TypeVar("R")
REMINDERS = 2
"""How often a model is reminded to answer with the final tool before it is given up."""
REFUSALS_OF_ANSWER = 4
"""How often an answer that can't be read is sent back; what only isn't backed by evidence is sent back once."""
CONDENSED = 3
"""How often a conversation that has become too long is made shorter."""
KEPT = 2
"""So many of the last messages stay whole when a conversation is made shorter."""
LEAST_LEFT_OUT = 200
"""Shorter tool results stay: leaving them out would save nothing."""


class Tools(Protocol):
    """What a model may ask for before it answers."""

    @property
    def specs(self) -> tuple[ToolSpec, ...]:
        """The tools as the model sees them."""

    def run(self, name: str, given: Json) -> Answered:
        """The answer of a tool; one that failed says so in the answer. Raises: Cancelled."""


class Answered(Protocol):
    """`text` is the target's and is fenced, `guide` is ours."""

    @property
    def text(self) -> str:
        """What the target's profiles, sources or programs say."""

    @property
    def guide(self) -> str:
        """How to cite it and how to ask for less or more."""

    @property
    def is_error(self) -> bool:
        """Whether this is why there is no answer."""


@dataclass(frozen=True, slots=True)
class Stopped:
    """A conversation that ended without an answer, and why, in one sentence."""

    why: str


@dataclass(slots=True, kw_only=True)
class Conversation:
    """What was said so far. `pending` goes with the next message of ours."""

    name: str
    step: Step
    model: str
    system: str
    messages: list[Message] = field(default_factory=list)
    pending: list[Block] = field(default_factory=list)

    def say(self, *texts: str) -> None:
        """Put words into the next message of ours."""
        self.pending += [Text(text=text) for text in texts]


@dataclass(slots=True, kw_only=True)
class Loop:
    """Holds conversations with a model within what may be spent."""

    model: Model
    spending: Spending
    say: Callable[[str], None]
    max_tokens: int

    def answer(self, conversation: Conversation, tools: Tools, final: Final[Any, R]) -> R | Stopped:
        """The final answer, or why there is none. Raises: ModelFailed, Cancelled, StorageFailed."""
        turn = _Turn(loop=self, conversation=conversation, tools=tools, final=final)
        while True:
            spent = self.spending.spent()
            if spent is not None:
                return Stopped(spent)
            reply = turn.ask()
            found = turn.take(reply)
            if found is not None:
                return found.value


@dataclass(frozen=True, slots=True)
class _Found(Generic[R]):
    value: R | Stopped


@dataclass(slots=True, kw_only=True)
class _Turn(Generic[R]):
    loop: Loop
    conversation: Conversation
    tools: Tools
    final: Final[Any, R]
    reminders: int = 0
    sent_back: int = 0
    told_to_end: bool = False

    def ask(self) -> ModelReply:
        """The reply to what is pending; the conversation is made shorter where it doesn't fit."""
        talk = self.conversation
        if self.loop.spending.nearly_spent() and not self.told_to_end:
            self.told_to_end = True
            talk.say(f"The budget is nearly spent. Answer now with {self.final.name}, from what is known.")
        talk.messages.append(Message(role="user", blocks=tuple(talk.pending)))
        talk.pending.clear()
        for shorter in range(CONDENSED + 1):
            try:
                reply = self.loop.model.ask(self._call(), self._progress)
                break
            except ContextTooLong:
                if shorter == CONDENSED or not condense(talk.messages, KEPT if shorter == 0 else 1):
                    raise
                self.loop.say(f"{talk.model}: the conversation was too long and was made shorter")
        talk.messages.append(Message(role="assistant", blocks=reply.blocks or (Text(text="(nothing)"),)))
        if not reply.is_repeated:  # those of an interrupted process were counted when its transcript was read
            self.loop.spending.add(talk.step, reply.model, reply.usage, reply.duration_s)
        self._progress("")
        return reply

    def _call(self) -> ModelCall:
        talk = self.conversation
        return ModelCall(
            step=talk.step,
            conversation=talk.name,
            model=talk.model,
            system=talk.system,
            tools=(*self.tools.specs, self.final.spec),
            messages=tuple(talk.messages),
            max_tokens=self.loop.max_tokens,
        )

    def _progress(self, what: str) -> None:
        words = [self.conversation.model, self.loop.spending.told(), what]
        self.loop.say(": ".join(word for word in words if word))

    def take(self, reply: ModelReply) -> _Found[R] | None:
        """What a reply means: a result, or None to go on."""
        if reply.stop_reason == "refusal":
            return _Found(Stopped(f"{reply.model} declined to answer"))
        uses = [block for block in reply.blocks if isinstance(block, ToolUse)]
        if not uses:
            return self._remind(reply)
        if self.told_to_end and all(use.name != self.final.name for use in uses):
            self.reminders += 1
            if self.reminders > REMINDERS:
                return _Found(Stopped(f"the budget is nearly spent, and {reply.model} didn't answer"))
        found: _Found[R] | None = None
        for use in uses:
            if use.name == self.final.name and not use.problem:
                found = self._finish(use) or found
            else:
                self.conversation.pending.append(self._run(use, reply.is_repeated))
        return found

    def _finish(self, use: ToolUse) -> _Found[R] | None:
        try:
            result = self.final.read(use.input, is_last=self.sent_back > 0)
        except Unusable as error:
            self.sent_back += 1
            # Fenced: objections quote the target's names, its tests' and its compiler's words.
            words = fenced("\n".join(f"- {problem}" for problem in error.problems), "objections")
            self.conversation.pending.append(
                ToolResult(
                    id=use.id,
                    text=f"This answer can't be used yet. Put right what is listed:\n{words}\nAnswer again.",
                    is_error=True,
                )
            )
            if self.sent_back > REFUSALS_OF_ANSWER:  # not said of what: that would quote what nothing backs
                return _Found(Stopped("its answer couldn't be used, for the reasons in the transcript"))
            return None
        self.conversation.pending.append(ToolResult(id=use.id, text="Taken."))
        return _Found(result)

    def _run(self, use: ToolUse, is_counted: bool) -> ToolResult:
        if use.problem:
            self._count(is_counted)
            return ToolResult(
                id=use.id, text=f"The input of {use.name} can't be read: {use.problem}", is_error=True
            )
        spent = self.loop.spending.spent()
        if spent is not None or self.told_to_end:
            return ToolResult(
                id=use.id,
                text=f"Not run: {spent or 'the budget is nearly spent'}. Answer now.",
                is_error=True,
            )
        self._count(is_counted)
        self._progress(use.name if use.name in {spec.name for spec in self.tools.specs} else "")
        answered = self.tools.run(use.name, use.input)
        text = fenced(answered.text, use.name) if answered.text else ""
        return ToolResult(
            id=use.id,
            text="\n".join(part for part in (text, answered.guide) if part) or "(empty)",
            is_error=answered.is_error,
        )

    def _count(self, is_counted: bool) -> None:
        if not is_counted:
            self.loop.spending.add_tool_call(self.conversation.step)

    def _remind(self, reply: ModelReply) -> _Found[R] | None:
        self.reminders += 1
        if self.reminders > REMINDERS:
            return _Found(Stopped(f"{reply.model} didn't answer with {self.final.name}"))
        cut = reply.stop_reason == "max_tokens"
        why = "Your reply was cut off at its longest." if cut else "That was no answer that can be used."
        self.conversation.say(f"{why} Use a tool, or answer with {self.final.name}.")
        return None


def condense(messages: list[Message], kept: int) -> bool:
    """Leave out what tools answered before the last `kept` messages; whether anything was left out.

    The first message, which holds the picture, stays, and so does everything that the model said.
    """
    done = False
    for number in range(1, max(len(messages) - kept, 1)):
        message = messages[number]
        blocks = tuple(_shorter(block) for block in message.blocks)
        if blocks != message.blocks:
            messages[number] = replace(message, blocks=blocks)
            done = True
    return done


def _shorter(block: Block) -> Block:
    if not isinstance(block, ToolResult) or len(block.text) < LEAST_LEFT_OUT:
        return block
    return replace(block, text="(Left out to make room. Ask again where it is still needed.)")
