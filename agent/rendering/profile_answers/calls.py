"""Answers about calls: who calls a function and what it calls, both as trees, and the whole as a tree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from agent.rendering.profile_answers.amounts import (
    amount_cell,
    amount_column,
    name_cell,
    name_of,
    ratio,
    share_cell,
    share_column,
    text_cell,
    told,
)
from agent.rendering.profile_answers.answer import Answer, Cell, Column, Row, Table
from agent.rendering.profile_answers.subject import Subject
from tools.profiles.profile import Function
from tools.profiles.queries import FunctionCost
from tools.profiles.tree import Sandwich, TreeNode

Side = Literal["caller", "callee"]
BOTH: tuple[Side, ...] = ("caller", "callee")
INDENTED = 30
"""Deeper calls are no further indented; their depth is written instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Peek:
    """A function with its callers and callees, the costliest first."""

    cost: FunctionCost
    callers: Mapping[Function, int]
    callees: Mapping[Function, int]


def peek_answer(
    subject: Subject, peeks: Sequence[Peek], *, matched: int, limit: int, sides: Sequence[Side] = BOTH
) -> Answer:
    """Callers and callees of each function, at most `limit` each; `matched` functions match in all."""
    notes: tuple[str, ...] = ()
    if matched > len(peeks):
        more = matched - len(peeks)
        narrow = subject.wording.way("narrow with", "function")
        notes = (f"… {more:,} more functions match: {narrow}, or with the whole name of one",)
    return Answer(
        facts=subject.facts,
        fields={**subject.fields, "matched": matched},
        tables=tuple(_peek(subject, peek, limit, sides) for peek in peeks),
        notes=notes,
        warnings=subject.warnings,
    )


def _peek(subject: Subject, peek: Peek, limit: int, wanted: Sequence[Side]) -> Table:
    value, cost = subject.value, peek.cost
    both: Mapping[Side, tuple[str, Mapping[Function, int]]] = {
        "caller": ("called by", peek.callers), "callee": ("calls", peek.callees)
    }  # fmt: skip
    sides = [(key, *both[key]) for key in wanted]
    rows = tuple(
        Row(
            cells=(
                Cell(raw=key, text=word),
                amount_cell(amount, value),
                share_cell(ratio(amount, cost.cumulative_value)),
                name_cell(function),
                Cell(raw=function.file, text=""),
            ),
            weight=abs(amount),
        )
        for key, word, side in sides
        for function, amount in list(side.items())[:limit]
    )
    return Table(
        title=function_title(subject, cost.function, cost.self_value, cost.cumulative_value),
        columns=(
            Column(key="relation", is_text=True),
            amount_column("value", "cost", value),
            share_column("share", "of its cost"),
            Column(key="function", head="function", is_text=True),
            Column(key="file", hidden=True),
        ),
        rows=rows,
        what=" and ".join(f"{key}s" for key in wanted),
        narrow=subject.wording.way("narrow with", "focus"),
        widen=subject.wording.way("see more with", "limit", 2 * limit),
        more=sum(len(side) for _, _, side in sides) - len(rows),
        lines=_ends(peek, wanted),
        fields=function_fields(cost.function, cost.self_value, cost.cumulative_value),
    )


def _ends(peek: Peek, wanted: Sequence[Side]) -> tuple[str, ...]:
    """What is said of a function that no stack goes on from."""
    begins = "caller" in wanted and not peek.callers
    ends = wanted == ("callee",) and not peek.callees
    return (
        ("  nothing calls it: stacks begin with it",) if begins else ("  it calls nothing",) if ends else ()
    )


def function_title(subject: Subject, function: Function, own: int, cumulative: int) -> str:
    """A function with both of its costs, as a table's title."""
    both = ((own, "own"), (cumulative, "cumulative"))
    costs = [
        f"{word} {told(n, subject.value)} ({share_cell(ratio(n, subject.total)).text})" for n, word in both
    ]
    return f"{name_of(function)}: {', '.join(costs)}"


def function_fields(
    function: Function, own: int, cumulative: int
) -> dict[str, int | float | str | bool | None]:
    """The same for programs."""
    return {"function": function.name, "file": function.file, "self": own, "cumulative": cumulative}


def sandwich_answer(subject: Subject, function: Function, found: Sandwich) -> Answer:
    """Everything above and below one function."""
    return Answer(
        facts=(*subject.facts, f"{name_of(function)}: cumulative {told(found.value, subject.value)}"),
        fields={
            **subject.fields,
            "function": function.name,
            "file_of_function": function.file,
            "cumulative": found.value,
        },
        tables=(
            _tree(subject, found.callers[1:], found.value, "Called by, the nearest first", "callers"),
            _tree(subject, found.callees[1:], found.value, "Calls", "callees"),
        ),
        notes=("Shares are of the function's own and called cost.",),
        warnings=subject.warnings,
    )


def tree_answer(subject: Subject, nodes: Sequence[TreeNode]) -> Answer:
    """All calls from the root down."""
    table = _tree(subject, nodes, subject.total, "Calls from the root", "calls")
    return Answer(facts=subject.facts, fields=subject.fields, tables=(table,), warnings=subject.warnings)


def _tree(subject: Subject, nodes: Sequence[TreeNode], whole: int, title: str, key: str) -> Table:
    value = subject.value
    rows = tuple(
        Row(
            cells=(
                amount_cell(node.value, value),
                share_cell(ratio(node.value, whole)),
                amount_cell(node.own_value, value),
                Cell(raw=node.depth, text=""),
                text_cell(node.function.name if node.function else "all", _indented(node)),
            ),
            weight=abs(node.value),
        )
        for node in nodes
    )
    ends = "begins" if key == "callers" else "own"
    return Table(
        title=title,
        columns=(
            amount_column("value", "cost", value),
            share_column("share"),
            amount_column("self", ends, value),
            Column(key="depth", hidden=True),
            Column(key="function", head="function", is_text=True),
        ),
        rows=rows,
        what="calls under the cut or deeper",
        narrow=subject.wording.way("narrow with", "focus"),
        widen=subject.wording.way("see smaller and deeper ones with", "cut"),
        more=sum(node.cut for node in nodes),
        fields={"tree": key},
        keeps_layout=True,
    )


def _indented(node: TreeNode) -> str:
    far = f"({node.depth}) " if node.depth > INDENTED else ""
    return "  " * min(node.depth, INDENTED) + far + name_of(node.function)
