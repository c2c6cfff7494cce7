"""What a timeline shows of many spans: the wide ones as they are, runs of narrow ones as one."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from tools.spans.answer import Examined
from tools.spans.lanes import Group, Lanes

NARROW_PX = 1.0
"""Spans below this width are drawn together with their neighbours."""
_UNITS = ((1_000_000_000, "s"), (1_000_000, "ms"), (1_000, "µs"), (1, "ns"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A span, or (`span` None) so many neighbours in a lane that are too narrow."""

    group: Group
    lane: int
    start_ns: int
    end_ns: int
    span: int | None
    count: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A segment of the path, or so many neighbours that are too narrow; `span` is the first one's."""

    span: int
    start_ns: int
    end_ns: int
    count: int = 1


def boxes_of(shown: Examined, lanes: Lanes, px_per_ns: float) -> list[Box]:
    """What can be drawn: narrow neighbours are one box."""
    fitted = shown.fitted
    boxes: list[Box] = []
    gathered: dict[tuple[Group, int], tuple[int, int, int, int]] = {}

    def close(key: tuple[Group, int]) -> None:
        if key in gathered:
            start_ns, end_ns, count, first = gathered.pop(key)
            span = first if count == 1 else None
            boxes.append(
                Box(group=key[0], lane=key[1], start_ns=start_ns, end_ns=end_ns, span=span, count=count)
            )

    for n in sorted(range(len(fitted.trace.spans)), key=lambda n: fitted.start_ns[n]):
        span = fitted.trace.spans[n]
        key = (span.service, span.thread), lanes.lane[n]
        start_ns, end_ns = fitted.start_ns[n], fitted.end_ns[n]
        if (end_ns - start_ns) * px_per_ns >= NARROW_PX:
            close(key)
            boxes.append(Box(group=key[0], lane=key[1], start_ns=start_ns, end_ns=end_ns, span=n))
            continue
        if key in gathered and (start_ns - gathered[key][1]) * px_per_ns > NARROW_PX:
            close(key)
        first_ns, _, count, first = gathered.get(key, (start_ns, end_ns, 0, n))
        gathered[key] = first_ns, end_ns, count + 1, first
    for key in list(gathered):
        close(key)
    return boxes


def path_runs(shown: Examined, px_per_ns: float) -> Iterator[Run]:
    """The path by time, runs of segments too narrow to be seen as one."""
    short: list[int] = []
    segments = shown.path.segments

    def run() -> Run:
        first, last = segments[short[0]], segments[short[-1]]
        return Run(span=first.span, start_ns=first.start_ns, end_ns=last.end_ns, count=len(short))

    for n, segment in enumerate(segments):
        if segment.own_ns * px_per_ns < NARROW_PX:
            short.append(n)
            continue
        if short:
            yield run()
            short = []
        yield Run(span=segment.span, start_ns=segment.start_ns, end_ns=segment.end_ns)
    if short:
        yield run()


def ticks(total_ns: int) -> list[int]:
    """Round times from zero up to the total, about ten."""
    if total_ns <= 0:
        return [0]
    rough = total_ns / 10
    power = 10 ** math.floor(math.log10(rough)) if rough >= 1 else 1
    step = next((int(power * f) for f in (1, 2, 5, 10) if power * f >= rough), int(power * 10))
    return list(range(0, total_ns + 1, max(step, 1)))


def format_time(ns: int) -> str:
    """A time to three digits: `12.5 ms`."""
    for factor, unit in _UNITS:
        if abs(ns) >= factor:
            value = ns / factor
            digits = 0 if value >= 100 else 1 if value >= 10 else 2
            text = f"{value:.{digits}f}"
            return f"{text.rstrip('0').rstrip('.') if '.' in text else text} {unit}"
    return "0"
