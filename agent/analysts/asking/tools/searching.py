"""Searching the target's files for text, within limits of time and size."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated

from pydantic import Field

from agent.analysts.asking.masking import without_key_lines
from agent.analysts.asking.tools.answering import uncited
from agent.analysts.asking.tools.files import Glob
from agent.analysts.asking.tools.notebook import Notebook
from agent.analysts.asking.tools.places import files_below, searchable
from agent.analysts.asking.tools.tool import ToolAnswer, ToolInput
from agent.errors import BadRequest
from agent.rendering.profile_answers.answer import Answer, Cell, Column, Row, Table
from tools.profiles.searching import linear_regex
from tools.run.reading import shown_name

SEARCHED_CHARACTERS = 64 * 1024**2
"""So much text is searched."""
COUNTED = 2_000
"""So many lines are found before the search ends."""
SHOWN = 160
"""Characters of a line, around what was found."""


class SearchCode(ToolInput):
    """What to look for."""

    query: Annotated[str, Field(min_length=1, max_length=200)] = Field(description="within one line")
    regex: bool = False
    glob: Glob = Field(default="", description="such as *.go or store/*.py")


def search_code(notebook: Notebook, asked: SearchCode) -> ToolAnswer:
    """Lines with the text, by file and line. Raises: BadRequest; LimitExceeded when an expression takes too long."""
    rows, stopped = _rows(notebook.picture.root, asked)
    table = Table(
        title="",
        columns=(
            Column(key="place", head="place", is_text=True),
            Column(key="text", head="line", is_text=True),
        ),
        rows=tuple(rows),
        what="lines",
        narrow="narrow with `glob` or a longer `query`",
    )
    where = f" in files that match {asked.glob}" if asked.glob else ""
    answer = Answer(facts=(f"{len(rows):,} lines with {asked.query!r}{where}",), fields={}, tables=(table,))
    return uncited(answer, stopped)


def _rows(root: Path, asked: SearchCode) -> tuple[list[Row], str]:
    """What was found, and why not everything was searched, or ""."""
    rows: list[Row] = []
    left = SEARCHED_CHARACTERS
    finds = _finder(asked)
    for name in files_below(root, "", asked.glob):
        text = without_key_lines(searchable(root, name))
        left -= len(text)
        if left < 0:
            return (
                rows,
                f"Only the first {SEARCHED_CHARACTERS // 1024**2} MiB were searched: narrow with `glob`.",
            )
        for number, line in finds(text):
            rows.append(_row(name, number, line, asked, len(rows)))
            if len(rows) >= COUNTED:
                return (
                    rows,
                    f"The search ended after {COUNTED:,} lines: narrow with `glob` or a longer `query`.",
                )
    return rows, ""


def _finder(asked: SearchCode) -> Callable[[str], Iterator[tuple[int, str]]]:
    """What finds lines in a text. Raises: BadRequest."""
    if not asked.regex:
        return lambda text: (
            _found(text, lambda line: asked.query in line) if asked.query in text else iter(())
        )
    try:
        search = linear_regex(asked.query).search
    except re.error as error:
        raise BadRequest(f"{asked.query!r} is no regular expression: {error}") from error
    return lambda text: _found(text, lambda line: search(line) is not None)


def _found(text: str, fits: Callable[[str], bool]) -> Iterator[tuple[int, str]]:
    return ((number, line) for number, line in enumerate(text.split("\n"), 1) if fits(line))


def _row(name: str, number: int, line: str, asked: SearchCode, before: int) -> Row:
    shown = line.strip()
    if len(shown) > SHOWN:
        at = max(shown.find(asked.query), 0)
        first = max(min(at - SHOWN // 4, len(shown) - SHOWN), 0)
        ends = ("…" if first else "", "…" if first + SHOWN < len(shown) else "")
        shown = f"{ends[0]}{shown[first : first + SHOWN]}{ends[1]}"
    place = f"{name}:{number}"
    return Row(cells=(Cell(raw=place, text=shown_name(place)), Cell(raw=shown, text=shown)), weight=-before)
