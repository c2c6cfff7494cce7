"""The critical path of a trace: the chain of work that its total consists of.

Walk back from the root's end. The child that the span waited for and that ended last was what it waited for; before
that child's begin, it was the one that ended last by then; and so on. What no child covers is the span's own time.
Source: CRISP (Zhang et al., USENIX ATC 2022); Jaeger's critical path view goes by the same rule.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tools.spans.fitting import Fitted


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A piece of the path: own time of the span with that index in the trace."""

    span: int
    start_ns: int
    end_ns: int

    @property
    def own_ns(self) -> int:
        """Its length."""
        return self.end_ns - self.start_ns


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """Segments from the root's begin to its end without a gap, by time; `visited` are the spans the walk went through.

    The lengths sum to the trace's total, to the nanosecond.
    """

    segments: tuple[Segment, ...]
    visited: frozenset[int]


def critical_path(fitted: Fitted) -> Path:
    """The path that determines the total."""
    start, end = fitted.start_ns, fitted.end_ns
    backwards: list[Segment] = []
    visited = {0}

    def own(span: int, since_ns: int, until_ns: int) -> None:
        if until_ns > since_ns:
            backwards.append(Segment(span=span, start_ns=since_ns, end_ns=until_ns))

    pending = [(0, end[0], _by_end(fitted, 0))]
    while pending:
        span, until_ns, children = pending.pop()
        while children and end[children[-1]] > until_ns:
            children.pop()
        if not children:
            own(span, start[span], until_ns)
            continue
        child = children.pop()
        own(span, end[child], until_ns)
        visited.add(child)
        pending += [(span, start[child], children), (child, end[child], _by_end(fitted, child))]
    return Path(segments=tuple(reversed(backwards)), visited=frozenset(visited))


def _by_end(fitted: Fitted, span: int) -> list[int]:
    """Its children, those that ended last at the end."""
    start, end = fitted.start_ns, fitted.end_ns
    waited: Sequence[int] = fitted.waited[span]
    return sorted(waited, key=lambda n: (end[n], start[n], n)) if len(waited) > 1 else list(waited)
