"""What every part of a Markdown page is made of: text from a target that is no markup, and numbers with evidence."""

from __future__ import annotations

import re

from agent.evidence import Reference
from agent.rendering.quantities import format_quantity, resolve
from agent.report import MARKUP, Report


def escape(text: str) -> str:
    """Text from a target as plain Markdown: nothing in it is markup, and it stays on one line."""
    return MARKUP.sub(r"\\\1", " ".join(text.split()))


def code(text: str) -> str:
    """Text from a target as inline code, whatever backticks it holds. Not for tables: a `|` would end the cell."""
    text = " ".join(text.split()) or " "
    fence = "`" * (max((len(run) for run in re.findall(r"`+", text)), default=0) + 1)
    space = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{space}{text}{space}{fence}"


def block(text: str, language: str) -> str:
    """Text from a target as a fenced block that it can't break out of."""
    fence = "`" * max(3, max((len(run) for run in re.findall(r"`+", text)), default=0) + 1)
    return f"{fence}{language}\n{text.rstrip()}\n{fence}\n"


def prose(report: Report, text: str) -> str:
    """Prose with its numbers filled in, each with its evidence. Raises: KeyError for one that was not measured."""
    return resolve(text, report.index, lambda value, reference: f"{value} ({reference.evidence_id})")


def value(report: Report, reference: Reference | None) -> str:
    """A number with its evidence; `not measured` for None."""
    if reference is None:
        return "not measured"
    return f"{format_quantity(report.index.resolve(reference))} ({reference.evidence_id})"
