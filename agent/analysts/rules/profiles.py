"""Answers of profiles as prose: each row a line, each number a reference to the evidence that the answer becomes."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from agent.analysts.analyst import Reply
from agent.analysts.asking.tools.citing import name_in_row, numbered, quantities_of
from agent.analysts.asking.tools.notebook import Notebook
from agent.analysts.asking.tools.profiles import (
    Calls,
    Found,
    Source,
    Top,
    annotated_source,
    callees,
    callers,
    top,
)
from agent.analysts.rules.words import Asked
from agent.errors import BadRequest
from agent.evidence import Evidence
from agent.rendering.profile_answers.answer import Answer, Row, Table
from agent.rendering.profile_answers.calls import Side
from agent.report import plain, quoted

SHOWN = 10
MOST_LINES = 30
_SAID: Mapping[str, str] = {
    "self": "own {}", "self_share": "({})", "cumulative": "with all below it {}", "cumulative_share": "({})",
    "value": "{}", "share": "({} of its cost)",
}  # fmt: skip
"""How a column's number is said in a line."""


def top_of(notebook: Notebook, asked: Asked) -> Reply:
    """The costliest functions of a view. Raises: BadRequest."""
    name = _captures(notebook, asked)[0]
    return _reply(notebook, "top", lambda: top(notebook, Top(capture=name, limit=SHOWN)), _costliest)


def calls_of(notebook: Notebook, asked: Asked, side: Side) -> Reply:
    """Who calls a function, or what it calls. Raises: BadRequest."""
    find = callers if side == "caller" else callees
    ending = "is called by:" if side == "caller" else "calls:"

    def of(capture: str) -> Found:
        return find(notebook, Calls(capture=capture, function=asked.name, limit=SHOWN))

    words = f"{side}s of {asked.name}"
    return _reply(notebook, words, lambda: _first(notebook, asked, of), lambda name: f"{name} {ending}")


def source_of(notebook: Notebook, asked: Asked) -> Reply:
    """What each line of a function costs. Raises: BadRequest."""

    def of(capture: str) -> Found:
        return annotated_source(notebook, Source(capture=capture, function=asked.name))

    words = f"source of {asked.name}"
    return _reply(
        notebook,
        words,
        lambda: _first(notebook, asked, of),
        lambda name: f"{name}, line by line where it costs:",
    )


def _captures(notebook: Notebook, asked: Asked) -> list[str]:
    """The captures to ask, those of the view that is asked about, else by the question's focus.

    Raises: BadRequest.
    """
    there = notebook.picture.captures
    if not there:
        raise BadRequest("this run has no profiles, so there is nothing to ask: see what was not measured")
    if asked.view is not None:
        found = [name for name, capture in there.items() if capture.view == asked.view]
        if not found:
            views = ", ".join(dict.fromkeys(capture.view for capture in there.values()))
            raise BadRequest(f"this run has no {asked.view} profile: it has {views}")
        return found
    order = {view: n for n, view in enumerate(notebook.picture.plan.focus)}
    return sorted(there, key=lambda name: order.get(there[name].view, len(order)))


def _first(notebook: Notebook, asked: Asked, find: Callable[[str], Found]) -> Found:
    """The answer of the first capture that has one. Raises: BadRequest as the first that hasn't."""
    problems: list[BadRequest] = []
    for capture in _captures(notebook, asked):
        try:
            return find(capture)
        except BadRequest as error:
            problems.append(error)
    raise problems[0]


def _reply(notebook: Notebook, words: str, find: Callable[[], Found], head: Callable[[str], str]) -> Reply:
    """What is found, kept as evidence and put into prose; `head` makes a table's title of its function."""
    started = time.perf_counter()
    found = find()
    shown = numbered(found.answer, found.value)
    title = f"{words}, {' and '.join(found.captures)}"
    kept = notebook.keep(title, quantities_of(shown, found.value), time.perf_counter() - started)
    if kept is None:
        raise BadRequest("nothing can be kept as evidence here, so nothing is answered from profiles")
    return Reply(text=_prose(notebook, found, shown, kept, head), evidence=(*found.captures, kept.id))


def _prose(
    notebook: Notebook, found: Found, answer: Answer, kept: Evidence, head: Callable[[str], str]
) -> str:
    capture = found.captures[0]
    view = notebook.capture(capture)[1].view
    parts = [f"From the {view} profile {capture} ({quoted(found.value.name)}):"]
    there = {quantity.name for quantity in kept.quantities}
    for position, table in enumerate(answer.tables, 1):
        lines = [line for row in table.rows if (line := _line(table, row, kept.id, there))][:MOST_LINES]
        nothing = [] if lines else [f"- {plain(' '.join(table.lines)) or 'nothing'}"]
        parts.append("\n".join([head(_function(table, position, kept.id, there)), *lines, *nothing]))
    parts += [plain(warning) for warning in (*answer.notes, *answer.warnings)]
    return "\n\n".join(parts)


def _line(table: Table, row: Row, evidence_id: str, there: set[str]) -> str:
    """A row as an item of a list; "" where it has no number."""
    words: list[str] = []
    named: dict[str, object] = {}
    for column, cell in zip(table.columns, row.cells, strict=True):
        name = name_in_row(column, row)
        if column.measures is None or column.hidden:
            named[column.key] = cell.text if column.key == "function" else cell.raw
        elif name in there:
            said = _SAID.get(column.key, "{}").format(f"{{{evidence_id}.{name}}}")
            if said.startswith("(") and words:
                words[-1] += f" {said}"
            else:
                words.append(said)
    if not words:
        return ""
    if "line" in named:
        text = str(named.get("text") or "").strip()
        return f"- line {named['line']}: {', '.join(words)}" + (f": {quoted(text)}" if text else "")
    return f"- {quoted(str(named.get('function', '')))}: {', '.join(words)}"


def _costliest(_function: str) -> str:
    return "The costliest functions by what they do themselves:"


def _function(table: Table, position: int, evidence_id: str, there: set[str]) -> str:
    """A table's function with both of its costs."""
    shares = (
        ("own", f"function_self_share_{position}"),
        ("with all below it", f"function_cumulative_share_{position}"),
    )
    costs = [f"{word} {{{evidence_id}.{name}}}" for word, name in shares if name in there]
    return quoted(str(table.fields.get("function", ""))) + (f" ({', '.join(costs)})" if costs else "")
