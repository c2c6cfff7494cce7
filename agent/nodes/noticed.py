"""What captures show beside the places that cost: leaked goroutines, or far too many."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from agent.deps import Deps
from agent.evidence import Evidence
from agent.report import Finding
from agent.state import CaptureRecord

TOO_MANY_GOROUTINES = 10_000
COUNTED = ("peak_goroutines", "total_goroutine")
"""What goroutines at one time are called in evidence: the most of a workload's, or those of a moment."""


def noticed(deps: Deps, records: Sequence[CaptureRecord]) -> tuple[Finding, ...]:
    """What the captures' evidence shows, the worst first; empty where nothing is out of the ordinary."""
    evidence = [deps.evidence.index.get(record.evidence_id) for record in records]
    return (*_leaks(evidence), *_too_many(evidence))


def _at_least(found: Evidence, name: str, limit: float) -> bool:
    return any(q.name == name and q.value >= limit for q in found.quantities)


def _leaks(evidence: Sequence[Evidence]) -> Iterator[Finding]:
    for found in evidence:
        if _at_least(found, "total_goroutineleak", 1):
            yield Finding(
                title="Leaked goroutines",
                text=f"{{{found.id}.total_goroutineleak}} goroutines are blocked for ever: nothing that still runs can "
                "reach what they wait for. Their stacks are in the profile.",
                items=found.warnings,
                severity="HIGH",
                evidence=(found.id,),
            )


def _too_many(evidence: Sequence[Evidence]) -> Iterator[Finding]:
    for found in evidence:
        name = next((n for n in COUNTED if _at_least(found, n, TOO_MANY_GOROUTINES)), None)
        if name is not None:
            yield Finding(
                title="Very many goroutines",
                text=f"There were {{{found.id}.{name}}} goroutines at once. Each has a stack of its own, and "
                "the collector looks through all of them.",
                severity="HIGH",
                evidence=(found.id,),
            )
