"""Reading and listing the target's files as they are now, with what was accepted so far."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from agent.analysts.asking.masking import without_key_lines
from agent.analysts.asking.tools.answering import uncited
from agent.analysts.asking.tools.citing import joined
from agent.analysts.asking.tools.notebook import Notebook
from agent.analysts.asking.tools.places import WALKED, files_below, text_of
from agent.analysts.asking.tools.tool import TOKENS, Name, ToolAnswer, ToolInput
from agent.errors import BadRequest
from agent.rendering.profile_answers.answer import Answer, Cell, Column, Row, Table
from agent.rendering.profile_answers.writing import CHARACTERS_A_TOKEN
from agent.workspace import is_frozen
from tools.run.reading import shown_name

CHARACTERS = TOKENS * CHARACTERS_A_TOKEN - 200
"""Of a file at once; the rest is for saying where it is."""
MOST_LINES = 400
FROZEN = "Frozen files can be read and not changed."
Glob = Annotated[str, Field(max_length=100)]


class ReadFile(ToolInput):
    """Lines of a file."""

    path: Name = Field(description="relative to the target's root")
    first_line: int = Field(default=1, ge=1, le=10_000_000)
    lines: int = Field(default=100, ge=1, le=MOST_LINES)


class ListFiles(ToolInput):
    """Files below a folder."""

    folder: Annotated[str, Field(max_length=300)] = ""
    glob: Glob = Field(default="", description="such as *.go or store/*.py")


def read_file(notebook: Notebook, asked: ReadFile) -> ToolAnswer:
    """Lines as they stand in the file, each after its number and a tab. Raises: BadRequest."""
    text = without_key_lines(text_of(notebook.picture.root, asked.path))
    ends_crlf = "\r\n" in text
    all_lines = text.removesuffix("\n").split("\n") if text else []
    if not all_lines:
        return ToolAnswer(text=f"{asked.path} is empty\n")
    if asked.first_line > len(all_lines):
        raise BadRequest(f"{asked.path!r} has {len(all_lines)} lines: give a smaller `first_line`")
    if ends_crlf:
        all_lines = [line.removesuffix("\r") for line in all_lines]
    shown, cut = _that_fit(all_lines, asked)
    last = asked.first_line + len(shown) - 1
    head = f"{shown_name(asked.path)}, lines {asked.first_line} to {last} of {len(all_lines)}"
    return ToolAnswer(
        text="\n".join([head, *shown]) + "\n",
        guide=joined(
            "To edit, quote exactly what follows a line's number and one tab.",
            "Lines end with CR LF." if ends_crlf else "",
            f"Line {cut} is longer than is shown: quote only from what is seen of it." if cut else "",
            "This file is frozen: read it, but don't change it." if is_frozen(asked.path) else "",
            f"More: `first_line` {last + 1}." if last < len(all_lines) else "",
        ),
    )


def _that_fit(all_lines: Sequence[str], asked: ReadFile) -> tuple[list[str], int]:
    """The lines asked for that have room, numbered, at least one; and the number of a line that is cut, or 0."""
    shown: list[str] = []
    room = CHARACTERS
    last = min(asked.first_line + asked.lines - 1, len(all_lines))
    for number in range(asked.first_line, last + 1):
        written = f"{number}\t{all_lines[number - 1]}"
        if len(written) + 1 > room:
            return (shown, 0) if shown else ([written[:room]], number)
        shown.append(written)
        room -= len(written) + 1
    return shown, 0


def list_files(notebook: Notebook, asked: ListFiles) -> ToolAnswer:
    """Files by folder, those near the root first where not all have room. Raises: BadRequest."""
    names = list(files_below(notebook.picture.root, asked.folder, asked.glob))
    rows = tuple(
        Row(
            cells=(
                Cell(raw=name, text=shown_name(name)),
                Cell(raw=is_frozen(name), text="frozen" if is_frozen(name) else ""),
            ),
            weight=-name.count("/"),
        )
        for name in names
    )
    where = f"below {asked.folder}" if asked.folder else "in the target"
    table = Table(
        title="",
        columns=(Column(key="file", head="file", is_text=True), Column(key="frozen", is_text=True)),
        rows=rows,
        what="files",
        narrow="narrow with `folder` or `glob`",
    )
    which = f" that match {asked.glob}" if asked.glob else ""
    answer = Answer(facts=(f"{len(names):,} files {where}{which}",), fields={}, tables=(table,))
    most = f"Only the first {WALKED:,} files were looked at." if len(names) >= WALKED else ""
    return uncited(answer, joined(FROZEN if any(map(is_frozen, names)) else "", most))
