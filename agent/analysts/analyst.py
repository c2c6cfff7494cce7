"""What an analyst is: it reads measurements and proposes; it never measures and never decides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from agent.evidence import Evidence, EvidenceIndex, Quantity
from agent.policy import Policy
from agent.report import Bottleneck, Candidate, JudgedCandidate
from agent.request import Plan
from tools.go.diagnostics import Diagnostic
from tools.measure.toolchain import Capture
from tools.profiles.ranking import Hotspot


class Lab(Protocol):
    """What an analyst may have done; all of it becomes evidence, whose numbers can then be cited."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """What an analyst may look at. `root` is a private copy with what was accepted so far, `original` the
    baseline that was profiled; `captures` by evidence id; `hotspots` name lines of `original`. `lab` is None where
    nothing can be asked for.
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


class Analyst(Protocol):
    """Interprets a picture. `note` is the one line a user is told about who answers and why."""

    name: str
    note: str

    def investigate(self, picture: Picture) -> tuple[Bottleneck, ...]:
        """Up to `policy.bottlenecks` bottlenecks, the most important first; empty when nothing stands out."""

    def propose(
        self, picture: Picture, bottleneck: Bottleneck, judged: Sequence[JudgedCandidate]
    ) -> tuple[Candidate, ...]:
        """New candidates for a bottleneck, given what was judged before; empty when out of ideas."""
