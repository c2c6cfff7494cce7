"""Answers about lines: a function's source with what each line costs."""

from __future__ import annotations

from collections.abc import Sequence

from agent.rendering.profile_answers.amounts import (
    LONGEST_LINE,
    LONGEST_PATH,
    amount_cell,
    amount_column,
    one_line,
    shortened,
)
from agent.rendering.profile_answers.answer import Answer, Cell, Column, Row, Table
from agent.rendering.profile_answers.calls import function_fields, function_title
from agent.rendering.profile_answers.subject import Subject
from tools.profiles.source import AnnotatedFunction, AnnotatedLine


def list_answer(subject: Subject, functions: Sequence[AnnotatedFunction], *, matched: int) -> Answer:
    """Each function line by line; `matched` functions match in all."""
    notes: tuple[str, ...] = ()
    if matched > len(functions):
        more = matched - len(functions)
        ways = (
            subject.wording.way("narrow with", "function"),
            subject.wording.way("see more with", "limit", matched),
        )
        notes = (f"… {more:,} more functions match: {', or '.join(way for way in ways if way)}",)
    return Answer(
        facts=subject.facts,
        fields={**subject.fields, "matched": matched},
        tables=tuple(_lines(subject, found) for found in functions),
        notes=notes,
        warnings=(*subject.warnings, *(found.doubt for found in functions if found.doubt)),
    )


def _lines(subject: Subject, found: AnnotatedFunction) -> Table:
    value, cost = subject.value, found.cost
    function = cost.function
    file = shortened(one_line(function.file), LONGEST_PATH) or "an unknown file"
    if found.source is None:
        remedy = subject.wording.way("name the folder it is below with", "source")
        where = f"  in {file}; its source isn't there{': ' if remedy else ''}{remedy}"
    else:
        where = f"  in {file}, read from {one_line(str(found.source))}"
    return Table(
        title=function_title(subject, function, cost.self_value, cost.cumulative_value),
        columns=(
            amount_column("self", "own", value),
            amount_column("cumulative", "cumulative", value),
            Column(key="line", head="line"),
            Column(key="text", head="source", is_text=True),
        ),
        rows=tuple(_line(subject, line) for line in found.lines),
        what="lines",
        narrow=subject.wording.way("narrow with", "function"),
        lines=(where,),
        fields={
            **function_fields(function, cost.self_value, cost.cumulative_value),
            "source": str(found.source) if found.source else None,
        },
        keeps_layout=True,
    )


def _line(subject: Subject, line: AnnotatedLine) -> Row:
    own, cumulative = (amount_cell(n, subject.value) for n in (line.self_value, line.cumulative_value))
    cells = (
        own if line.self_value else Cell(raw=0, text=""),
        cumulative if line.cumulative_value else Cell(raw=0, text=""),
        Cell(raw=line.line or None, text=str(line.line) if line.line else "?"),
        Cell(raw=line.text, text=shortened((line.text or "").expandtabs(4), LONGEST_LINE)),
    )
    return Row(cells=cells, weight=abs(line.cumulative_value))
