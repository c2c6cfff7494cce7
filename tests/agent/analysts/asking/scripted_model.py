"""A model that answers by a script: for loops that are to be seen turn by turn, without a socket."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from agent.analysts.asking.tools.tool import ToolAnswer
from agent.analysts.model import (
    Block,
    Json,
    ModelCall,
    ModelReply,
    StopReason,
    Text,
    ToolResult,
    ToolSpec,
    ToolUse,
    Usage,
)

Answer = ModelReply | Exception | Callable[[ModelCall], ModelReply]


def says(text: str, stop: StopReason = "end_turn") -> ModelReply:
    return reply(Text(text=text), stop=stop)


def uses(*wanted: tuple[str, Json], problem: str = "") -> ModelReply:
    blocks = [
        ToolUse(id=f"use_{n}_{name}", name=name, input=given, problem=problem)
        for n, (name, given) in enumerate(wanted)
    ]
    return reply(*blocks, stop="tool_use")


def reply(*blocks: Block, stop: StopReason = "end_turn", tokens: int = 10) -> ModelReply:
    return ModelReply(
        model="scripted-1",
        blocks=blocks,
        stop_reason=stop,
        usage=Usage(input_tokens=tokens, output_tokens=1),
        duration_s=0.01,
    )


@dataclass(slots=True)
class ScriptedModel:
    script: Sequence[Answer]
    calls: list[ModelCall] = field(default_factory=list)

    def offered(self) -> tuple[str, ...]:
        return ()

    def ask(self, call: ModelCall, on_progress: Callable[[str], None]) -> ModelReply:
        self.calls.append(call)
        answer = self.script[len(self.calls) - 1]
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, ModelReply) else answer(call)


@dataclass(slots=True)
class Echo:
    """Tools that answer with what they were given; `fails` is one that doesn't."""

    ran: list[str] = field(default_factory=list)

    @property
    def specs(self) -> tuple[ToolSpec, ...]:
        return tuple(
            ToolSpec(name=name, description=name, schema={"type": "object"}) for name in ("echo", "fails")
        )

    def run(self, name: str, given: Json) -> ToolAnswer:
        self.ran.append(name)
        if name == "fails":
            return ToolAnswer(text="no such thing", is_error=True)
        return ToolAnswer(text=str(given.get("text", "")), guide="Cite it.")


def results(call: ModelCall) -> list[ToolResult]:
    """What the tools answered to the reply before this call."""
    return [b for b in call.messages[-1].blocks if isinstance(b, ToolResult)]
