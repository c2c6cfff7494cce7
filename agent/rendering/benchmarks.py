"""benchmarks.json: every comparison of the combination, with intervals."""

from __future__ import annotations

import json
from dataclasses import asdict

from agent.report import Report


def render(report: Report) -> str:
    """The comparisons as JSON; ratios are candidate / baseline, values in base units per operation."""
    comparisons = report.combined.comparisons if report.combined else ()
    found = {
        "run_id": report.run_id,
        "toolchain": report.plan.toolchain,
        "host": report.host,
        "confidence": 0.95,
        "comparisons": [{**asdict(c), "speedup": 1 / c.ratio if c.ratio > 0 else None} for c in comparisons],
    }
    return json.dumps(found, indent=2, ensure_ascii=False) + "\n"
