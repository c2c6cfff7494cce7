"""What a model answers with, as it stands on the wire: bottlenecks, and candidates with their edits."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Line = Annotated[str, Field(min_length=1, max_length=300)]
Prose = Annotated[str, Field(min_length=1, max_length=4_000)]
Name = Annotated[str, Field(min_length=1, max_length=500)]
LONGEST_FILE = 400_000


class _Answer(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class BottleneckAnswer(_Answer):
    """One cause. Prose holds numbers only as references such as {E7.share_1}."""

    hotspot: int | None = Field(
        default=None, ge=1, le=1000, description="the row of the hotspot table, where it is one of them"
    )
    function: Name = Field(description="the function that must change, as the profile names it")
    file: Name = Field(description="its file, as the hotspot table or list_files names it")
    line: int = Field(ge=1, le=10_000_000, description="where the cause begins")
    view: Literal["cpu", "memory", "goroutines", "contention", "threads"]
    root_cause: Line = Field(description="one sentence: what happens too often or too dearly, and why")
    explanation: Prose = Field(description="how the evidence shows it, and what would refute it")
    severity: Literal["CRITICAL", "HIGH", "MEDIUM", "LOW"]
    confidence: Literal["high", "medium", "low"]
    confidence_reason: Line
    evidence: Annotated[list[Name], Field(min_length=1, max_length=12, description="ids such as E7")]


class Investigation(_Answer):
    """The bottlenecks, the most important first; none with a reason in `nothing`."""

    bottlenecks: Annotated[list[BottleneckAnswer], Field(max_length=10)]
    nothing: Annotated[str, Field(max_length=1_000)] = Field(
        default="", description="why nothing stands out, where nothing does"
    )


class Edit(_Answer):
    """One exact replacement."""

    file: Name
    old: Annotated[str, Field(min_length=1, max_length=LONGEST_FILE)] = Field(
        description="text that stands exactly once in the file as it is now, without line numbers"
    )
    new: Annotated[str, Field(max_length=LONGEST_FILE)]


class NewFile(_Answer):
    """A whole new file."""

    file: Name
    content: Annotated[str, Field(min_length=1, max_length=LONGEST_FILE)]


class CandidateAnswer(_Answer):
    """One change. Edits of one file are applied one after the other."""

    title: Annotated[str, Field(min_length=1, max_length=120)] = Field(
        description="what it does, in a few words"
    )
    rationale: Prose = Field(description="why this removes the cause and keeps every result")
    risk: Line = Field(description="what could go wrong with it, for whoever reviews it")
    edits: Annotated[list[Edit], Field(max_length=40)] = []
    files: Annotated[list[NewFile], Field(max_length=5)] = []


class Proposal(_Answer):
    """Candidates that compete, or a reason to give up."""

    candidates: Annotated[list[CandidateAnswer], Field(max_length=5)] = []
    give_up: Annotated[str, Field(max_length=1_000)] = Field(
        default="", description="why no (further) change is proposed"
    )


class FollowUpAnswer(_Answer):
    """What is answered to a question about a finished run."""

    text: Prose = Field(description="the answer; numbers as references such as {E7.share_1}")
    evidence: Annotated[list[Name], Field(max_length=20)] = Field(
        default=[], description="ids such as E7 that the answer rests on"
    )
