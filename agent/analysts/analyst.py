"""What an analyst is: it reads measurements and proposes; it never measures and never decides."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol, runtime_checkable

from agent.evidence import Evidence, EvidenceIndex, Quantity
from agent.policy import Policy
from agent.report import Bottleneck, Candidate, JudgedCandidate, Report
from agent.request import Plan
from tools.go.diagnostics import Diagnostic
from tools.measure.toolchain import Capture
from tools.profiles.ranking import Hotspot


class Lab(Protocol):
    """What an analyst may have done; all of it becomes evidence, whose numbers can then be cited."""

    @property
    def evidence(self) -> EvidenceIndex:
        """Everything gathered so far, what was asked for meanwhile included."""

    def keep(
        self,
        title: str,
        tool: str,
        quantities: Sequence[Quantity],
        *,
        duration_s: float,
        warnings: Sequence[str] = (),
    ) -> Evidence:
        """Keep what was computed from measurements as evidence of its own. Raises: StorageFailed."""

    def capture(self, profiler: str, *, size: int | None, seconds: float | None) -> tuple[Evidence, Capture]:
        """Profile the baseline once more, at one of the workload's sizes. Raises: ToolError saying why not."""

    def remarks(self, file: str) -> tuple[Evidence, tuple[Diagnostic, ...]]:
        """What the compiler says of a file of the baseline. Raises: ToolError saying why not."""

    def say(self, text: str) -> None:
        """Tell whoever watches what is going on."""


class Harness(Protocol):
    """Tests that an analyst may add before it proposes code."""

    def add(self, file: str, content: str) -> Evidence:
        """Add a new test file that the code passes as it is. Raises: BadRequest saying why not, ToolError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """What an analyst may look at. `root` is a private copy with what was accepted so far, `original` the
    baseline that was profiled; `captures` by evidence id; `hotspots` name lines of `original`. `lab` and `harness` are
    None where nothing can be asked for, or added.
    """

    plan: Plan
    policy: Policy
    question: str
    root: Path
    original: Path
    captures: Mapping[str, Capture]
    hotspots: Sequence[Hotspot]
    evidence: EvidenceIndex
    lab: Lab | None = None
    harness: Harness | None = None


class Trials(Protocol):
    """Where a change can be tried out after a run; nothing is kept in the target."""

    def judge(self, candidate: Candidate) -> JudgedCandidate:
        """The candidate under an id of its own, with what the gates say of it and the evidence of each.

        Raises: BadRequest saying why nothing can be tried, Cancelled, StorageFailed.
        """


ReplyOutcome = Literal["answered", "needs a model"]
"""What came of a question about a finished run; that what it asks about isn't there is an answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer to a question about a finished run: prose (Markdown) whose numbers are `{E7.name}` references, and the
    ids of the evidence that it rests on. Where it `needs a model`, nothing was answered: the text says what can be.
    """

    text: str
    evidence: tuple[str, ...]
    outcome: ReplyOutcome = "answered"


@runtime_checkable
class BenchmarkWriter(Protocol):
    """An analyst that can write a benchmark where a target has none."""

    def write_benchmark(self, picture: Picture, take: Callable[[str, str], Plan]) -> Plan | None:
        """The plan with a new benchmark, None without one. `take` adds a file to the baseline and plans anew; it raises
        BadRequest or ToolError where the file can't be taken. Raises: ModelFailed, Cancelled.
        """


class Analyst(Protocol):
    """Interprets a picture. `note` is the one line a user is told about who answers and why."""

    @property
    def name(self) -> str:
        """Who answers."""

    @property
    def note(self) -> str:
        """Why it is that one."""

    def investigate(self, picture: Picture) -> tuple[Bottleneck, ...]:
        """Up to `policy.bottlenecks` bottlenecks, the most important first; empty when nothing stands out."""

    def propose(
        self, picture: Picture, bottleneck: Bottleneck, judged: Sequence[JudgedCandidate]
    ) -> tuple[Candidate, ...]:
        """New candidates for a bottleneck, given what was judged before; empty when out of ideas."""

    def reply(self, picture: Picture, report: Report, question: str, trials: Trials) -> Reply:
        """The answer to a question about a finished run, after those that were asked before.

        Raises: ModelFailed when there is none, BadRequest for a question that can't be answered as it is asked.
        """

    def finished(self) -> None:
        """Told when nothing more will be asked. Raises: ModelFailed when something was still to come."""
