"""Operations that ran beside the critical path: shortening them saves nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from tools.spans.answer import Beside, Examined, Operation
from tools.spans.path import Segment
from tools.spans.span import NS_PER_S

_Interval = tuple[int, int]


def operations_beside(
    requests: Sequence[Examined], on_path: set[Operation], limit: int
) -> tuple[tuple[Beside, ...], int]:
    """The `limit` longest operations that were waited for and are in no request's path, and how many there are.

    Of spans below each other only the outermost counts: what is below it can't matter either.
    """
    found = [_intervals(request, on_path) for request in requests]
    spans: Counter[Operation] = Counter()
    lasted_ns: Counter[Operation] = Counter()
    for here in found:
        for operation, intervals in here.items():
            spans[operation] += len(intervals)
            lasted_ns[operation] += sum(end - start for start, end in _union(intervals))
    ordered = sorted(lasted_ns, key=lambda operation: (-lasted_ns[operation], operation))
    shared: dict[Operation, Counter[Operation]] = {operation: Counter() for operation in ordered[:limit]}
    for request, here in zip(requests, found, strict=True):
        for operation in here.keys() & shared.keys():
            for segment, ns in _overlaps(_union(here[operation]), request.path.segments):
                shared[operation][request.operation(segment.span)] += ns
    told = []
    for operation, with_whom in shared.items():
        if with_whom:
            beside, beside_ns = max(with_whom.items(), key=lambda pair: (pair[1], pair[0]))
            told.append(
                Beside(
                    operation=operation,
                    spans=spans[operation],
                    duration_s=lasted_ns[operation] / NS_PER_S,
                    beside=beside,
                    beside_s=beside_ns / NS_PER_S,
                )
            )
    return tuple(told), sum(ns > 0 for ns in lasted_ns.values())


def _intervals(request: Examined, on_path: set[Operation]) -> dict[Operation, list[_Interval]]:
    """When the outermost spans off the path ran, by operation, by begin."""
    fitted, visited = request.fitted, request.path.visited
    found: dict[Operation, list[_Interval]] = {}
    for parent in visited:
        for child in fitted.waited[parent]:
            if child not in visited and (operation := request.operation(child)) not in on_path:
                found.setdefault(operation, []).append((fitted.start_ns[child], fitted.end_ns[child]))
    for intervals in found.values():
        intervals.sort()
    return found


def _union(intervals: Iterable[_Interval]) -> list[_Interval]:
    """Sorted intervals, those that overlap made one."""
    merged: list[_Interval] = []
    for start, end in intervals:
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _overlaps(intervals: list[_Interval], segments: Sequence[Segment]) -> Iterator[tuple[Segment, int]]:
    """Each segment of the path that ran at the same time as the intervals, with for how long. Both are sorted."""
    n = 0
    for segment in segments:
        while n < len(intervals) and intervals[n][1] <= segment.start_ns:
            n += 1
        position = n
        while position < len(intervals) and intervals[position][0] < segment.end_ns:
            start, end = intervals[position]
            yield segment, min(end, segment.end_ns) - max(start, segment.start_ns)
            position += 1
