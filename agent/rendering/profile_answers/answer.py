"""An answer as data: facts, tables of which each row has a weight, what was left out and how to ask for less."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Raw = int | float | str | bool | None
"""A number in the unit that the answer names (ratios 0-1), a text, a claim, or None for what isn't known."""
Measure = Literal["amount", "share"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A value for programs, and the same for readers: on one line, with its unit."""

    raw: Raw
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """`key` names it for programs, `head` for readers, who don't see what is `hidden`.

    Numbers stand to the right, text to the left. `measures` says what its numbers are of the profile's value: amounts
    in its unit or shares (0-1); None for what isn't measured.
    """

    key: str
    head: str = ""
    is_text: bool = False
    hidden: bool = False
    measures: Measure | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Cells, one for each column; of too many rows those of the largest weight stay."""

    cells: tuple[Cell, ...]
    weight: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows in the order in which they are read.

    `fields` is what programs get to know besides the rows, `lines` what readers do. `more` rows, which are `what` in
    the plural, were left out: `narrow` says how to ask for what matters of them, `widen` how to see more; "" where
    there is no way. `keeps_layout`: the text's own spaces mean
    something.
    """

    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    what: str
    narrow: str
    widen: str = ""
    more: int = 0
    lines: tuple[str, ...] = ()
    fields: Mapping[str, Raw] = field(default_factory=dict)
    keeps_layout: bool = False

    @property
    def hint(self) -> str:
        """How to see what was left out, in one clause."""
        return ", or ".join(way for way in (self.narrow, self.widen) if way)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Facts for readers and the same as `fields` for programs, tables, notes, and doubts, which are always shown."""

    facts: tuple[str, ...]
    fields: Mapping[str, object]
    tables: tuple[Table, ...]
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
