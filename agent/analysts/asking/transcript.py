"""What a run asked its model and what came back: `transcript.jsonl`, masked, one exchange a line, never rewritten.

An interrupted run finds here what was answered already: the same request isn't paid for twice.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import get_args

from agent.analysts.asking.wire import (
    changed_json,
    digest,
    read_block,
    read_message,
    with_texts,
    written_block,
    written_message,
)
from agent.analysts.model import (
    Message,
    Model,
    ModelCall,
    ModelReply,
    Step,
    StopReason,
    Usage,
)
from agent.errors import BadRequest, ModelFailed
from agent.store import storage_failed, write_atomically

NAME = "transcript.jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request and its reply, None where it failed with `failure`.

    `messages` are those that came after the `known` first ones, which earlier exchanges of the conversation hold.
    `system_sha256` and `tools` say what stayed the same; `digest` is of the whole request.
    """

    step: Step
    conversation: str
    model: str
    digest: str
    system: str
    tools: tuple[str, ...]
    known: int
    messages: tuple[Message, ...]
    reply: ModelReply | None
    failure: str = ""


def written(exchange: Exchange) -> str:
    """An exchange as one line of JSON."""
    reply = exchange.reply
    page: dict[str, object] = {
        "step": exchange.step,
        "conversation": exchange.conversation,
        "model": exchange.model,
        "digest": exchange.digest,
        "system": exchange.system,
        "tools": list(exchange.tools),
        "known": exchange.known,
        "messages": [written_message(m) for m in exchange.messages],
        "failure": exchange.failure,
        "reply": None,
    }
    if reply is not None:
        usage = reply.usage
        page["reply"] = {
            "model": reply.model,
            "stop_reason": reply.stop_reason,
            "duration_s": reply.duration_s,
            "blocks": [written_block(b) for b in reply.blocks],
            "usage": {
                "input_tokens": usage.input_tokens,
                "output_tokens": usage.output_tokens,
                "cache_read_tokens": usage.cache_read_tokens,
                "cache_write_tokens": usage.cache_write_tokens,
            },
        }
    return json.dumps(page, ensure_ascii=False)


def read_exchanges(path: Path) -> tuple[Exchange, ...]:
    """Every whole line of a transcript; a torn last one is left out.

    Raises: BadRequest naming file and line where it is no transcript.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadRequest(f"the transcript {path} can't be read: {error}") from error
    found: list[Exchange] = []
    for number, line in enumerate(text.split("\n")[:-1], 1):  # other ends of lines may stand within a text
        try:
            found.append(_read(json.loads(line)))
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise BadRequest(f"{path}:{number}: this is no exchange with a model: {error}") from error
    return tuple(found)


def _read(page: dict[str, object]) -> Exchange:
    step, reply, messages, tools = page["step"], page["reply"], page["messages"], page["tools"]
    if step not in get_args(Step) or not isinstance(messages, list) or not isinstance(tools, list):
        raise ValueError("step, messages or tools are missing")
    return Exchange(
        step=step,  # type: ignore[arg-type] # one of the literal's words, as was just checked
        conversation=str(page["conversation"]),
        model=str(page["model"]),
        digest=str(page["digest"]),
        system=str(page["system"]),
        tools=tuple(map(str, tools)),
        known=int(str(page["known"])),
        messages=tuple(map(read_message, messages)),
        reply=None if reply is None else _read_reply(reply),
        failure=str(page["failure"]),
    )


def _read_reply(found: object) -> ModelReply:
    if not isinstance(found, dict) or found.get("stop_reason") not in get_args(StopReason):
        raise ValueError("the reply has no stop_reason that is known")
    usage = {name: int(value) for name, value in found["usage"].items()}
    return ModelReply(
        model=str(found["model"]),
        blocks=tuple(map(read_block, found["blocks"])),
        stop_reason=found["stop_reason"],
        usage=Usage(**usage),
        duration_s=float(found["duration_s"]),
    )


@dataclass(slots=True, kw_only=True)
class Transcript:
    """A run's exchanges, in the order in which they were made, in its folder."""

    path: Path
    exchanges: list[Exchange] = field(default_factory=list)

    @classmethod
    def load(cls, path: Path) -> Transcript:
        """The transcript as it stands; empty for a new run. A torn last line is cut off, there too.

        Raises: BadRequest when the file is no transcript.
        """
        if not path.is_file():
            return cls(path=path)
        content = path.read_bytes()
        whole = content[: content.rfind(b"\n") + 1]
        if whole != content:
            write_atomically(path, whole)
        return cls(path=path, exchanges=list(read_exchanges(path)))

    def add(self, exchange: Exchange) -> None:
        """Keep an exchange. Raises: StorageFailed."""
        try:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(written(exchange) + "\n")
        except OSError as error:
            raise storage_failed(self.path, error) from error
        self.exchanges.append(exchange)

    def requests(self) -> Iterator[tuple[ModelCall, ModelReply]]:
        """The requests that were answered, each with what it sent anew."""
        for exchange in self.exchanges:
            if exchange.reply is not None:
                call = ModelCall(
                    step=exchange.step,
                    conversation=exchange.conversation,
                    model=exchange.model,
                    system=exchange.system,
                    tools=(),
                    messages=exchange.messages,
                    max_tokens=0,
                )
                yield call, exchange.reply

    def reply_to(self, wanted: str) -> ModelReply | None:
        """What was answered to the request with that digest, None where it wasn't."""
        return next((e.reply for e in self.exchanges if e.digest == wanted and e.reply is not None), None)


@dataclass(slots=True, kw_only=True)
class Transcribed:
    """A model whose exchanges are kept. What it is sent is masked first, whoever asks."""

    model: Model
    transcript: Transcript
    mask: Callable[[str], str]

    def offered(self) -> tuple[str, ...]:
        """As the model says."""
        return self.model.offered()

    def ask(self, call: ModelCall, on_progress: Callable[[str], None]) -> ModelReply:
        """The reply, from the transcript where it was given before. Raises: as the model, StorageFailed."""
        sent = with_texts(call, self.mask)
        key = digest(sent)
        before = self.transcript.reply_to(key)
        if before is not None:
            return replace(before, is_repeated=True)
        try:
            reply = self._without_secrets(self.model.ask(sent, on_progress))
        except ModelFailed as error:
            self._keep(sent, key, None, self.mask(str(error)))
            raise
        self._keep(sent, key, reply, "")
        return reply

    def _without_secrets(self, reply: ModelReply) -> ModelReply:
        """The reply masked like everything else that is kept: a model may know a secret from elsewhere."""
        blocks = tuple(
            read_block(changed_json(written_block(b), self.mask))
            if written_block(b)["kind"] != "opaque"
            else b
            for b in reply.blocks
        )
        return replace(reply, blocks=blocks)

    def _keep(self, sent: ModelCall, key: str, reply: ModelReply | None, failure: str) -> None:
        known = self._known(sent)
        self.transcript.add(
            Exchange(
                step=sent.step,
                conversation=sent.conversation,
                model=sent.model,
                digest=key,
                system=sent.system if known == 0 else "",
                tools=tuple(t.name for t in sent.tools),
                known=known,
                messages=sent.messages[known:],
                reply=reply,
                failure=failure,
            )
        )

    def _known(self, sent: ModelCall) -> int:
        """How many of the messages earlier exchanges of the conversation hold already."""
        held = messages_of(self.transcript.exchanges, sent.conversation)
        same = 0
        for one, other in zip(held, sent.messages, strict=False):
            if one != other:
                break
            same += 1
        return same


def messages_of(exchanges: Sequence[Exchange], conversation: str) -> list[Message]:
    """Everything that was said in a conversation, as it stood at its last exchange."""
    found: list[Message] = []
    for exchange in exchanges:
        if exchange.conversation == conversation:
            found = [*found[: exchange.known], *exchange.messages]
            if exchange.reply is not None:
                found.append(Message(role="assistant", blocks=exchange.reply.blocks))
    return found
