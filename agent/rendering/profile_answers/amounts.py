"""Amounts of a profile's value, shares, names: as cells of an answer."""

from __future__ import annotations

from collections.abc import Mapping

from agent.rendering.profile_answers.answer import Cell, Column
from agent.rendering.quantities import format_number
from tools.profiles.naming import GO_FILES, is_library, readable
from tools.profiles.profile import Function, ValueType

LONGEST_NAME = 160
"""Longer names are shortened in their middle, except in JSON."""
LONGEST_LINE = 200
LONGEST_PATH = 400
_BASE: Mapping[str, tuple[float, str]] = {
    "nanoseconds": (1e-9, "s"), "microseconds": (1e-6, "s"), "milliseconds": (1e-3, "s"), "seconds": (1.0, "s"),
    "bytes": (1.0, "B"), "kilobytes": (1024.0, "B"), "megabytes": (1024.0**2, "B"),
}  # fmt: skip
_COUNTED = {"goroutine": "goroutines", "threadcreate": "threads", "goroutineleak": "leaked goroutines"}


def told(amount: float, value: ValueType) -> str:
    """An amount with its unit, scaled for reading: `1.2 ms`, `3.4 MiB`, `12 goroutines`."""
    if value.unit in _BASE:
        factor, unit = _BASE[value.unit]
        return format_number(amount * factor, unit) if amount else f"0 {unit}"
    return f"{amount:,.0f} {counted(value)}"


def counted(value: ValueType) -> str:
    """What a value without a physical unit counts, in the plural."""
    if value.unit in ("count", ""):
        return _COUNTED.get(value.name, brief(value.name.replace("_", " ")))
    return brief(value.unit)


def amount_cell(amount: int, value: ValueType, *, signed: bool = False) -> Cell:
    """An amount; what only counts something has its unit in the column's head."""
    text = told(amount, value) if value.unit in _BASE else f"{amount:,}"
    return Cell(raw=amount, text=f"+{text}" if signed and amount > 0 else text)


def amount_head(head: str, value: ValueType) -> str:
    """The head of a column of amounts."""
    return head if value.unit in _BASE else f"{head} ({counted(value)})"


def amount_column(key: str, head: str, value: ValueType) -> Column:
    """A column of amounts."""
    return Column(key=key, head=amount_head(head, value), measures="amount")


def share_column(key: str, head: str = "share") -> Column:
    """A column of shares."""
    return Column(key=key, head=head, measures="share")


def share_cell(share: float) -> Cell:
    """A share (0-1) in per cent."""
    return Cell(raw=share, text=format_number(share, "ratio"))


def ratio(part: float, whole: float) -> float:
    """A part's share of the whole, 0 of nothing."""
    return part / whole if whole else 0.0


def name_cell(function: Function | None) -> Cell:
    """A function by its name; None is everything."""
    return text_cell("all" if function is None else function.name, name_of(function))


def name_of(function: Function | None) -> str:
    """A function on one line, with the end of its file's path where its name doesn't tell the whole module."""
    if function is None:
        return "all"
    name = brief(readable(function)) or "(no name)"
    if not function.file or function.file.endswith(GO_FILES) or is_library(function.file):
        return name
    return f"{name} ({brief('/'.join(function.file.split('/')[-2:]))})"


def text_cell(raw: str, text: str | None = None) -> Cell:
    """A text, on one line for readers."""
    return Cell(raw=raw, text=brief(raw) if text is None else text)


def brief(name: str) -> str:
    """What somebody called something: on one line, and not too long."""
    return shortened(one_line(name), LONGEST_NAME)


def one_line(text: str) -> str:
    """Text with its white space as single spaces."""
    return " ".join(text.split())


def shortened(text: str, longest: int) -> str:
    """At most `longest` characters of a text, from its beginning and its end."""
    return text if len(text) <= longest else f"{text[: longest // 2]}…{text[1 - longest // 2 :]}"
