"""Recorded spans in a report: each type of request's critical path, what would shorten it, and a timeline."""

from __future__ import annotations

from pathlib import Path

from agent.deps import Deps
from agent.evidence import Evidence, Quantity
from agent.report import Finding, Graph, plain, quoted
from tools.spans.analysis import answer, requests_of
from tools.spans.answer import RequestType
from tools.spans.reading import read_spans
from tools.spans.span import Recording
from tools.spans.timeline import timeline_svg

OVER_S = 0.1
"""An operation is called long above it, as agent definitions do."""
TYPES = 3
OPERATIONS = 5
TIMELINE = "graphs/critical-path.svg"


def spans_seen(deps: Deps, path: Path) -> tuple[tuple[Finding, ...], tuple[Graph, ...]]:
    """The types of requests in a file that took most in all, and the first one's typical request drawn.

    Raises: UnreadableOutput.
    """
    return requests_seen(deps, read_spans(path), path)


def requests_seen(
    deps: Deps, recording: Recording, path: Path
) -> tuple[tuple[Finding, ...], tuple[Graph, ...]]:
    """The same of spans that were read already. Raises: UnreadableOutput."""
    started = deps.clock()
    traces, warnings = requests_of(recording)
    found = answer(recording, traces, OVER_S, warnings)
    evidence = deps.evidence.add(
        "recording",
        f"{found.form}, {found.spans} spans",
        f"recording {path.name}",
        duration_s=deps.clock() - started,
        quantities=[
            Quantity(name="limit", value=OVER_S, unit="s"),
            *(q for n, kind in enumerate(found.types[:TYPES], 1) for q in _quantities(n, kind)),
        ],
        warnings=found.warnings,
    )
    pictures: tuple[Graph, ...] = ()
    if found.types:
        deps.folder.write_text(TIMELINE, timeline_svg(found.types[0].typical, over_s=OVER_S))
        title = f"Timeline and critical path of {found.types[0].operation.name}"
        pictures = (Graph(title=title, path=TIMELINE, view="cpu", kind="timeline"),)
    return tuple(_finding(evidence, n, kind) for n, kind in enumerate(found.types[:TYPES], 1)), pictures


def _quantities(n: int, kind: RequestType) -> list[Quantity]:
    found = [
        Quantity(name=f"requests_{n}", value=float(kind.requests), unit="count"),
        Quantity(name=f"mean_{n}", value=kind.total.mean_s, unit="s"),
        Quantity(name=f"p95_{n}", value=kind.total.p95_s, unit="s"),
    ]
    for m, operation in enumerate(kind.operations[:OPERATIONS], 1):
        found.append(Quantity(name=f"share_{n}_{m}", value=operation.share_ratio, unit="ratio"))
        found.append(Quantity(name=f"own_{n}_{m}", value=operation.own.mean_s, unit="s"))
        if operation.saved_ratio is not None:
            found.append(Quantity(name=f"saved_{n}_{m}", value=operation.saved_ratio, unit="ratio"))
    for m, long in enumerate(kind.long[:OPERATIONS], 1):
        found.append(Quantity(name=f"longest_{n}_{m}", value=long.longest_s, unit="s"))
        found.append(Quantity(name=f"over_{n}_{m}", value=float(long.over), unit="count"))
    for m, beside in enumerate(kind.beside[:OPERATIONS], 1):
        found.append(Quantity(name=f"beside_{n}_{m}", value=beside.duration_s, unit="s"))
    return found


def _finding(evidence: Evidence, n: int, kind: RequestType) -> Finding:
    e = evidence.id
    items = []
    for m, operation in enumerate(kind.operations[:OPERATIONS], 1):
        saved = "" if operation.saved_ratio is None else f"; without it {{{e}.saved_{n}_{m}}} less"
        items.append(
            f"{quoted(operation.operation.name)} {_of(operation.operation.service)}: {{{e}.share_{n}_{m}}} of the "
            f"time, {{{e}.own_{n}_{m}}} for each request on average{saved}"
        )
    for m, long in enumerate(kind.long[:OPERATIONS], 1):
        items.append(
            f"{quoted(long.operation.name)} took longer than {{{e}.limit}} in {{{e}.over_{n}_{m}}} of its spans, "
            f"{{{e}.longest_{n}_{m}}} at most"
        )
    for m, beside in enumerate(kind.beside[:OPERATIONS], 1):
        items.append(
            f"{quoted(beside.operation.name)} ran beside {quoted(beside.beside.name)}, {{{e}.beside_{n}_{m}}} in all: "
            "shortening it saves nothing"
        )
    return Finding(
        title=f"Critical path of {kind.operation.name}",
        text=f"{{{e}.requests_{n}}} requests, {{{e}.mean_{n}}} each on average, {{{e}.p95_{n}}} at the 95th "
        "percentile. These operations determine how long they take.",
        items=tuple(items),
        evidence=(e,),
    )


def _of(service: str) -> str:
    return f"({plain(service)})" if service else ""
