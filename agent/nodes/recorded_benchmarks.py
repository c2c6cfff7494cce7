"""Recorded benchmark results in a report: the benchmarks that take longest, each with its interval."""

from __future__ import annotations

from pathlib import Path

from agent.deps import Deps
from agent.evidence import Quantity
from agent.report import Finding, quoted
from tools.measure.recorded import Recording
from tools.measure.statistics import median_interval
from tools.measure.workload import ALLOCATIONS_PER_OP, BYTES_PER_OP, SECONDS_PER_OP

SHOWN = 10
_TITLES = {
    SECONDS_PER_OP: "Benchmarks by time",
    BYTES_PER_OP: "Benchmarks by bytes allocated",
    ALLOCATIONS_PER_OP: "Benchmarks by allocations",
}


def benchmarks_seen(deps: Deps, recording: Recording, path: Path) -> tuple[Finding, ...]:
    """For each unit the benchmarks with the largest medians; units of a benchmark's own come last."""
    units = sorted(recording.units, key=lambda u: list(_TITLES).index(u) if u in _TITLES else len(_TITLES))
    return tuple(_by_unit(deps, recording, path, unit) for unit in units)


def _by_unit(deps: Deps, recording: Recording, path: Path, unit: str) -> Finding:
    rows = []
    for (name, of), values in recording.series.items():
        if of == unit:
            found = median_interval([v.value for v in values])
            bounds = (found.low, found.high) if found.low > float("-inf") else None
            rows.append((str(name), found.estimate, bounds, len(values)))
    rows.sort(key=lambda row: -row[1])
    evidence = deps.evidence.add(
        "recording",
        f"{recording.format}, {unit}",
        f"recording {path.name}",
        quantities=[
            Quantity(name=f"median_{n}", value=median, unit=unit, interval=bounds)
            for n, (_, median, bounds, _) in enumerate(rows[:SHOWN], 1)
        ],
        warnings=recording.warnings,
    )
    few = any(bounds is None for *_, bounds, _ in rows[:SHOWN])
    return Finding(
        title=_TITLES.get(unit, f"Benchmarks by {unit}"),
        text="The medians of what was recorded, the largest first"
        + (
            ", without an interval where fewer than six values are there."
            if few
            else ", with 95 % intervals."
        ),
        items=tuple(
            f"{quoted(name)}: {{{evidence.id}.median_{n}}}" for n, (name, *_) in enumerate(rows[:SHOWN], 1)
        ),
        evidence=(evidence.id,),
    )
