"""Answers about how a profile differs from an older one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from agent.rendering.profile_answers.amounts import (
    amount_cell,
    amount_column,
    brief,
    name_of,
    one_line,
    share_cell,
    share_column,
    text_cell,
    told,
)
from agent.rendering.profile_answers.answer import Answer, Cell, Column, Row, Table
from agent.rendering.profile_answers.subject import filters_told, unmatched_told
from agent.rendering.profile_answers.wording import COMMAND_LINE, Wording
from agent.rendering.quantities import format_number
from tools.profiles.difference import FunctionChange, ProfileDifference
from tools.profiles.profile import Function

CHANCE = (
    "~: two recordings of the same program would differ as much by the chance of sampling in 1 of 20 cases."
)


def difference_answer(
    found: ProfileDifference,
    files: tuple[str, str],
    filters: Mapping[str, str],
    unmatched: Sequence[str] = (),
    wording: Wording = COMMAND_LINE,
) -> Answer:
    """Functions by how much their cost changed; `files` are the older and the newer profile.

    Both were filtered by `filters`, of which `unmatched` matched nothing in either.
    """
    value = found.value
    table = Table(
        title=f"Functions by the change of their {'own' if found.by == 'self' else 'cumulative'} cost, "
        f"{found.functions:,} in all",
        columns=(
            amount_column("before", "before", value),
            amount_column("after", "after", value),
            Column(key="change", head="change", measures="amount"),
            share_column("before_share"),
            share_column("after_share"),
            Column(key="function", head="function", is_text=True),
            Column(key="file", hidden=True),
            Column(key="beyond_chance", hidden=True),
        ),
        rows=tuple(Row(cells=_cells(found, c), weight=abs(c.change)) for c in found.changes),
        what="functions",
        narrow=wording.way("narrow with", "focus"),
        widen=wording.way("see more with", "limit", 2 * max(len(found.changes), 1)),
        more=found.functions - len(found.changes),
        fields={"by": found.by, "functions": found.functions},
    )
    by_chance = any(not c.beyond_chance for c in found.changes)
    return Answer(
        facts=_facts(found, files, filters, wording),
        fields={
            "before": files[0],
            "after": files[1],
            "value": value.name,
            "unit": value.unit,
            "filters": dict(filters),
            "normalised": found.normalised,
            "before_total": found.before_total,
            "after_total": found.after_total,
            "before_duration_s": found.before_duration_s,
            "after_duration_s": found.after_duration_s,
        },
        tables=(table,),
        notes=(CHANCE,) if by_chance else (),
        warnings=(*found.warnings, *(unmatched_told(name, wording) for name in unmatched)),
    )


def _facts(
    found: ProfileDifference, files: tuple[str, str], filters: Mapping[str, str], wording: Wording
) -> tuple[str, ...]:
    sides = (
        ("before", files[0], found.before_total, found.before_duration_s),
        ("after", files[1], found.after_total, found.after_duration_s),
    )
    facts = [
        f"{side}: {one_line(file)}, {told(total, found.value)} of {brief(found.value.name)} in all"
        + (f", recorded for {format_number(duration_s, 's')}" if duration_s else "")
        for side, file, total, duration_s in sides
    ]
    if filters:
        facts.append(f"{filters_told(filters, wording)}: both are what is left; shares are of that")
    if found.normalised:
        facts.append("normalised: the older profile's amounts are scaled to the newer one's total")
    return tuple(facts)


def _cells(found: ProfileDifference, change: FunctionChange) -> tuple[Cell, ...]:
    moved = amount_cell(change.change, found.value, signed=True)
    return (
        amount_cell(change.before, found.value),
        amount_cell(change.after, found.value),
        moved if change.beyond_chance else Cell(raw=change.change, text="~"),
        share_cell(change.before_share),
        share_cell(change.after_share),
        text_cell(change.function, name_of(Function(name=change.function, file=change.file))),
        Cell(raw=change.file, text=""),
        Cell(raw=change.beyond_chance, text=""),
    )
