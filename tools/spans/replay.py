"""What the total would be if an operation took no time.

A trace is replayed from its begin: a child begins when its parent has come to where it began it (after the ends of
the siblings that had ended by then, and the parent's own time since), and a span ends after all that it waited for
and its own time since. Without a change this gives the recorded times. With an operation's own time taken as zero
it gives the time that is left, whichever path is then the longest.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field

from tools.spans.fitting import Fitted


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """The steps of a trace: (to, since, owner, own_ns): `to` is reached not before `since` and own_ns of the owner.

    `end` is the place of the root's end.
    """

    steps: tuple[tuple[int, int, int, int], ...]
    end: int

    def total_ns(self, spared: frozenset[int] = frozenset()) -> int:
        """The total when the own time of the spans `spared` is zero."""
        reached = [0] * (self.end + 1)
        for to, since, owner, own_ns in self.steps:
            at = reached[since] if owner in spared else reached[since] + own_ns
            if at > reached[to]:
                reached[to] = at
        return reached[self.end]


def prepare(fitted: Fitted) -> Replay:
    """The steps of a trace, in an order in which each can be done after those before it."""
    start, end, waited = fitted.start_ns, fitted.end_ns, fitted.waited
    steps: list[tuple[int, int, int, int]] = []
    stack = [_Running(span=0, come_to_ns=start[0])]
    while stack:
        running = stack[-1]
        span = running.span
        if running.position < len(waited[span]):
            child = waited[span][running.position]
            running.position += 1
            _join(running, start[child], steps)
            steps.append((child, span, span, start[child] - running.come_to_ns))
            stack.append(_Running(span=child, come_to_ns=start[child]))
            continue
        _join(running, end[span], steps)
        stack.pop()
        own_ns = end[span] - running.come_to_ns
        if stack:
            heapq.heappush(stack[-1].ended, (end[span], span, own_ns))
        else:
            steps.append((len(waited), span, span, own_ns))
    return Replay(steps=tuple(steps), end=len(waited))


@dataclass(slots=True)
class _Running:
    """A span in the course of the replay; `ended` are children whose ends it hasn't come to: (end, child, own time)."""

    span: int
    come_to_ns: int
    position: int = 0
    ended: list[tuple[int, int, int]] = field(default_factory=list)


def _join(running: _Running, until_ns: int, steps: list[tuple[int, int, int, int]]) -> None:
    """Come to the ends of children up to a time."""
    while running.ended and running.ended[0][0] <= until_ns:
        end_ns, child, own_ns = heapq.heappop(running.ended)
        steps.append((running.span, child, child, own_ns))
        running.come_to_ns = max(running.come_to_ns, end_ns)
