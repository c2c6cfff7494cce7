"""Two recordings beside each other: which benchmarks they share, what changed, and what speaks against believing it."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable
from dataclasses import dataclass

from tools.errors import UnreadableOutput
from tools.measure.recorded import RecordedValue, Recording
from tools.measure.recorded_names import SharedBenchmark, others, shared_benchmarks
from tools.measure.statistics import Interval, holm
from tools.measure.unpaired import mann_whitney_p, median_with_interval, shift_interval

PHASES = (
    "recorded one after the other, not in pairs: whatever changed on the host in between counts as a change of the "
    "program. To be sure: ask-profiler verify"
)
HOST_KEYS = ("goos", "goarch", "cpu", "toolchain", "python", "implementation", "platform")
"""What two recordings must agree on to be of the same host and toolchain."""
OTHER_LENGTH = 3.0
"""From this factor between what samples took, they weren't recorded with the same settings."""
LEVEL = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedChange:
    """One benchmark in one unit. `ratio` is after / before of the medians; None where before is zero.

    `ratio_low` and `ratio_high` hold at 95 % over the `family` of all benchmarks compared in this unit; None where
    a value isn't positive, infinite where there are too few samples. `p_value` is benchstat's; `adjusted_p` is Holm's
    over the family. `changed`: the adjusted p is at most 0.05 and the interval leaves out no change.
    """

    benchmark: str
    unit: str
    before: Interval
    after: Interval
    before_samples: int
    after_samples: int
    ratio: float | None
    ratio_low: float | None
    ratio_high: float | None
    p_value: float
    adjusted_p: float
    changed: bool
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitChanges:
    """All benchmarks of one unit. Geometric means are over the benchmarks of both files; None where one is zero."""

    unit: str
    changes: tuple[RecordedChange, ...]
    before_geomean: float | None
    after_geomean: float | None
    geomean_ratio: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedComparison:
    """What two recordings show. `only_before` and `only_after` are the benchmarks that can't be compared."""

    before: Recording
    after: Recording
    units: tuple[UnitChanges, ...]
    only_before: tuple[str, ...]
    only_after: tuple[str, ...]
    warnings: tuple[str, ...]


def compare_recordings(
    before: Recording, after: Recording, wanted_units: tuple[str, ...] = ()
) -> RecordedComparison:
    """Compare what both recordings have, in all units or in those wanted.

    Raises: UnreadableOutput when they have no benchmark, or none of the wanted units, in common.
    """
    shared, doubts = shared_benchmarks(before, after)
    units = tuple(u for u in before.units if u in after.units and u in (wanted_units or before.units))
    missing = [u for u in wanted_units if u not in units]
    if missing or not units:
        raise UnreadableOutput(
            f"{before.path} and {after.path} have no values in {', '.join(missing) or 'a unit'} in common: "
            f"the first has {', '.join(before.units)}, the second {', '.join(after.units)}"
        )
    tables = tuple(_unit_changes(before, after, shared, unit) for unit in units)
    return RecordedComparison(
        before=before,
        after=after,
        units=tuple(t for t in tables if t.changes),
        only_before=others(before, [s.before for s in shared]),
        only_after=others(after, [s.after for s in shared]),
        warnings=(
            *([] if before.path == after.path else [PHASES]),
            *before.warnings,
            *after.warnings,
            *doubts,
            *_other_hosts(before, after),
            *_other_lengths(before, after, shared),
        ),
    )


def _unit_changes(
    before: Recording, after: Recording, shared: list[SharedBenchmark], unit: str
) -> UnitChanges:
    rows = [
        (s.label, _amounts(before.series[s.before, unit]), _amounts(after.series[s.after, unit]))
        for s in shared
        if (s.before, unit) in before.series and (s.after, unit) in after.series
    ]
    p_values = [mann_whitney_p(left, right) for _, left, right in rows]
    changes = tuple(
        _change(label, unit, left, right, p, adjusted, len(rows))
        for (label, left, right), p, adjusted in zip(rows, p_values, holm(p_values), strict=True)
    )
    ratios = [c.ratio for c in changes if c.ratio is not None]
    return UnitChanges(
        unit=unit,
        changes=changes,
        before_geomean=_geomean([c.before.estimate for c in changes]),
        after_geomean=_geomean([c.after.estimate for c in changes]),
        geomean_ratio=_geomean(ratios) if len(ratios) == len(changes) else None,
    )


def _amounts(values: Iterable[RecordedValue]) -> list[float]:
    return [v.value for v in values]


def _geomean(values: list[float]) -> float | None:
    return statistics.geometric_mean(values) if values and min(values) > 0 else None


def _change(
    label: str, unit: str, before: list[float], after: list[float], p: float, adjusted: float, family: int
) -> RecordedChange:
    left, right = median_with_interval(before), median_with_interval(after)
    warnings = []
    if len(before) == len(after) == 1 or 2 * _fewest_p(len(before), len(after)) > LEVEL / family:
        need = next(n for n in range(2, 1000) if 2 * _fewest_p(n, n) <= LEVEL / family)
        of = f" of one of {family} benchmarks" if family > 1 else ""
        warnings.append(f"too few samples: at least {need} on each side can show a change{of} at 95 %")
    ratio = low = high = None
    if left.estimate == right.estimate:
        ratio = 1.0
    elif left.estimate:
        ratio = right.estimate / left.estimate
    if min(*before, *after) > 0:
        shift = shift_interval(list(map(math.log, before)), list(map(math.log, after)), 1 - LEVEL / family)
        low, high = math.exp(shift.low), math.inf if shift.high == math.inf else math.exp(shift.high)
        if ratio is not None and not low * (1 - 1e-9) <= ratio <= high * (1 + 1e-9):
            warnings.append("the medians' ratio lies outside of the interval: the values fall into groups")
    changed = adjusted <= LEVEL and (low is None or high is None or low > 1 or high < 1)
    return RecordedChange(
        benchmark=label,
        unit=unit,
        before=left,
        after=right,
        before_samples=len(before),
        after_samples=len(after),
        ratio=ratio,
        ratio_low=low,
        ratio_high=high,
        p_value=p,
        adjusted_p=adjusted,
        changed=changed,
        warnings=tuple(warnings),
    )


def _fewest_p(first: int, second: int) -> float:
    """The smallest one-sided p that so many samples can reach."""
    return 1 / math.comb(first + second, first)


def _other_hosts(before: Recording, after: Recording) -> list[str]:
    found = []
    for key in HOST_KEYS:
        left, right = before.configuration.get(key), after.configuration.get(key)
        if left and right and set(left) != set(right):
            found.append(f"{key} differs ({', '.join(left)}; {', '.join(right)}): so may the results")
    return found


def _other_lengths(before: Recording, after: Recording, shared: list[SharedBenchmark]) -> list[str]:
    """Where one sample took much longer on one side: other settings were used."""
    for s in shared:
        took = [_sample_s(r.series.get((n, "sec/op"), ())) for r, n in ((before, s.before), (after, s.after))]
        if min(took) > 0 and max(took) >= OTHER_LENGTH * min(took):
            iterations = [
                statistics.median(v.iterations for v in r.series[n, "sec/op"])
                for r, n in ((before, s.before), (after, s.after))
            ]
            if iterations[0] != iterations[1]:
                return [
                    f"the samples of {s.label} took {took[0]:.2g} s before and {took[1]:.2g} s after "
                    f"({iterations[0]:,.0f} and {iterations[1]:,.0f} iterations): record both with the same settings"
                ]
    return []


def _sample_s(values: Iterable[RecordedValue]) -> float:
    found = [v.iterations * v.value for v in values]
    return statistics.median(found) if found else 0.0
