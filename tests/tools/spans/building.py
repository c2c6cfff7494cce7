"""Spans in a line of text each, for tests: `name start-end`, indented below its parent, times in milliseconds."""

from __future__ import annotations

from tools.spans.doubts import Doubts
from tools.spans.fitting import Fitted, fit
from tools.spans.span import Kind, Recording, Span
from tools.spans.tree import link

KINDS: dict[str, Kind] = {
    "client": "client", "server": "server", "producer": "producer", "consumer": "consumer",
}  # fmt: skip


def spans_of(text: str, trace: str = "t") -> tuple[Span, ...]:
    """`name start-end [service] [kind]` a line; two spaces of indent for each level."""
    found: list[Span] = []
    above: list[str] = []
    for n, line in enumerate(text.strip("\n").split("\n")):
        depth = (len(line) - len(line.lstrip())) // 2
        name, times, *rest = line.split()
        start, end = (round(float(t) * 1_000_000) for t in times.split("-"))
        found.append(
            Span(
                id=f"{trace}{n}", parent=above[depth - 1] if depth else None, trace=trace, name=name,
                service=next((w for w in rest if w not in KINDS), ""), thread="", start_ns=start, end_ns=end,
                kind=next((KINDS[w] for w in rest if w in KINDS), "internal"),
            )
        )  # fmt: skip
        del above[depth:]
        above.append(f"{trace}{n}")
    return tuple(found)


def fitted_of(text: str, doubts: Doubts | None = None) -> Fitted:
    """The one trace in the text, fitted."""
    doubts = doubts if doubts is not None else Doubts()
    (trace,) = link(spans_of(text), doubts)
    return fit(trace, doubts)


def recording_of(*texts: str) -> Recording:
    """A recording with one trace a text: t0, t1, …"""
    spans = tuple(span for n, text in enumerate(texts) for span in spans_of(text, f"t{n}"))
    return Recording(spans=spans, source="made.json", form="OTLP JSON")
