"""What a model may cite of an answer: its rows are numbered, and exactly the numbers that are shown have names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace

from agent.evidence import Evidence, Quantity
from agent.rendering.profile_answers.amounts import amount_head, ratio
from agent.rendering.profile_answers.answer import Answer, Cell, Column, Measure, Raw, Row, Table
from tools.profiles.profile import ValueType
from tools.profiles.views import base_unit

_NAMES: Mapping[str, str] = {"value": "cost", "place_value": "place_cost"}
"""Names of quantities where the column's own says nothing by itself."""
_TOTALS = ("total", "before_total", "after_total")
_DURATIONS = ("duration_s", "before_duration_s", "after_duration_s")
OTHERS = 12
"""So many names of numbers that aren't in rows are told."""


def numbered(answer: Answer, value: ValueType) -> Answer:
    """The answer with a first column that numbers the rows of all tables; heads are what a number is cited by."""
    tables: list[Table] = []
    count = 0
    for table in answer.tables:
        rows = []
        for row in table.rows:
            count += 1
            number = Cell(raw=count, text=str(count))
            rows.append(Row(cells=(number, *row.cells), weight=row.weight))
        columns = (Column(key="row", head="row"), *(_headed(column, value) for column in table.columns))
        tables.append(replace(table, columns=columns, rows=tuple(rows)))
    return replace(answer, tables=tuple(tables))


def _headed(column: Column, value: ValueType) -> Column:
    if column.measures is None or column.hidden:
        return column
    name = _NAMES.get(column.key, column.key)
    return replace(column, head=amount_head(name, value) if column.measures == "amount" else name)


def quantities_of(answer: Answer, value: ValueType) -> tuple[Quantity, ...]:
    """Every number that a numbered answer shows, in base units, with names that are unique."""
    found = [*_of_facts(answer, value)]
    for position, table in enumerate(answer.tables, 1):
        found += _of_table(table, position, answer.fields.get("total"), value)
        for row in table.rows:
            for column, cell in zip(table.columns, row.cells, strict=True):
                if column.measures is not None and not column.hidden and _shows_number(cell):
                    found += _measured(name_in_row(column, row), cell.raw, column.measures, value)
    return tuple(found)


def rows_of(answer: Answer) -> tuple[str, ...]:
    """What each row of a numbered answer is about: the evidence of its numbers must tell that by itself."""
    found = []
    for table in answer.tables:
        for row in table.rows:
            cells = zip(table.columns, row.cells, strict=True)
            words = [c.text.strip() for column, c in cells if column.is_text and not column.hidden]
            found.append(f"row {row.cells[0].raw}: {' '.join(filter(None, words))}")
    return tuple(found)


def name_in_row(column: Column, row: Row) -> str:
    """What the number of a column in a numbered row is called."""
    return f"{_NAMES.get(column.key, column.key)}_{row.cells[0].raw}"


def _of_facts(answer: Answer, value: ValueType) -> Iterator[Quantity]:
    fields = answer.fields
    for name in _TOTALS:
        yield from _measured(name, fields.get(name), "amount", value)
    yield from _measured("function_cumulative", fields.get("cumulative"), "amount", value)
    for name in _DURATIONS:
        number = fields.get(name)
        if isinstance(number, float) and number:
            yield Quantity(name=name, value=number, unit="s")
    if fields.get("filters") and "kept" in fields:
        kept, total = fields["kept"], fields["total"]
        yield from _measured("kept", kept, "amount", value)
        if isinstance(kept, int) and isinstance(total, int):
            yield from _measured("kept_share", ratio(kept, total), "share", value)


def _of_table(table: Table, position: int, total: object, value: ValueType) -> Iterator[Quantity]:
    """The numbers of a title, and how many rows were left out."""
    fields = table.fields
    functions = fields.get("functions")
    if isinstance(functions, int):
        yield Quantity(name="functions", value=float(functions), unit="count")
    if table.more:
        yield Quantity(name=f"left_out_{position}", value=float(table.more), unit="count")
    if "function" not in fields:
        return
    for key in ("self", "cumulative"):
        amount = fields[key]
        yield from _measured(f"function_{key}_{position}", amount, "amount", value)
        if isinstance(amount, int) and isinstance(total, int):
            yield from _measured(f"function_{key}_share_{position}", ratio(amount, total), "share", value)


def _measured(name: str, raw: object, measures: Measure, value: ValueType) -> Iterator[Quantity]:
    if isinstance(raw, bool) or not isinstance(raw, int | float):
        return
    factor, unit = base_unit(value.unit) if measures == "amount" else (1.0, "ratio")
    yield Quantity(name=name, value=raw * factor, unit=unit)


def _shows_number(cell: Cell) -> bool:
    raw: Raw = cell.raw
    return isinstance(raw, int | float) and any(character.isdigit() for character in cell.text)


def guide(evidence: Evidence) -> str:
    """How the numbers of some evidence are cited: those of rows by the row's number, the others by name."""
    rows: Counter[str] = Counter()
    first: dict[str, str] = {}
    others: list[str] = []
    for quantity in evidence.quantities:
        stem, _, number = quantity.name.rpartition("_")
        if stem and number.isdigit() and not stem.startswith(("function_", "left_out")):
            rows[stem] += 1
            first.setdefault(stem, number)
        else:
            others.append(quantity.name)
    words = []
    if rows:
        stem = max(rows, key=lambda name: (name.endswith("share"), rows[name]))
        also = [name for name in rows if name != stem]
        words.append(
            f"Cite row {first[stem]}'s {stem} as {_cited(evidence, f'{stem}_{first[stem]}')}"
            + (f"; {', '.join(also)} likewise, with the row's number." if also else ", others likewise.")
        )
    if others:
        shown = ", ".join(_cited(evidence, name) for name in others[:OTHERS])
        words.append(f"{'Not in rows' if rows else 'Cite'}: {shown}.")
    return " ".join(words)


def _cited(evidence: Evidence, name: str) -> str:
    return f"{{{evidence.id}.{name}}}"


def joined(*parts: str) -> str:
    """Sentences of a guide, those that say something."""
    return " ".join(part for part in parts if part)
