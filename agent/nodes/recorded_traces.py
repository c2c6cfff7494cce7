"""A Go execution trace in a report: what goroutines waited for, collections and pauses, and the program's own spans."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from agent.deps import Deps
from agent.evidence import Quantity
from agent.report import Finding, quoted
from tools.go.program import find_go
from tools.go.tracing.reading import read_trace
from tools.go.tracing.summary import GoroutineGroup, TraceSummary
from tools.spans.span import NS_PER_S, Recording, Span

GROUPS = 5
PAUSES = 3
NOTHING = 1e-9


def trace_seen(deps: Deps, path: Path) -> tuple[tuple[Finding, ...], Recording]:
    """What the trace tells, and the program's tasks and regions as spans. Raises: UnreadableOutput, ToolError."""
    started = deps.clock()
    go = find_go(deps.runner)
    found = read_trace(deps.runner, go, path)
    groups = [g for g in found.goroutines if not g.is_runtime][:GROUPS]
    evidence = deps.evidence.add(
        "recording",
        "execution trace",
        f"go tool trace, recording {path.name}",
        tool_version=go.version,
        duration_s=deps.clock() - started,
        quantities=[*_whole(found), *(q for n, g in enumerate(groups, 1) for q in _of_group(n, g))],
    )
    return (
        _goroutines(evidence.id, groups),
        _collector(evidence.id, found),
    ), spans_of(found, path)


def _whole(found: TraceSummary) -> list[Quantity]:
    collections = [p for p in found.pauses if p.is_collection]
    paused_s = sum(p.total_s for p in found.pauses)
    quantities = [
        ("duration", found.duration_s, "s"),
        ("created", float(found.created), "count"),
        ("gc_cycles", float(found.gc_cycles), "count"),
        ("collecting", found.collecting_s, "s"),
        ("collecting_share", found.collecting_s / max(found.duration_s, NOTHING), "ratio"),
        ("gc_paused", sum(p.total_s for p in collections), "s"),
        ("paused", paused_s, "s"),
        ("paused_share", paused_s / max(found.duration_s, NOTHING), "ratio"),
        ("longest_pause", max((p.max_s for p in found.pauses), default=0.0), "s"),
        ("scheduling_p50", found.scheduling.p50_s, "s"),
        ("scheduling_p99", found.scheduling.p99_s, "s"),
        ("scheduling_max", found.scheduling.max_s, "s"),
    ]
    return [Quantity(name=name, value=value, unit=unit) for name, value, unit in quantities]


def _of_group(n: int, group: GoroutineGroup) -> list[Quantity]:
    return [
        Quantity(name=f"count_{n}", value=float(group.count), unit="count"),
        Quantity(name=f"execution_{n}", value=group.execution_s, unit="s"),
        Quantity(name=f"waiting_{n}", value=group.scheduler_wait_s, unit="s"),
        Quantity(name=f"blocked_{n}", value=group.sync_blocked_s, unit="s"),
        Quantity(name=f"syscall_{n}", value=group.syscall_s, unit="s"),
    ]


def _goroutines(e: str, groups: list[GoroutineGroup]) -> Finding:
    return Finding(
        title="What goroutines did",
        text=f"The trace covers {{{e}.duration}}; {{{e}.created}} goroutines began in it. Those that ran longest, "
        "each line the sum over all that began in one function:",
        items=tuple(
            f"{quoted(group.function)}, {{{e}.count_{n}}} goroutines: {{{e}.execution_{n}}} running, "
            f"{{{e}.waiting_{n}}} waiting for a processor, {{{e}.blocked_{n}}} waiting for each other, "
            f"{{{e}.syscall_{n}}} in system calls"
            for n, group in enumerate(groups, 1)
        ),
        evidence=(e,),
    )


def _collector(e: str, found: TraceSummary) -> Finding:
    return Finding(
        title="Garbage collection, pauses and scheduling",
        text=f"{{{e}.gc_cycles}} collections marked for {{{e}.collecting}} ({{{e}.collecting_share}} of the time) "
        f"beside the program. It stood still for {{{e}.paused}} ({{{e}.paused_share}}), at most {{{e}.longest_pause}} "
        f"at once. Goroutines that could run waited {{{e}.scheduling_p50}} for a processor in the median, "
        f"{{{e}.scheduling_p99}} at the 99th percentile, {{{e}.scheduling_max}} at most.",
        evidence=(e,),
    )


def spans_of(found: TraceSummary, path: Path) -> Recording:
    """Tasks as requests, with the regions that belong to them; without any an empty recording."""
    parents = {task.id: task.parent for task in found.tasks}
    roots = {task: _root(parents, task) for task in parents}
    spans = [
        _span(f"task{t.id}", f"task{t.parent}" if t.parent in roots else None, str(roots[t.id]), t.name, t.goroutine,
              (t.start_s, t.end_s), is_unfinished=not t.is_complete)
        for t in found.tasks
    ]  # fmt: skip
    for n, region in enumerate(found.regions):
        if region.task is None or region.task not in roots:
            continue
        around = f"region{region.parent}" if region.parent is not None else f"task{region.task}"
        spans.append(
            _span(f"region{n}", around, str(roots[region.task]), region.name, region.goroutine,
                  (region.start_s, region.end_s), is_unfinished=not region.is_complete)
        )  # fmt: skip
    return Recording(spans=tuple(spans), source=path.name, form="Go trace")


def _root(parents: Mapping[int, int | None], task: int) -> int:
    """The task that a task belongs to in the end."""
    seen = {task}
    while (above := parents.get(task)) is not None and above in parents and above not in seen:
        task = above
        seen.add(task)
    return task


def _span(
    id_: str, parent: str | None, trace: str, name: str, goroutine: int, times_s: tuple[float, float], *,
    is_unfinished: bool,
) -> Span:  # fmt: skip
    start, end = (round(t * NS_PER_S) for t in times_s)
    return Span(
        id=id_, parent=parent, trace=trace, name=name, service="go", thread=f"goroutine {goroutine}", start_ns=start,
        end_ns=max(end, start), is_unfinished=is_unfinished,
    )  # fmt: skip
