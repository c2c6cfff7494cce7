"""Critical paths of recorded requests as JSON: everything that was found, times in seconds."""

from __future__ import annotations

import json
from dataclasses import asdict

from tools.spans.answer import Answer, Examined, Operation, RequestType
from tools.spans.span import NS_PER_S

SEGMENTS = 10_000
"""Pieces of the typical request's path that are written; `segments_left_out` counts the others."""


def render_json(found: Answer) -> str:
    """The answer as one JSON object."""
    whole = {
        "source": found.source,
        "form": found.form,
        "spans": found.spans,
        "over_s": found.over_s,
        "types": [_type(t) for t in found.types],
        "warnings": found.warnings,
    }
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"


def _type(found: RequestType) -> dict[str, object]:
    return {
        **_operation(found.operation),
        "requests": found.requests,
        "total_ns": found.total_ns,
        "total": asdict(found.total),
        "operations": [
            {
                **_operation(o.operation), "own_ns": o.own_ns, "share_ratio": o.share_ratio, "own": asdict(o.own),
                "visits": o.visits, "saved_ratio": o.saved_ratio,
            }
            for o in found.operations
        ],
        "long": [
            {
                **_operation(o.operation), "spans": o.spans, "over": o.over, "longest_s": o.longest_s,
                "share_ratio": o.share_ratio,
            }
            for o in found.long
        ],
        "beside": [
            {
                **_operation(b.operation), "spans": b.spans, "duration_s": b.duration_s,
                "beside": _operation(b.beside), "beside_s": b.beside_s,
            }
            for b in found.beside
        ],
        "beside_count": found.beside_count,
        "goes_on": [{**_operation(g.operation), "spans": g.spans, "after_s": g.after_s} for g in found.goes_on],
        "typical": _typical(found.typical),
    }  # fmt: skip


def _typical(shown: Examined) -> dict[str, object]:
    zero = shown.fitted.start_ns[0]
    segments = shown.path.segments
    return {
        "trace": shown.fitted.trace.id,
        "total_s": shown.fitted.total_ns / NS_PER_S,
        "segments": [
            {
                **_operation(shown.operation(s.span)), "span": shown.fitted.trace.spans[s.span].id,
                "start_s": (s.start_ns - zero) / NS_PER_S, "own_s": s.own_ns / NS_PER_S,
            }
            for s in segments[:SEGMENTS]
        ],
        "segments_left_out": max(len(segments) - SEGMENTS, 0),
    }  # fmt: skip


def _operation(found: Operation) -> dict[str, str]:
    return {"service": found.service, "name": found.name}
