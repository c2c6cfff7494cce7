"""Findings about a live program: leaks and growth, waiting for locks, where goroutines stand, what captures cost."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from agent.deps import Deps
from agent.evidence import Quantity
from agent.policy import Severity
from agent.report import Finding, plain, quoted
from agent.state import CaptureRecord
from tools.live.contention import MUTEX, contention_finding
from tools.live.findings import Finding as LiveFinding
from tools.live.findings import FindingKind, Measured
from tools.live.growth import Growth
from tools.live.leaks import Watched
from tools.measure.toolchain import Capture
from tools.profiles.ownership import OwnCode
from tools.profiles.profile import Profile
from tools.profiles.queries import FunctionCost
from tools.profiles.stacks import Stack, stacks_of

FRAMES = 8
"""So many of a stack's frames are named, leaf first."""
PLACES = 5
"""So many places at which goroutines stand are named."""
TITLES: Mapping[FindingKind, str] = {
    "goroutine-leak": "Goroutines leak",
    "memory-leak": "Memory leaks",
    "growing-goroutines": "Goroutines become more",
    "growing-memory": "Memory in use grows",
    "contention": "Goroutines wait for a lock",
}
GROWS, NOTHING_LEAKS = "What grows", "Nothing was seen to leak"
SEVERITIES: Mapping[FindingKind, Severity] = {
    "goroutine-leak": "HIGH",
    "memory-leak": "HIGH",
    "growing-goroutines": "MEDIUM",
    "growing-memory": "MEDIUM",
}
MANY_WAIT, SOME_WAIT = 1.0, 0.1
"""From so many goroutines that wait for locks at any time, on average, on waiting is serious, or worth a look."""
VERDICTS: Mapping[str, str] = {
    "leak": "grow without end",
    "growing": "grow, and whether that ends can't be told yet",
    "settling": "grew at first, and then less and less",
    "steady": "don't grow",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """One capture of a live program with its evidence; `kind` is what it was asked for by, `leading` what costs most
    in it.
    """

    kind: str
    capture: Capture
    record: CaptureRecord
    leading: tuple[FunctionCost, ...]


def growth_told(deps: Deps, watched: Watched, address: str, duration_s: float) -> tuple[Finding, ...]:
    """What was found by looking again and again: each leak, or that there is none."""
    # That there are very many is told of the goroutine profile, where it is taken by itself.
    numbered = list(enumerate((f for f in watched.findings if f.kind != "many-goroutines"), 1))
    quantities = [*_totals(watched), *(q for n, found in numbered for q in _quantities(n, found))]
    evidence = deps.evidence.add(
        "measurement",
        "growth, live",
        "ask-profiler growth",
        argv=("GET", address),
        duration_s=duration_s,
        quantities=quantities,
        warnings=watched.doubts,
    )
    told = [_growing(evidence.id, n, found) for n, found in numbered]
    return (*told, _whole(evidence.id, watched))


def _totals(watched: Watched) -> list[Quantity]:
    looks = watched.looks
    found = [
        Quantity(name="looks", value=float(len(looks)), unit="count"),
        Quantity(name="watched", value=looks[-1].at_s - looks[0].at_s, unit="s"),
        Quantity(name="goroutines_at_end", value=float(sum(looks[-1].goroutines.values())), unit="count"),
        Quantity(name="heap_at_end", value=float(looks[-1].heap_bytes), unit="B"),
    ]
    per = "request" if not watched.doubts else "s"
    found += [
        _slope("goroutines_growth", watched.goroutines, f"count/{per}"),
        _slope("heap_growth", watched.heap, f"B/{per}"),
    ]
    if watched.leaked_by_runtime is not None:
        found.append(Quantity(name="leaked_by_runtime", value=float(watched.leaked_by_runtime), unit="count"))
    return found


def _slope(name: str, growth: Growth, unit: str) -> Quantity:
    slope = growth.slope
    return Quantity(name=name, value=slope.estimate, unit=unit, interval=_interval(slope.low, slope.high))


def _interval(low: float | None, high: float | None) -> tuple[float, float] | None:
    """Bounds that are known on both sides."""
    if low is None or high is None or not (math.isfinite(low) and math.isfinite(high)):
        return None
    return low, high


def _quantities(n: int, found: LiveFinding) -> list[Quantity]:
    return [_quantity(f"{name}_{n}", measured) for name, measured in found.quantities.items()]


def _quantity(name: str, measured: Measured) -> Quantity:
    return Quantity(
        name=name,
        value=measured.value,
        unit=measured.unit,
        interval=_interval(measured.low, measured.high),
    )


def _growing(evidence: str, n: int, found: LiveFinding) -> Finding:
    def say(name: str) -> str:
        return f"{{{evidence}.{name}_{n}}}"

    has = found.quantities
    grows = say("growth") if "growth" in has else ""
    if "growth_per_request" in has:
        grows = f"{say('growth_per_request')}, {grows}"
    match found.kind:
        case "goroutine-leak" | "growing-goroutines":
            text = (
                f"Goroutines that begin in {quoted(found.stack[-1][0].name)} become more: {grows}. At the end there "
                f"were {say('goroutines_here')}."
            )
            if "leaked_by_runtime" in has:
                text += f" Go's own leak profile lists {say('leaked_by_runtime')} of them."
            text += " Those that became most stand at:"
        case _:
            text = f"What is left in use after each collection grows: {grows}."
            if found.stack:
                text += f" {say('share_of_growth_here')} of the growth was allocated at:"
    if found.doubts:
        text += f" ({plain('; '.join(found.doubts))}.)"
    return Finding(
        title=TITLES[found.kind],
        text=text,
        items=frames_told(found.stack),
        severity=SEVERITIES[found.kind],
        evidence=(evidence,),
    )


def _whole(evidence: str, watched: Watched) -> Finding:
    """What the totals did, which is the whole answer where nothing leaks."""
    leaks = any(found.is_leak for found in watched.findings)
    return Finding(
        title=GROWS if leaks else NOTHING_LEAKS,
        text=f"Looked at {{{evidence}.looks}} times in {{{evidence}.watched}}, garbage collected each time:",
        items=(
            f"goroutines {VERDICTS[watched.goroutines.verdict]}: {{{evidence}.goroutines_growth}}, "
            f"{{{evidence}.goroutines_at_end}} at the end",
            f"bytes in use {VERDICTS[watched.heap.verdict]}: {{{evidence}.heap_growth}}, "
            f"{{{evidence}.heap_at_end}} at the end",
            *(plain(doubt) for doubt in watched.doubts),
        ),
        evidence=(evidence,),
    )


def frames_told(stack: Stack) -> tuple[str, ...]:
    """The frames of a stack that are nearest to the leaf, each with its line."""
    return tuple(
        f"{quoted(function.name)}" + (f" at {quoted(f'{function.file}:{line}')}" if function.file else "")
        for function, line in stack[:FRAMES]
    )


def contention_told(deps: Deps, taken: Sequence[Taken]) -> Iterator[Finding]:
    """Waiting for locks that is worth telling, by the place that held the lock."""
    for one in taken:
        if one.kind != MUTEX.name or one.capture.profile.duration_ns <= 0:
            continue
        found = contention_finding(one.capture.profile)
        if found is None:
            continue
        evidence = deps.evidence.add(
            "analysis",
            "contention, live",
            "ask-profiler contention",
            quantities=[_quantity(name, measured) for name, measured in found.quantities.items()],
        )
        yield Finding(
            title=TITLES["contention"],
            text=f"On average {{{one.record.evidence_id}.mean_waiting_goroutines}} goroutines waited for a lock. "
            f"{{{evidence.id}.share_of_waiting_here}} of the waiting was for one that was released here, "
            f"{{{evidence.id}.waits_per_second_here}}. What the CPU profile shows of code that runs while the lock is "
            "held is a symptom of it.",
            items=frames_told(found.stack),
            severity=_severity_of_waiting(found.quantities["waited_per_second"].value),
            evidence=(one.record.evidence_id, evidence.id),
        )


def _severity_of_waiting(goroutines: float) -> Severity:
    if goroutines >= MANY_WAIT:
        return "HIGH"
    return "MEDIUM" if goroutines >= SOME_WAIT else "LOW"


def standing_told(deps: Deps, profile: Profile, own: OwnCode) -> Finding:
    """Where goroutines stand: stacks that most of them share, by their first own frame and what they wait in."""
    column = profile.values[:, profile.column("goroutine")].tolist()
    counts: Counter[Stack] = Counter()
    for stack, count in zip(stacks_of(profile), column, strict=True):
        counts[stack] += count
    most = counts.most_common(PLACES)
    evidence = deps.evidence.add(
        "analysis",
        "goroutines by stack, live",
        "ask-profiler goroutines",
        quantities=[
            Quantity(name="goroutines", value=float(counts.total()), unit="count"),
            *(
                Quantity(name=f"goroutines_{n}", value=float(count), unit="count")
                for n, (_, count) in enumerate(most, 1)
            ),
        ],
    )
    return Finding(
        title="Where goroutines stand",
        text=f"{{{evidence.id}.goroutines}} goroutines at one moment, by the stacks that most of them share:",
        items=tuple(
            f"{{{evidence.id}.goroutines_{n}}}: {_standing(stack, own)}"
            for n, (stack, _) in enumerate(most, 1)
        ),
        evidence=(evidence.id,),
    )


def _standing(stack: Stack, own: OwnCode) -> str:
    """A stack in a line: the function that waits, and the first of the program's own code that led there."""
    if not stack:
        return "no stack is known"
    ours = next(((f, line) for f, line in stack if own.owner(f) == "own"), None)
    waits = next((f for f, _ in stack if own.owner(f) != "runtime"), stack[0][0])
    if ours is None:
        return f"{quoted(waits.name)}, begun in {quoted(stack[-1][0].name)}"
    function, line = ours
    place = f"{quoted(function.name)} at {quoted(f'{function.file}:{line}')}"
    return place if waits == function else f"{place}, in {quoted(waits.name)}"


def cost_told(taken: Sequence[Taken]) -> tuple[Finding, ...]:
    """What the captures cost the program, as far as that could be measured."""
    items = tuple(item for one in taken if (item := _cost(one)))
    if not items:
        return ()
    return (
        Finding(
            title="What looking at it cost the program",
            text="Each profile was taken by itself. Before and during it (load that changed meanwhile counts, too):",
            items=items,
            evidence=tuple(one.record.evidence_id for one in taken),
        ),
    )


def _cost(one: Taken) -> str:
    evidence, has = one.record.evidence_id, one.capture.quantities
    parts = []
    for name, what in (
        ("target_busy_processors", "busy processors"),
        ("target_answer_time", "time to answer"),
    ):
        if f"{name}_before" in has:
            parts.append(f"{what} {{{evidence}.{name}_before}} before, {{{evidence}.{name}_during}} during")
    return f"{quoted(one.kind)}: {'; '.join(parts)}" if parts else ""
