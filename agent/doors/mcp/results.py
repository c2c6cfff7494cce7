"""What the tools answer with, as data: bounded, and with a published schema of each tool's own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeVar

from mcp_types import CallToolResult, TextContent
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from agent.rendering.profile_answers.writing import tokens_of

State = Literal["choice needed", "not started", "queued", "running", "done", "failed", "cancelled"]


class Wire(BaseModel):
    """A result on the wire: these fields and no others."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    left_out: tuple[str, ...] = Field(
        default=(), description="what had no room; a larger `tokens` shows more"
    )


class OptionResult(BaseModel):
    """One of the answers to a choice."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    value: str
    text: str


class ChoiceResult(BaseModel):
    """What must be decided first: the same call with `parameter` set to an option's value decides it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    question: str
    parameter: Literal["target", "workload"]
    options: tuple[OptionResult, ...]


class RunResult(Wire):
    """How far a run is. `says` tells in a sentence what happened, or what to do next."""

    state: State
    run: str = Field(default="", description="its id, for the other tools")
    target: str = ""
    says: str = ""
    choice: ChoiceResult | None = None


class Place(BaseModel):
    """A bottleneck: where it is, what part of the view it accounts for, and why; prose has its numbers in place."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rank: int
    function: str
    file: str
    line: int
    view: str
    share: float = Field(description="0 to 1, of the view's total")
    severity: str
    confidence: str
    root_cause: str
    explanation: str
    evidence: tuple[str, ...]


class KeptProfile(BaseModel):
    """A profile of the run, for `top`, `peek`, `annotated_source` and `compare`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    title: str


class Compared(BaseModel):
    """One benchmark in one unit, before and after, measured in pairs: a gain, a loss, or neither."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    benchmark: str
    measures: str
    pairs: int
    before: str
    after: str
    change: str = Field(
        description="`~`: after correcting for everything that is compared (Holm) nothing is shown, even where the "
        "interval alone excludes 0"
    )
    interval: str = Field(description="bounds the change at 95 %")
    at_least: float = Field(description="the gain that holds, as a ratio; 0: none")


class JudgedChange(BaseModel):
    """A change with what the gates said of it; `reason` is None for an accepted one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str
    bottleneck: int
    files: tuple[str, ...]
    origin: str
    accepted: bool
    reason: str | None
    detail: str
    comparisons: tuple[Compared, ...]


class ProfileResult(RunResult):
    """Why a program is slow or big."""

    outcome: str = ""
    headline: str = ""
    bottlenecks: tuple[Place, ...] = ()
    findings: tuple[str, ...] = ()
    accepted_changes: int = Field(default=0, description="`optimize` with this `run` shows them")
    profiles: tuple[KeptProfile, ...] = ()
    unmeasured: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


class OptimizeResult(RunResult):
    """The changes that were tried; `patch` is all the accepted ones, "" where they didn't hold together. Nothing is
    applied.
    """

    outcome: str = ""
    headline: str = ""
    accepted: tuple[JudgedChange, ...] = ()
    rejected: tuple[JudgedChange, ...] = ()
    together: tuple[Compared, ...] = Field(
        default=(), description="comparisons of the accepted changes together, end to end"
    )
    patch: str = ""
    patch_characters: int = 0
    patch_next_offset: int | None = Field(
        default=None,
        description="where the rest begins: `report` with format `patch` and this offset; None: it's all",
    )
    warnings: tuple[str, ...] = ()


class VerifyResult(RunResult):
    """The verdict on a given change: accepted, or rejected with exactly one reason."""

    verdict: Literal["", "accepted", "rejected", "not measured"] = ""
    reason: str | None = None
    detail: str = ""
    files: tuple[str, ...] = ()
    comparisons: tuple[Compared, ...] = ()
    smallest_detectable_gain: float | None = Field(default=None, description="of this host, as a ratio")
    checks: tuple[str, ...] = ()
    not_measured: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()


class ReportPage(Wire):
    """A part of a run's report; `next_offset` is where the next one begins, None for the last."""

    run: str
    format: Literal["markdown", "json", "patch"]
    offset: int
    next_offset: int | None
    characters: int = Field(description="of the whole")
    text: str


class QueryResult(Wire):
    """An answer about a profile: what it is about, tables of which the least rows are left out, and doubts.

    Amounts are in the `unit` that `about` names, shares are 0 to 1.
    """

    about: dict[str, JsonValue]
    tables: tuple[dict[str, JsonValue], ...]
    warnings: tuple[str, ...] = ()


Result = TypeVar("Result", bound=Wire)


def fitted(result: Result, tokens: int, least: Sequence[str]) -> Result:
    """The result in at most so many tokens: of the lists named in `least` the ends are left out, those of the first
    list first. What isn't a list stays, whatever the limit.
    """
    for name in least:
        items: tuple[object, ...] = getattr(result, name)
        whole = len(items)
        while items and tokens_of(result.model_dump_json()) > tokens:
            items = items[: len(items) // 2]
            told = f"{whole - len(items)} of {whole} {name.replace('_', ' ')}"
            others = tuple(
                text for text in result.left_out if not text.endswith(f" {name.replace('_', ' ')}")
            )
            result = result.model_copy(update={name: items, "left_out": (*others, told)})
    return result


def replied(result: Wire, *, text: str | None = None, is_error: bool = False) -> CallToolResult:
    """A tool's whole answer; `text` is for clients that show no data, the data as JSON without one."""
    shown = result.model_dump_json(exclude_defaults=True) if text is None else text
    return CallToolResult(
        content=[TextContent(type="text", text=shown)],
        structured_content=result.model_dump(mode="json"),
        is_error=is_error,
    )
