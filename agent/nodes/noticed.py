"""What captures show beside the places that cost: leaked goroutines, far too many, memory that goes on being kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from agent.deps import Deps
from agent.evidence import Evidence, Quantity
from agent.report import Finding, quoted
from tools.profiles.pprof import read_pprof
from tools.profiles.profile import Profile
from tools.profiles.stacks import stacks_of
from tools.python.growing import NAME as GROWTH_PROFILER

TOO_MANY_GOROUTINES = 10_000
COUNTED = ("peak_goroutines", "total_goroutine")
"""What goroutines at one time are called in evidence: the most of a workload's, or those of a moment."""
LEAST_KEPT_BYTES = 64 * 1024
"""Less than that a program may keep more of at its end than after its warm-up without a word."""
LEAKED_GOROUTINES = "Leaked goroutines"
KEPT, NOT_KEPT = "Memory that goes on being kept", "No memory goes on being kept"
LINES = 5
"""So many lines that keep memory are named."""


def noticed(deps: Deps) -> tuple[Finding, ...]:
    """What the evidence of all captures shows, the worst first; empty where nothing is out of the ordinary."""
    captures = [e for e in deps.evidence.index.items if e.kind == "capture" and not e.failure]
    return (*_leaks(captures), *_too_many(captures), *_kept(deps, captures))


def _at_least(found: Evidence, name: str, limit: float) -> bool:
    return any(q.name == name and q.value >= limit for q in found.quantities)


def _leaks(evidence: Sequence[Evidence]) -> Iterator[Finding]:
    for found in evidence:
        if _at_least(found, "total_goroutineleak", 1):
            yield Finding(
                title=LEAKED_GOROUTINES,
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


def _kept(deps: Deps, evidence: Sequence[Evidence]) -> Iterator[Finding]:
    """By line, what a Python program holds more of at its end than after its warm-up."""
    for found in evidence:
        if found.tool != GROWTH_PROFILER:
            continue
        if not _at_least(found, "grown_space", LEAST_KEPT_BYTES):
            yield Finding(
                title=NOT_KEPT,
                text=f"In {{{found.id}.watched}} after its warm-up the program came to hold {{{found.id}.grown_space}} "
                "more.",
                evidence=(found.id,),
            )
            continue
        profile = read_pprof(deps.folder.path / found.artefacts[0].path)
        lines = _keeping_lines(profile, deps.workspace.baseline).most_common(LINES)
        told = deps.evidence.add(
            "analysis",
            "memory that goes on being kept, by line",
            "ask-profiler growth",
            quantities=[
                Quantity(name=f"kept_{n}", value=float(size), unit="B")
                for n, (_, size) in enumerate(lines, 1)
            ],
        )
        yield Finding(
            title=KEPT,
            text=f"In {{{found.id}.watched}} after its warm-up the program came to hold {{{found.id}.grown_space}} "
            f"more, {{{found.id}.growth}}. One that builds up a result does so, too; one that only serves requests "
            "shouldn't. Most of it was allocated at, or by what is called there:",
            items=tuple(f"{quoted(line)}: {{{told.id}.kept_{n}}}" for n, (line, _) in enumerate(lines, 1)),
            evidence=(found.id, told.id),
        )


def _keeping_lines(profile: Profile, root: Path) -> Counter[str]:
    """Bytes by the target's own line that is nearest to where they were allocated; else by that line itself."""
    found: Counter[str] = Counter()
    own = f"{root}/"
    sizes = profile.values[:, profile.column("grown_space")].tolist()
    for stack, size in zip(stacks_of(profile), sizes, strict=True):
        ours = next(((f.file, line) for f, line in stack if f.file.startswith(own)), None)
        if ours is not None:
            found[f"{ours[0].removeprefix(own)}:{ours[1]}"] += size
        elif stack:
            found[stack[0][0].name] += size
    return found
