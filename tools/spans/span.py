"""A span is one operation of a request, with its begin, its end and the span that caused it.

Times are whole nanoseconds: since 1970 in OTLP, since any moment in other recordings. Whole numbers keep sums exact.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from tools.errors import UnreadableOutput

Kind = Literal["internal", "server", "client", "producer", "consumer"]
NS_PER_S = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """One operation. `id` is unique within `trace`; `parent` is the id of the span that caused it, None for a root.

    `service` has a clock of its own; `thread` is "" where nothing is known of threads. `end_ns` is never before
    `start_ns`. `is_unfinished`: no end was recorded, and `end_ns` is the last moment that was.
    """

    id: str
    parent: str | None
    trace: str
    name: str
    service: str
    thread: str
    start_ns: int
    end_ns: int
    kind: Kind = "internal"
    failed: bool = False
    is_unfinished: bool = False
    attributes: tuple[tuple[str, str], ...] = ()

    @property
    def duration_s(self) -> float:
        """From begin to end, in seconds."""
        return (self.end_ns - self.start_ns) / NS_PER_S


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """The spans of a file in any order; `source` is the file's name, `form` what kind of file it was."""

    spans: tuple[Span, ...]
    source: str
    form: Literal["OTLP JSON", "Chrome trace", "Go trace"]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SpanLimits:
    """What a file may hold before it is refused: bytes once decompressed, spans, spans below each other."""

    decompressed_bytes: int = 512 * 1024**2
    spans: int = 2_000_000
    depth: int = 20_000


def span_of_seconds(
    *,
    id: str,
    parent: str | None,
    name: str,
    thread: str,
    start_s: float,
    end_s: float,
    service: str = "",
    trace: str = "",
    attributes: tuple[tuple[str, str], ...] = (),
) -> Span:
    """A span from times in seconds, such as a region of a Go execution trace.

    Raises: UnreadableOutput for times that are no numbers, or an end before the begin.
    """
    if not (math.isfinite(start_s) and math.isfinite(end_s) and start_s <= end_s):
        raise UnreadableOutput(f"span {id} ({name}) lasts from {start_s} s to {end_s} s: that is no time")
    return Span(
        id=id, parent=parent, trace=trace, name=name, service=service, thread=thread,
        start_ns=round(start_s * NS_PER_S), end_ns=round(end_s * NS_PER_S), attributes=attributes,
    )  # fmt: skip
