"""When each span of a trace really ran, and which of them its parent waited for.

Clocks of different services disagree, times are rounded, and some work goes on after its parent: here one rule each.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from tools.spans.doubts import Doubts
from tools.spans.span import NS_PER_S, Span
from tools.spans.tree import Trace

ROUNDING_NS = 1000
OVERLAP_PARTS = 100
"""Siblings that overlap by at most one hundredth of the shorter ran one after the other: the end of the first was
written down late."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """A trace with corrected times, by the index of the span.

    A span that its parent waited for lies inside it. `waited[n]` are those below span n, by begin; `unawaited` are
    the others, without what lies below them: they went on after their parent's end, or were sent through a queue.
    """

    trace: Trace
    start_ns: Sequence[int]
    end_ns: Sequence[int]
    waited: Sequence[tuple[int, ...]]
    unawaited: tuple[int, ...]

    @property
    def total_ns(self) -> int:
        """How long the root took."""
        return self.end_ns[0] - self.start_ns[0]


def fit(trace: Trace, doubts: Doubts) -> Fitted:
    """The trace with times that can be compared."""
    return _Fitting(trace, doubts).fit()


class _Fitting:
    """Goes through a trace from its root down."""

    def __init__(self, trace: Trace, doubts: Doubts) -> None:
        self._trace = trace
        self._doubts = doubts
        self._start = [span.start_ns for span in trace.spans]
        self._end = [span.end_ns for span in trace.spans]
        self._shift = [0] * len(trace.spans)

    def fit(self) -> Fitted:
        waited: list[tuple[int, ...]] = []
        unawaited: list[int] = []
        for parent, children in enumerate(self._trace.children):
            if not children:
                waited.append(())
                continue
            inside = [child for child in children if self._place(parent, child)]
            if len(inside) < len(children):
                unawaited += sorted(set(children) - set(inside))
            waited.append(self._in_order(inside))
        return Fitted(
            trace=self._trace, start_ns=self._start, end_ns=self._end, waited=waited, unawaited=tuple(unawaited)
        )  # fmt: skip

    def _place(self, parent: int, child: int) -> bool:
        """Correct a child's times; whether its parent waited for it."""
        start, end = self._start, self._end
        above, below = self._trace.spans[parent], self._trace.spans[child]
        shift = self._shift[parent]
        if above.service != below.service:
            shift += self._skew(parent, child, shift)
        self._shift[child] = shift
        start[child] += shift
        end[child] += shift
        if above.kind == "producer" and below.kind == "consumer":
            return False
        if end[child] > end[parent] + ROUNDING_NS and not _is_call(above, below):
            return False
        if start[child] < start[parent] - ROUNDING_NS:
            self._doubts.add(
                "spans begin before their parent; they are counted from its begin on", below.name
            )
        start[child] = min(max(start[child], start[parent]), end[parent])
        end[child] = max(min(end[child], end[parent]), start[child])
        return True

    def _skew(self, parent: int, child: int, shift: int) -> int:
        """By how much the clock of the child's service must be moved, beyond its parent's, so that it can be true.

        The child of a call is put into the middle of it, as Jaeger does: the way there and back take the same time.
        """
        above, below = self._trace.spans[parent], self._trace.spans[child]
        start, end = self._start[child] + shift, self._end[child] + shift
        early = self._start[parent] - start
        room = (self._end[parent] - self._start[parent]) - (end - start)
        is_call = _is_call(above, below)
        if early <= 0 and not (is_call and end > self._end[parent] and room >= 0):
            return 0
        moved = early + (max(room, 0) // 2 if is_call else 0)
        if abs(moved) > ROUNDING_NS:
            self._doubts.add(
                "spans lie outside of their parent by another service's clock, which is moved to fit",
                f"{below.name} ({below.service}), by {moved / NS_PER_S * 1000:+.3f} ms",
            )
        return moved

    def _in_order(self, children: list[int]) -> tuple[int, ...]:
        """Children by begin, those that overlap by next to nothing set one after the other."""
        start, end = self._start, self._end
        if len(children) < 2:
            return tuple(children)
        ordered = sorted(children, key=lambda n: (start[n], end[n], n))
        for first, second in itertools.pairwise(ordered):
            overlap = end[first] - start[second]
            shorter = min(end[first] - start[first], end[second] - start[second])
            if 0 < overlap * OVERLAP_PARTS <= shorter:
                end[first] = start[second]
        return tuple(ordered)


def _is_call(above: Span, below: Span) -> bool:
    """Whether the parent is one service's side of a call and the child the other's: it can't outlive its parent."""
    return above.kind == "client" and below.kind == "server"
