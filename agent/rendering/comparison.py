"""Two recordings, or two profiles, beside each other: for a terminal, as Markdown, as JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Literal

from agent.rendering import github
from agent.rendering.quantities import format_number
from tools.measure.recorded_comparison import RecordedChange, RecordedComparison, UnitChanges
from tools.measure.statistics import Interval
from tools.profiles.difference import FunctionChange, ProfileDifference

Form = Literal["text", "markdown", "json"]
PROFILE_UNITS = {"nanoseconds": ("s", 1e-9), "microseconds": ("s", 1e-6), "bytes": ("B", 1.0)}
SIGNIFICANCE = (
    "p is of the Mann-Whitney U test, as benchstat prints it. `~`: nothing significant at 95 % after Holm's correction "
    "for all benchmarks of the unit."
)
CHANCE = (
    "`~`: two recordings of the same program would differ as much by the chance of sampling in 1 of 20 cases."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A head and its rows; the first column is text, the others are numbers."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def render_recordings(found: RecordedComparison, form: Form) -> str:
    """Both recordings' medians and changes, one table a unit."""
    if form == "json":
        return _json(_recordings(found))
    facts = [
        f"{side}: {r.path} ({r.format}; one value is {r.one_value})"
        for side, r in (("before", found.before), ("after", found.after))
    ]
    tables = [_unit_table(unit) for unit in found.units]
    single = [
        f"{side} only: {', '.join(names)}"
        for side, names in (("before", found.only_before), ("after", found.only_after))
        if names
    ]
    doubts = [f"{c.benchmark}, {c.unit}: {w}" for u in found.units for c in u.changes for w in c.warnings]
    return _page(form, facts, tables, [*found.warnings, *_shortened(doubts), *single], SIGNIFICANCE)


def _recordings(found: RecordedComparison) -> dict[str, object]:
    """The comparison without the values themselves, which are in the files."""
    files = {
        side: {
            "path": r.path,
            "format": r.format,
            "one_value": r.one_value,
            "configuration": dict(r.configuration),
        }
        for side, r in (("before", found.before), ("after", found.after))
    }
    return {
        **files,
        "confidence": 0.95,
        "units": [asdict(unit) for unit in found.units],
        "only_before": found.only_before,
        "only_after": found.only_after,
        "warnings": found.warnings,
    }


def render_profiles(found: ProfileDifference, names: tuple[str, str], form: Form) -> str:
    """Both profiles' totals and functions; `names` are the files."""
    if form == "json":
        return _json(
            {"before": names[0], "after": names[1], **asdict(found)}
            | {"changes": [{**asdict(c), "change": c.change} for c in found.changes]}
        )
    amounts = [_amount(found, total) for total in (found.before_total, found.after_total)]
    facts = [
        f"before: {names[0]}, {amounts[0]} in all{_lasting(found.before_duration_s)}",
        f"after: {names[1]}, {amounts[1]} in all{_lasting(found.after_duration_s)}",
        f"{found.value.name}, {found.by}: {len(found.changes)} of {found.functions} functions, "
        "the largest change first",
    ]
    table = Table(
        head=("function", "before", "after", "change", "share before", "share after"),
        rows=tuple(_function_row(found, c) for c in found.changes),
    )
    sampled = CHANCE if any(not c.beyond_chance for c in found.changes) else ""
    return _page(form, facts, [table], list(found.warnings), sampled)


def _unit_table(unit: UnitChanges) -> Table:
    rows = [
        (
            c.benchmark,
            _median(c.before, c.unit),
            _median(c.after, c.unit),
            _change(c),
            _interval(c),
            _p(c, len(unit.changes)),
        )
        for c in unit.changes
    ]
    if len(rows) > 1:
        ratio = unit.geomean_ratio
        rows.append(
            (
                "geomean",
                _number(unit.before_geomean, unit.unit),
                _number(unit.after_geomean, unit.unit),
                "" if ratio is None else f"{100 * (ratio - 1):+.2f} %",
                "",
                "",
            )
        )
    return Table(head=(unit.unit, "before", "after", "change", "95 % interval", "p"), rows=tuple(rows))


def _median(value: Interval, unit: str) -> str:
    return f"{_number(value.estimate, unit)} ± {half_width(value)}"


def half_width(value: Interval) -> str:
    """The wider half of an interval in percent of its estimate, as benchstat prints it after ±."""
    if math.isinf(value.low) or math.isinf(value.high):
        return "∞"
    if value.estimate == 0:
        return "0 %" if value.low == value.high == 0 else "?"
    return f"{100 * max(value.high / value.estimate - 1, 1 - value.low / value.estimate):.0f} %"


def _number(value: float | None, unit: str) -> str:
    return "" if value is None else format_number(value, unit).removesuffix(f" {unit}").removesuffix("/op")


def _change(change: RecordedChange) -> str:
    if not change.changed:
        return "~"
    return "?" if change.ratio is None else f"{100 * (change.ratio - 1):+.2f} %"


def _interval(change: RecordedChange) -> str:
    if change.ratio_low is None or change.ratio_high is None or math.isinf(change.ratio_high):
        return ""
    return f"{100 * (change.ratio_low - 1):+.1f} % to {100 * (change.ratio_high - 1):+.1f} %"


def _p(change: RecordedChange, family: int) -> str:
    counts = change.before_samples, change.after_samples
    samples = str(counts[0]) if counts[0] == counts[1] else f"{counts[0]}+{counts[1]}"
    corrected = ""
    if not change.changed and change.p_value <= 0.05 and family > 1:
        corrected = f", {change.adjusted_p:.3f} among {family}"
    return f"p={change.p_value:.3f} n={samples}{corrected}"


def _shortened(doubts: list[str]) -> list[str]:
    """The same doubt about many benchmarks is said once."""
    by_text: dict[str, list[str]] = {}
    for doubt in doubts:
        where, _, text = doubt.partition(": ")
        by_text.setdefault(text, []).append(where)
    return [
        f"{where[0]}{f' and {len(where) - 1} more' if len(where) > 1 else ''}: {text}"
        for text, where in by_text.items()
    ]


def _function_row(found: ProfileDifference, change: FunctionChange) -> tuple[str, ...]:
    name = f"{change.function} ({change.file})" if change.file else change.function
    sign = "+" if change.change > 0 else ""
    return (
        name,
        _amount(found, change.before),
        _amount(found, change.after),
        f"{sign}{_amount(found, change.change)}" if change.beyond_chance else "~",
        f"{100 * change.before_share:.1f} %",
        f"{100 * change.after_share:.1f} %",
    )


def _amount(found: ProfileDifference, amount: int) -> str:
    unit, factor = PROFILE_UNITS.get(found.value.unit, ("count", 1.0))
    return format_number(amount * factor, unit) if amount else "0"


def _lasting(duration_s: float) -> str:
    return f" of {format_number(duration_s, 's')}" if duration_s else ""


def _page(form: Form, facts: Sequence[str], tables: Sequence[Table], doubts: list[str], note: str) -> str:
    if form == "markdown":
        parts = ["\n".join(f"- {github.escape(fact)}" for fact in facts), *map(_markdown_table, tables), note]
        parts += ["Warnings:", "\n".join(f"- {github.escape(d)}" for d in doubts)] if doubts else []
    else:
        parts = ["\n".join(facts), *map(_text_table, tables), note.replace("`", "")]
        parts += ["\n".join(f"warning: {d}" for d in doubts)] if doubts else []
        parts = ["".join(c if c.isprintable() or c == "\n" else "?" for c in part) for part in parts]
    return "\n\n".join(part for part in parts if part) + "\n"


def _text_table(table: Table) -> str:
    rows = (table.head, *table.rows)
    widths = [max(len(row[n]) for row in rows) for n in range(len(table.head))]
    lines = []
    for row in rows:
        numbers = [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        lines.append("  ".join([row[0].ljust(widths[0]), *numbers]).rstrip())
    return "\n".join(lines)


def _markdown_table(table: Table) -> str:
    head = [f"| {' | '.join(table.head)} |", f"|---|{'--:|' * (len(table.head) - 1)}"]
    return "\n".join([*head, *(f"| {' | '.join(map(github.escape, row))} |" for row in table.rows)])


def _json(value: object) -> str:
    return json.dumps(_finite(value), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _finite(value: object) -> object:
    """What JSON can hold: infinite bounds become null."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value
