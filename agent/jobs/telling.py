"""What of a run is told while it goes on: its stages, the bottlenecks as they are named, the verdicts as they fall."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pydantic import JsonValue

from agent.deps import Progress
from agent.evidence import EvidenceIndex
from agent.jobs.job import EventKind
from agent.rendering.quantities import resolve
from agent.rendering.sentences import verdict_words
from agent.rendering.text import unmarked
from agent.report import Bottleneck, Finding, JudgedCandidate

Tell = Callable[[EventKind, str, Mapping[str, JsonValue]], None]


@dataclass(slots=True, kw_only=True)
class Telling:
    """Turns what a run reports into events: each new thing at once, counts of the same one `every_s` apart."""

    tell: Tell
    every_s: float = 0.5
    clock: Callable[[], float] = time.monotonic
    _told: tuple[str, str] = ("", "")
    _at: float = field(default=float("-inf"))

    def progress(self, progress: Progress) -> None:
        """Tell what is going on."""
        key = (progress.stage, progress.text)
        if key == self._told and (not progress.of or self.clock() - self._at < self.every_s):
            return
        self._told, self._at = key, self.clock()
        data: dict[str, JsonValue] = {"stage": progress.stage}
        if progress.of:
            data |= {"done": progress.done or 0, "of": progress.of}
        self.tell("progress", progress.text, data)

    def step(self, _name: str, found: Mapping[str, object], evidence: EvidenceIndex) -> None:
        """Tell what a finished step has found."""
        for item in _listed(found.get("findings")):
            if isinstance(item, Finding):
                self._finding(item, evidence)
        for item in _listed(found.get("bottlenecks")):
            if isinstance(item, Bottleneck):
                self._bottleneck(item, evidence)
        for item in _listed(found.get("judged")):
            if isinstance(item, JudgedCandidate):
                self._verdict(item)

    def _finding(self, finding: Finding, evidence: EvidenceIndex) -> None:
        text = f"{unmarked(finding.title)}: {unmarked(resolve(finding.text, evidence))}"
        self.tell("finding", text, {"severity": finding.severity, "title": finding.title})

    def _bottleneck(self, found: Bottleneck, evidence: EvidenceIndex) -> None:
        self.tell(
            "finding",
            f"{found.function} ({found.file}:{found.line}) {resolve('{' + str(found.share) + '}', evidence)} of "
            f"{found.view}: {unmarked(resolve(found.root_cause, evidence))}",
            {
                "rank": found.rank,
                "function": found.function,
                "file": found.file,
                "line": found.line,
                "severity": found.severity,
            },
        )

    def _verdict(self, judged: JudgedCandidate) -> None:
        self.tell(
            "verdict",
            f"{judged.candidate.title}: {unmarked(verdict_words(judged))}",
            {
                "title": judged.candidate.title,
                "accepted": judged.verdict.accepted,
                "reason": judged.verdict.reason,
            },
        )


def _listed(value: object) -> list[object]:
    return list(value) if isinstance(value, (list, tuple)) else []
