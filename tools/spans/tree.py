"""From spans to traces: one root each, with everything below it.

A file may lack spans, hold some twice, or say nonsense: each case has one rule here, and is told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tools.errors import UnreadableOutput
from tools.spans.doubts import Doubts
from tools.spans.span import Span, SpanLimits

_NONE = -1  # no parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """A root span and all below it. `spans[0]` is the root; parents come before their children.

    `children[n]` are the indices of the spans below span n.
    """

    id: str
    spans: tuple[Span, ...]
    children: tuple[tuple[int, ...], ...]

    @property
    def root(self) -> Span:
        """The span that everything else was caused by."""
        return self.spans[0]


def link(spans: Sequence[Span], doubts: Doubts, limits: SpanLimits | None = None) -> tuple[Trace, ...]:
    """The traces in the order of their roots' begins.

    A span whose parent isn't there is a root. Of a circle of parents, the span that begins first is one. A span that
    is there twice counts once; another span with the same id stays beside the first, without children.
    Raises: UnreadableOutput when spans lie deeper below each other than the limit.
    """
    kept = _distinct(spans, doubts)
    parents = _parents(kept, doubts)
    children: list[list[int]] = [[] for _ in kept]
    roots = []
    for n, parent in enumerate(parents):
        if parent == _NONE:
            roots.append(n)
        else:
            children[parent].append(n)
    depth = (limits or SpanLimits()).depth
    reached = [False] * len(kept)
    traces = [_below(root, kept, children, reached, depth) for root in roots]
    for n in sorted(range(len(kept)), key=lambda n: kept[n].start_ns):
        if not reached[n]:
            first = _first_of_circle(n, parents, kept)
            children[parents[first]].remove(first)
            parents[first] = _NONE
            doubts.add(
                "circles of spans are each other's parents; the first to begin is a root", kept[first].name
            )
            traces.append(_below(first, kept, children, reached, depth))
    return tuple(sorted(traces, key=lambda t: t.root.start_ns))


def _distinct(spans: Sequence[Span], doubts: Doubts) -> list[Span]:
    first: dict[tuple[str, str], Span] = {}
    others: dict[tuple[str, str], set[Span]] = {}
    kept = []
    for span in spans:
        key = (span.trace, span.id)
        if key in first:
            same_id = others.setdefault(key, {first[key]})
            if span in same_id:
                doubts.add("spans are recorded twice and count once", span.name)
                continue
            doubts.add(
                "spans have the id of another; what hangs below that id is put below the first", span.name
            )
            same_id.add(span)
        else:
            first[key] = span
        kept.append(span)
    return kept


def _parents(spans: list[Span], doubts: Doubts) -> list[int]:
    known: dict[tuple[str, str], int] = {}
    for n, span in enumerate(spans):
        known.setdefault((span.trace, span.id), n)
    found: list[int] = []
    for span in spans:
        parent = _NONE if span.parent is None else known.get((span.trace, span.parent), _NONE)
        if span.parent is not None and parent == _NONE:
            doubts.add(
                "spans name a parent that isn't recorded; each is treated as a request of its own", span.name
            )
        found.append(parent)
    return found


def _first_of_circle(start: int, parents: list[int], spans: list[Span]) -> int:
    """The span that begins first in the circle which lies above `start`."""
    steps: dict[int, int] = {}
    n = start
    while n not in steps:
        steps[n] = len(steps)
        n = parents[n]
    return min((i for i, step in steps.items() if step >= steps[n]), key=lambda i: (spans[i].start_ns, i))


def _below(root: int, spans: list[Span], children: list[list[int]], reached: list[bool], depth: int) -> Trace:
    """The trace of a root, level by level."""
    order = [root]
    reached[root] = True
    place = {root: 0}
    level, levels = [root], 1
    while level := [child for n in level for child in children[n]]:
        levels += 1
        if levels > depth:
            raise UnreadableOutput(
                f"over {depth} spans below each other, at {spans[level[0]].name}: no request is so"
            )
        for n in level:
            place[n] = len(order)
            order.append(n)
            reached[n] = True
    return Trace(
        id=spans[root].trace,
        spans=tuple(spans[n] for n in order),
        children=tuple(tuple(place[child] for child in children[n]) for n in order),
    )
