"""Writing an answer: aligned for a terminal, with tabs for a model, as Markdown, as JSON; never over its size.

A token is taken to be three characters: names of functions and numbers break into shorter pieces than prose, of which
four are usual.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Literal, assert_never

from agent.rendering.profile_answers.answer import Answer, Raw, Row, Table
from agent.rendering.profile_answers.wording import COMMAND_LINE, Wording
from agent.rendering.terminal import plain

Form = Literal["text", "compact", "markdown", "json"]
CHARACTERS_A_TOKEN = 3
SHORTEST_ROW = 2
"""Characters that even a row of nothing takes with its line's end; more rows than have room needn't be tried."""
TOKENS = 4_000
JSON_TOKENS = 20_000
"""What is usual for JSON, whose reader is a program."""


def render(answer: Answer, form: Form, tokens: int | None = None) -> str:
    """The answer in at most so many tokens: rows of least weight are left out, counted, and a way to ask is told.

    One row and all that isn't a row are always there, whatever the limit. Names can't steer a terminal or be markup.
    """
    return write(fitted(answer, form, tokens), form)


def fitted(answer: Answer, form: Form, tokens: int | None = None, wording: Wording = COMMAND_LINE) -> Answer:
    """What `render` writes of an answer: the rows that have room, and `wording` for how to see the others."""
    limit = tokens or (JSON_TOKENS if form == "json" else TOKENS)
    most = limit * CHARACTERS_A_TOKEN // SHORTEST_ROW
    if sum(len(table.rows) for table in answer.tables) <= most and tokens_of(write(answer, form)) <= limit:
        return answer
    order = sorted(
        ((t, n) for t, table in enumerate(answer.tables) for n in range(len(table.rows))),
        key=lambda at: (-answer.tables[at[0]].rows[at[1]].weight, at),
    )
    fits, too_many = 1, min(len(order), most + 1)
    while too_many - fits > 1:
        middle = (fits + too_many) // 2
        if tokens_of(write(_cut(answer, order[:middle], limit, wording), form)) <= limit:
            fits = middle
        else:
            too_many = middle
    return _cut(answer, order[:fits], limit, wording)


def tokens_of(text: str) -> int:
    """How many tokens a text is taken to be."""
    return -(-len(text) // CHARACTERS_A_TOKEN)


def _cut(answer: Answer, kept: Sequence[tuple[int, int]], limit: int, wording: Wording) -> Answer:
    """The answer with these rows only; tables that lose all of them say how many they had."""
    rows: list[list[int]] = [[] for _ in answer.tables]
    for table, row in sorted(kept):
        rows[table].append(row)
    tables = []
    for table_, places in zip(answer.tables, rows, strict=True):
        left_out = len(table_.rows) - len(places)
        widen = wording.way("allow more with", "tokens", 2 * limit) if left_out else table_.widen
        chosen = tuple(table_.rows[n] for n in places)
        tables.append(replace(table_, rows=chosen, more=table_.more + left_out, widen=widen))
    return replace(answer, tables=tuple(tables))


def write(answer: Answer, form: Form) -> str:
    """The whole answer, however long it is. Names can't steer a terminal or be markup."""
    match form:
        case "text" | "compact":
            return _text(answer, aligned=form == "text")
        case "markdown":
            return _markdown(answer)
        case "json":
            return _json(answer)
        case _:
            assert_never(form)


def _text(answer: Answer, *, aligned: bool) -> str:
    blocks = ["\n".join(answer.facts)]
    for table in answer.tables:
        lines = [table.title] if table.title else []
        lines += _aligned(table) if aligned else _tabbed(table)
        lines += [*table.lines, *_more(table)]
        blocks.append("\n".join(lines))
    blocks += answer.notes
    if answer.warnings:
        blocks.append("\n".join(f"warning: {warning}" for warning in answer.warnings))
    separator = "\n\n" if aligned else "\n"
    # Tabs between cells stay: `plain` would make spaces of them.
    return (
        "\n".join("\t".join(map(plain, line.split("\t"))) for line in separator.join(blocks).split("\n"))
        + "\n"
    )


def _more(table: Table) -> Iterator[str]:
    if table.more:
        yield f"… {table.more:,} more {table.what}{': ' if table.hint else ''}{table.hint}"


def _aligned(table: Table) -> list[str]:
    if not table.rows:
        return []
    columns = [column for column in table.columns if not column.hidden]
    written = list(_written(table))
    widths = [max(len(row[n]) for row in written) for n in range(len(columns))]
    lines = []
    for row in written:
        cells = [
            cell.ljust(width) if column.is_text else cell.rjust(width)
            for cell, width, column in zip(row, widths, columns, strict=True)
        ]
        lines.append(("  " + "  ".join(cells)).rstrip())
    return lines


def _tabbed(table: Table) -> list[str]:
    return ["\t".join(row).rstrip() for row in _written(table)] if table.rows else []


def _written(table: Table) -> Iterator[tuple[str, ...]]:
    """The head and the rows as their readers see them; no cell can break its row."""
    shown = [n for n, column in enumerate(table.columns) if not column.hidden]
    yield tuple(table.columns[n].head for n in shown)
    for row in table.rows:
        yield tuple(row.cells[n].text.expandtabs(4).replace("\n", " ") for n in shown)


def _markdown(answer: Answer) -> str:
    from agent.rendering import github

    blocks = ["\n".join(f"- {github.escape(fact)}" for fact in answer.facts)]
    for table in answer.tables:
        if table.title:
            blocks.append(f"### {github.escape(table.title)}")
        if table.rows and table.keeps_layout:
            blocks.append(github.block("\n".join(_aligned(table))).rstrip())
        elif table.rows:
            head, *rows = (f"| {' | '.join(map(github.escape, row))} |" for row in _written(table))
            rule = "|".join("---" if c.is_text else "--:" for c in table.columns if not c.hidden)
            blocks.append("\n".join([head, f"|{rule}|", *rows]))
        blocks += [github.escape(line) for line in (*table.lines, *_more(table))]
    blocks += [github.escape(note) for note in answer.notes]
    if answer.warnings:
        blocks.append("Warnings:\n\n" + "\n".join(f"- {github.escape(w)}" for w in answer.warnings))
    return "\n\n".join(blocks) + "\n"


def _json(answer: Answer) -> str:
    """Only ASCII characters: others could steer a terminal."""
    tables = [
        {**table.fields, "rows": [_fields(table, row) for row in table.rows], "more": table.more,
         "hint": table.hint if table.more else None}
        for table in answer.tables
    ]  # fmt: skip
    page = {**answer.fields, "tables": tables, "warnings": answer.warnings}
    return json.dumps(page, indent=2, allow_nan=False) + "\n"


def _fields(table: Table, row: Row) -> dict[str, Raw]:
    return {column.key: cell.raw for column, cell in zip(table.columns, row.cells, strict=True)}
