"""The verdict on a given change as a small JSON document, with a published schema (docs/verdict.schema.json)."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import TypeAdapter

from agent.rendering.quantities import resolve
from agent.rendering.text import unmarked
from agent.report import Report
from tools.measure.verdict import Comparison, Rejection

SCHEMA_VERSION: Literal[1] = 1
"""Raised when a field is taken away or means something else; fields may be added without."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One benchmark in one unit. `ratio` is after / before with its 95 % interval; a bound is null where it is open.

    `changed` says that the difference is beyond doubt.
    """

    benchmark: str
    unit: str
    pairs: int
    before: float
    after: float
    ratio: float
    ratio_low: float | None
    ratio_high: float | None
    p_value: float
    changed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictDocument:
    """What `ask-profiler verify` found. `reason` is null when the change was accepted or nothing could be measured."""

    schema_version: Literal[1]
    run_id: str
    created: str
    title: str
    target: str
    verdict: Literal["accepted", "rejected", "not measured"]
    reason: Rejection | None
    detail: str
    files: tuple[str, ...]
    comparisons: tuple[Measured, ...]
    smallest_detectable_gain: float | None
    checks: tuple[str, ...]
    not_measured: tuple[str, ...]
    warnings: tuple[str, ...]
    evidence: tuple[str, ...]


_DOCUMENT: TypeAdapter[VerdictDocument] = TypeAdapter(VerdictDocument)


def document(report: Report) -> VerdictDocument:
    """The report of a run about a given change, as others' programs read it."""
    given, detectable = report.given, report.smallest_detectable_gain
    verdict = given.verdict if given is not None and report.outcome != "not measured" else None
    gain = report.index.resolve(detectable).value if detectable is not None else math.inf
    return VerdictDocument(
        schema_version=SCHEMA_VERSION,
        run_id=report.run_id,
        created=report.created,
        title=report.question,
        target=report.plan.root,
        verdict="not measured" if verdict is None else "accepted" if verdict.accepted else "rejected",
        reason=verdict.reason if verdict is not None else None,
        detail=verdict.detail if verdict is not None else report.summary,
        files=given.candidate.files if given is not None else (),
        comparisons=tuple(map(_measured, verdict.comparisons)) if verdict is not None else (),
        smallest_detectable_gain=_finite(gain),
        checks=tuple(unmarked(resolve(c, report.index)) for c in given.checks) if given is not None else (),
        not_measured=tuple(f"{m.what}: {m.leaves_unmeasured}" for m in report.unmeasured),
        warnings=report.warnings,
        evidence=given.evidence if given is not None else (),
    )


def render(report: Report) -> str:
    """The document as JSON that `schema()` describes."""
    return _DOCUMENT.dump_json(document(report), indent=2).decode() + "\n"


def schema() -> dict[str, Any]:
    """The document's JSON schema (draft 2020-12)."""
    found = _DOCUMENT.json_schema(mode="serialization")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "ask-profiler verdict",
        **{key: value for key, value in found.items() if key != "title"},
    }


def schema_text() -> str:
    """The schema as it is published."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def _measured(comparison: Comparison) -> Measured:
    return Measured(
        benchmark=comparison.benchmark,
        unit=comparison.unit,
        pairs=comparison.pairs,
        before=comparison.baseline_median,
        after=comparison.candidate_median,
        ratio=comparison.ratio,
        ratio_low=_finite(comparison.ratio_low),
        ratio_high=_finite(comparison.ratio_high),
        p_value=comparison.p_value,
        changed=comparison.changed,
    )


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
