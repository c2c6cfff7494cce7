"""Where the spans of a request lie in its timeline: services and threads below each other, children below parents."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass

from tools.spans.fitting import Fitted

Group = tuple[str, str]
"""A service and a thread."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lanes:
    """`lane[n]` is the lane of span n within its group; `groups` are those with their number of lanes, from the top."""

    lane: Sequence[int]
    groups: tuple[tuple[Group, int], ...]


def lanes_of(fitted: Fitted) -> Lanes:
    """No two spans of a lane overlap; a span lies lower than its parent where both are of one group.

    Groups are in the order in which they began.
    """
    spans = fitted.trace.spans
    above = [-1] * len(spans)
    for parent, children in enumerate(fitted.trace.children):
        for child in children:
            above[child] = parent
    lane = [0] * len(spans)
    free: dict[Group, _Free] = {}
    # Indices are parents first, and the sort is stable: of two that begin together the parent comes first.
    for n in sorted(range(len(spans)), key=lambda n: fitted.start_ns[n]):
        group = spans[n].service, spans[n].thread
        parent = above[n]
        lowest = 0
        if parent >= 0 and (spans[parent].service, spans[parent].thread) == group:
            lowest = lane[parent] + 1
        room = free.setdefault(group, _Free())
        lane[n] = room.take(lowest, fitted.start_ns[n], fitted.end_ns[n])
    return Lanes(lane=lane, groups=tuple((group, room.count) for group, room in free.items()))


class _Free:
    """The lanes of a group, and until when each is taken."""

    def __init__(self) -> None:
        self._until: list[int] = []
        self._taken: list[tuple[int, int]] = []
        self._free: list[int] = []

    @property
    def count(self) -> int:
        """How many lanes there are."""
        return len(self._until)

    def take(self, lowest: int, start_ns: int, end_ns: int) -> int:
        """The first lane from `lowest` on that is free at the begin, taken until the end."""
        while self._taken and self._taken[0][0] <= start_ns:
            heapq.heappush(self._free, heapq.heappop(self._taken)[1])
        skipped = []
        while self._free and self._free[0] < lowest:
            skipped.append(heapq.heappop(self._free))
        lane = heapq.heappop(self._free) if self._free else None
        if lane is None:
            while len(self._until) < lowest:  # the parent has ended: lanes in between stay free
                skipped.append(len(self._until))
                self._until.append(start_ns)
            lane = len(self._until)
            self._until.append(end_ns)
        for other in skipped:
            heapq.heappush(self._free, other)
        heapq.heappush(self._taken, (max(end_ns, start_ns), lane))
        return lane
