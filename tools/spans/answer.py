"""What is found in a recording: for each type of request the operations that its total consists of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from tools.spans.fitting import Fitted
from tools.spans.path import Path


class Operation(NamedTuple):
    """What spans do: all of a service with the same name."""

    service: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """A time over several requests, in seconds; percentiles are interpolated."""

    mean_s: float
    p50_s: float
    p95_s: float
    longest_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PathOperation:
    """An operation on the critical path.

    `own_ns` is its own time on the path in all requests together, `share_ratio` that as a part of their totals: over
    a type's operations the former sums to `RequestType.total_ns`. `own` is the same per request, those without it
    counted as zero. `visits` are its spans on the path. `saved_ratio` is by how much the totals would shrink if it
    took no time; it is at most the share, less where other work ran beside it, and None where it wasn't asked.
    """

    operation: Operation
    own_ns: int
    share_ratio: float
    own: Spread
    visits: int
    saved_ratio: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LongOperation:
    """An operation with spans over the limit, whether on the path or not; `longest_s` is from begin to end."""

    operation: Operation
    spans: int
    over: int
    longest_s: float
    share_ratio: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """An operation that was never on the path: shortening it saves nothing.

    It ran for `duration_s` in all requests together, of which `beside_s` beside the operation `beside`, the one on the
    path that it shared most time with.
    """

    operation: Operation
    spans: int
    duration_s: float
    beside: Operation
    beside_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class GoesOn:
    """An operation that nobody waited for; it ended up to `after_s` after what began it (0: before that)."""

    operation: Operation
    spans: int
    after_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """One request: its spans with corrected times, and its path."""

    fitted: Fitted
    path: Path

    def operation(self, span: int) -> Operation:
        """What the span with this index does."""
        found = self.fitted.trace.spans[span]
        return Operation(found.service, found.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestType:
    """All requests with the same root. `typical` is the one with the median total (of two, the shorter).

    Largest first: `operations` by share, `long` by their longest span, `beside` and `goes_on` by duration. `beside`
    holds at most as many as were asked for, of `beside_count`.
    """

    operation: Operation
    requests: int
    total_ns: int
    total: Spread
    operations: tuple[PathOperation, ...]
    long: tuple[LongOperation, ...]
    beside: tuple[Beside, ...]
    beside_count: int
    goes_on: tuple[GoesOn, ...]
    typical: Examined


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The types of requests in a recording, the one that took the most time in all first.

    `over_s` is the limit above which an operation is called long.
    """

    source: str
    form: str
    spans: int
    over_s: float
    types: tuple[RequestType, ...]
    warnings: tuple[str, ...]
