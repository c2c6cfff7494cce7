"""Answers about what costs most: functions, and what a label or the goroutines' state tells apart."""

from __future__ import annotations

from collections.abc import Sequence

from agent.rendering.profile_answers.amounts import (
    amount_cell,
    amount_column,
    name_cell,
    ratio,
    share_cell,
    share_column,
    text_cell,
)
from agent.rendering.profile_answers.answer import Answer, Cell, Column, Row, Table
from agent.rendering.profile_answers.subject import Subject
from tools.profiles.queries import By, Ranking
from tools.profiles.tags import GroupCost


def top_answer(subject: Subject, found: Ranking, by: By) -> Answer:
    """The costliest functions."""
    value = subject.value
    columns = (
        amount_column("self", "own", value),
        share_column("self_share"),
        amount_column("cumulative", "cumulative", value),
        share_column("cumulative_share"),
        Column(key="function", head="function", is_text=True),
        Column(key="file", hidden=True),
    )
    rows = tuple(
        Row(
            cells=(
                amount_cell(c.self_value, value),
                share_cell(c.self_share),
                amount_cell(c.cumulative_value, value),
                share_cell(c.cumulative_share),
                name_cell(c.function),
                Cell(raw=c.function.file, text=""),
            ),
            weight=abs(c.self_value if by == "self" else c.cumulative_value),
        )
        for c in found.costs
    )
    table = Table(
        title=f"Functions by {'own' if by == 'self' else 'cumulative'} cost, {found.functions:,} in all",
        columns=columns,
        rows=rows,
        what="functions",
        narrow=subject.wording.way("narrow with", "focus"),
        widen=subject.wording.way("see more with", "limit", 2 * max(len(rows), 1)),
        more=found.functions - len(rows),
        fields={"by": by, "functions": found.functions},
    )
    return Answer(facts=subject.facts, fields=subject.fields, tables=(table,), warnings=subject.warnings)


def split_answer(subject: Subject, key: str, groups: Sequence[GroupCost], limit: int) -> Answer:
    """The total by the values of a label, or by the state of goroutines (`key` is `state`)."""
    value = subject.value
    rows = tuple(
        Row(
            cells=(
                amount_cell(g.value, value),
                share_cell(ratio(g.value, subject.total)),
                text_cell(g.name or f"(no {key})"),
                amount_cell(g.place_value, value),
                text_cell(g.place or "(no stack)"),
            ),
            weight=abs(g.value),
        )
        for g in groups[:limit]
    )
    table = Table(
        title=f"By {key}",
        columns=(
            amount_column("value", "cost", value),
            share_column("share"),
            Column(key="name", head=key, is_text=True),
            Column(key="place_value", head="of which", measures="amount"),
            Column(key="place", head="in", is_text=True),
        ),
        rows=rows,
        what=f"values of {key}",
        narrow="" if key == "state" else subject.wording.way("narrow with", "tag", key),
        widen=subject.wording.way("see more with", "limit", 2 * limit),
        more=len(groups) - len(rows),
        fields={"split": key},
    )
    derived = "A state is derived from the frames under runtime.gopark: a pprof file doesn't record it."
    return Answer(
        facts=subject.facts,
        fields=subject.fields,
        tables=(table,),
        notes=(derived,) if key == "state" else (),
        warnings=subject.warnings,
    )
