"""From a recording to the answer: which operations determine how long each type of request takes."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from tools.spans.answer import (
    Answer,
    Examined,
    GoesOn,
    LongOperation,
    Operation,
    PathOperation,
    RequestType,
    Spread,
)
from tools.spans.beside import operations_beside
from tools.spans.doubts import Doubts
from tools.spans.fitting import fit
from tools.spans.path import critical_path
from tools.spans.replay import prepare
from tools.spans.span import NS_PER_S, Recording
from tools.spans.tree import Trace, link

ASKED = 20
"""How many operations are asked what they would save, and how many that ran beside the path are told."""


def requests_of(recording: Recording) -> tuple[tuple[Trace, ...], tuple[str, ...]]:
    """The requests in a recording by begin, and what was odd about their spans. Raises: UnreadableOutput."""
    doubts = Doubts()
    return link(recording.spans, doubts), doubts.warnings()


def answer(recording: Recording, traces: Sequence[Trace], over_s: float, warnings: Sequence[str]) -> Answer:
    """What the requests `traces` of the recording (all, or some) took their time for."""
    doubts = Doubts()
    by_type: dict[Operation, list[Examined]] = {}
    for trace in traces:
        fitted = fit(trace, doubts)
        found = Examined(fitted=fitted, path=critical_path(fitted))
        by_type.setdefault(found.operation(0), []).append(found)
    types = [_type(operation, found, over_s) for operation, found in by_type.items()]
    return Answer(
        source=recording.source,
        form=recording.form,
        spans=sum(len(trace.spans) for trace in traces),
        over_s=over_s,
        types=tuple(sorted(types, key=lambda t: (-t.total_ns, t.operation))),
        warnings=(*recording.warnings, *warnings, *doubts.warnings()),
    )


def _type(operation: Operation, requests: list[Examined], over_s: float) -> RequestType:
    totals = [request.fitted.total_ns for request in requests]
    by_total = sorted(range(len(totals)), key=lambda n: totals[n])
    shares = _path_operations(requests, sum(totals))
    beside, beside_count = operations_beside(requests, {found.operation for found in shares}, ASKED)
    return RequestType(
        operation=operation,
        requests=len(requests),
        total_ns=sum(totals),
        total=spread(totals, len(totals)),
        operations=shares,
        long=_long(requests, over_s, {found.operation: found.share_ratio for found in shares}),
        beside=beside,
        beside_count=beside_count,
        goes_on=_going_on(requests),
        typical=requests[by_total[(len(by_total) - 1) // 2]],
    )


def _path_operations(requests: list[Examined], total_ns: int) -> tuple[PathOperation, ...]:
    own: dict[Operation, list[int]] = {}
    visits: Counter[Operation] = Counter()
    per_request = []
    for request in requests:
        names = {span: request.operation(span) for span in request.path.visited}
        here: Counter[Operation] = Counter()
        for segment in request.path.segments:
            here[names[segment.span]] += segment.own_ns
        visits.update(names.values())
        for operation, own_ns in here.items():
            own.setdefault(operation, []).append(own_ns)
        per_request.append(here)
    ordered = sorted(own, key=lambda operation: (-sum(own[operation]), operation))
    saved = _saved(requests, per_request, ordered[:ASKED])
    return tuple(
        PathOperation(
            operation=operation,
            own_ns=sum(own[operation]),
            share_ratio=sum(own[operation]) / total_ns,
            own=spread(own[operation], len(requests)),
            visits=visits[operation],
            saved_ratio=saved[operation] / total_ns if operation in saved else None,
        )
        for operation in ordered
    )


def _saved(
    requests: list[Examined], own: list[Counter[Operation]], asked: list[Operation]
) -> dict[Operation, int]:
    """Nanoseconds that all requests together would be shorter by if each of the operations took no time."""
    saved = dict.fromkeys(asked, 0)
    for request, here in zip(requests, own, strict=True):
        replay = prepare(request.fitted)
        spans: dict[Operation, list[int]] = {}
        for n, span in enumerate(request.fitted.trace.spans):
            spans.setdefault(Operation(span.service, span.name), []).append(n)
        for operation in asked:
            if here[operation]:  # what isn't on the path saves nothing
                left_ns = replay.total_ns(frozenset(spans[operation]))
                saved[operation] += request.fitted.total_ns - left_ns
    return saved


def _long(
    requests: list[Examined], over_s: float, shares: dict[Operation, float]
) -> tuple[LongOperation, ...]:
    lengths: dict[Operation, list[int]] = {}
    for request in requests:
        for span in request.fitted.trace.spans:
            lengths.setdefault(Operation(span.service, span.name), []).append(span.end_ns - span.start_ns)
    over_ns = over_s * NS_PER_S
    found = [
        LongOperation(
            operation=operation,
            spans=len(here),
            over=sum(length > over_ns for length in here),
            longest_s=max(here) / NS_PER_S,
            share_ratio=shares.get(operation, 0.0),
        )
        for operation, here in lengths.items()
        if max(here) > over_ns
    ]
    return tuple(sorted(found, key=lambda o: (-o.longest_s, o.operation)))


def _going_on(requests: list[Examined]) -> tuple[GoesOn, ...]:
    after: dict[Operation, list[int]] = {}
    for request in requests:
        fitted = request.fitted
        unawaited = set(fitted.unawaited)
        if unawaited:
            for parent, children in enumerate(fitted.trace.children):
                for child in unawaited.intersection(children):
                    beyond_ns = max(fitted.end_ns[child] - fitted.end_ns[parent], 0)
                    after.setdefault(request.operation(child), []).append(beyond_ns)
    found = [
        GoesOn(operation=operation, spans=len(here), after_s=max(here) / NS_PER_S)
        for operation, here in after.items()
    ]
    return tuple(sorted(found, key=lambda g: (-g.after_s, g.operation)))


def spread(times_ns: Sequence[int], requests: int) -> Spread:
    """Mean, percentiles and maximum of times over so many requests; those without a time count as zero."""
    times = sorted([*times_ns, *([0] * (requests - len(times_ns)))])
    return Spread(
        mean_s=sum(times) / len(times) / NS_PER_S,
        p50_s=_percentile(times, 0.5),
        p95_s=_percentile(times, 0.95),
        longest_s=times[-1] / NS_PER_S,
    )


def _percentile(ordered_ns: list[int], part: float) -> float:
    position = part * (len(ordered_ns) - 1)
    low = math.floor(position)
    high = min(low + 1, len(ordered_ns) - 1)
    return (ordered_ns[low] + (ordered_ns[high] - ordered_ns[low]) * (position - low)) / NS_PER_S
