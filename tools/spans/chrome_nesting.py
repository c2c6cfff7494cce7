"""From slices on tracks to spans with parents.

On a track a slice's parent is the innermost one around it. An outermost asynchronous slice belongs to where its thread
was when it began; an outermost slice that a flow leads to, and that began after the flow, to where the flow began. It
hangs below the innermost slice there that lasts until its end; where none does, nobody waited for it, and it stays an
outermost one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from tools.spans.doubts import Doubts
from tools.spans.slices import Flow, Names, Slice, Track
from tools.spans.span import Span

ROUNDING_NS = 1000
"""Times are microseconds in floating point: a child's end may be that much after its parent's."""


def to_spans(slices: list[Slice], flows: list[Flow], names: Names, doubts: Doubts) -> tuple[Span, ...]:
    """A span for each slice, in the same order."""
    tracks: dict[Track, list[int]] = {}
    for n, piece in enumerate(slices):
        tracks.setdefault(piece.track, []).append(n)
    ordered = {track: _nested(slices, members, doubts) for track, members in tracks.items()}
    _hang_asynchronous(slices, ordered)
    _follow(slices, flows, ordered, doubts)
    return _spans(slices, names)


def _nested(slices: list[Slice], members: list[int], doubts: Doubts) -> list[int]:
    """The slices of a track by begin, outer ones first, with their parents set."""
    members.sort(key=lambda n: (slices[n].start_ns, -slices[n].end_ns))
    stack: list[int] = []
    for n in members:
        piece = slices[n]
        while stack and not _holds(slices[stack[-1]], piece):
            if slices[stack.pop()].end_ns > piece.start_ns:
                doubts.add("spans begin inside another of their thread and end after it", piece.name)
        piece.parent = stack[-1] if stack else None
        stack.append(n)
    return members


def _holds(outer: Slice, inner: Slice) -> bool:
    """Whether `inner`, which doesn't begin earlier, belongs below `outer`; one that begins with its end doesn't."""
    if inner.start_ns >= outer.end_ns and not (inner.start_ns == inner.end_ns == outer.end_ns):
        return False
    return inner.end_ns <= outer.end_ns + ROUNDING_NS


@dataclass(slots=True)
class _Moment:
    """A point on a track at which a slice is looked up."""

    ts_ns: int
    wants_next: bool = False
    found: int | None = None
    asks: int = -1


def _look_up(slices: list[Slice], ordered: list[int], moments: Iterable[_Moment]) -> None:
    """For each moment the innermost slice around it, or the next one to begin."""
    stack: list[int] = []
    position = 0
    for moment in sorted(moments, key=lambda m: m.ts_ns):
        while position < len(ordered) and slices[ordered[position]].start_ns <= moment.ts_ns:
            while stack and slices[stack[-1]].end_ns < slices[ordered[position]].start_ns:
                stack.pop()
            stack.append(ordered[position])
            position += 1
        while stack and slices[stack[-1]].end_ns < moment.ts_ns:
            stack.pop()
        if stack and not (moment.wants_next and slices[stack[-1]].start_ns < moment.ts_ns):
            moment.found = stack[-1]
        elif moment.wants_next and position < len(ordered):
            moment.found = ordered[position]


def _hang_asynchronous(slices: list[Slice], ordered: dict[Track, list[int]]) -> None:
    asked: dict[Track, list[_Moment]] = {}
    for n, piece in enumerate(slices):
        if piece.track.is_async and piece.parent is None and piece.emitter in ordered:
            asked.setdefault(piece.emitter, []).append(_Moment(piece.start_ns, asks=n))
    for track, moments in asked.items():
        _look_up(slices, ordered[track], moments)
        for moment in moments:
            slices[moment.asks].parent = _lasting(slices, moment.found, slices[moment.asks].end_ns)


def _follow(slices: list[Slice], flows: list[Flow], ordered: dict[Track, list[int]], doubts: Doubts) -> None:
    """Hang outermost slices to which a flow leads below where it began."""
    asked: dict[Track, list[_Moment]] = {}
    moments: list[_Moment] = []
    for flow in flows:
        moment = _Moment(flow.ts_ns, wants_next=flow.binds_next)
        moments.append(moment)
        if flow.track in ordered:
            asked.setdefault(flow.track, []).append(moment)
    for track, wanted in asked.items():
        _look_up(slices, ordered[track], wanted)
    came_from: dict[str, tuple[int, int]] = {}
    for flow, moment in sorted(zip(flows, moments, strict=True), key=lambda pair: pair[0].ts_ns):
        if moment.found is None:
            doubts.add("ends of flows lie in no span and are left out", f"at {flow.ts_ns / 1000:.3f} µs")
            continue
        source = came_from.get(flow.key)
        if not flow.is_start and source is not None:
            since_ns, origin = source
            target = slices[_outermost(slices, moment.found)]
            if target.parent is None and target.start_ns >= since_ns:
                holder = _lasting(slices, origin, target.end_ns)
                # One that began no earlier may itself lie below the target.
                if holder is not None and slices[holder].start_ns < target.start_ns:
                    target.parent = holder
        came_from[flow.key] = (flow.ts_ns, moment.found)


def _outermost(slices: list[Slice], n: int) -> int:
    """The outermost slice around `n` on its own track."""
    while True:
        parent = slices[n].parent
        if parent is None or slices[parent].track != slices[n].track:
            return n
        n = parent


def _lasting(slices: list[Slice], n: int | None, until_ns: int) -> int | None:
    """The innermost slice from `n` outwards that lasts until then; None when none does."""
    while n is not None and slices[n].end_ns + ROUNDING_NS < until_ns:
        n = slices[n].parent
    return n


def _spans(slices: list[Slice], names: Names) -> tuple[Span, ...]:
    services = _services({piece.track.process for piece in slices}, names)
    threads = {
        track: names.threads.get((track.process, track.thread)) or f"thread {track.thread}"
        for track in {piece.emitter for piece in slices}
    }
    return tuple(
        Span(
            id=str(n),
            parent=None if piece.parent is None else str(piece.parent),
            trace="",
            name=piece.name,
            service=services[piece.track.process],
            thread="asynchronous" if piece.track.is_async else threads[piece.track],
            start_ns=piece.start_ns,
            end_ns=piece.end_ns,
            is_unfinished=piece.is_unfinished,
        )
        for n, piece in enumerate(slices)
    )


def _services(processes: set[str], names: Names) -> dict[str, str]:
    """A name for each process, no two alike."""
    told = {process: names.processes.get(process) or f"process {process}" for process in processes}
    several = {name for name, count in Counter(told.values()).items() if count > 1}
    return {process: f"{name} {process}" if name in several else name for process, name in told.items()}
