"""What is measured because the model asks: another capture, also at another size; the compiler's remarks."""

from __future__ import annotations

from pydantic import Field

from agent.analysts.asking.tools.answering import cited, uncited
from agent.analysts.asking.tools.citing import guide, joined
from agent.analysts.asking.tools.notebook import Notebook
from agent.analysts.asking.tools.places import place_of
from agent.analysts.asking.tools.profiles import Top, top
from agent.analysts.asking.tools.tool import Name, ToolAnswer, ToolInput
from agent.errors import BadRequest
from agent.rendering.profile_answers.amounts import text_cell
from agent.rendering.profile_answers.answer import Answer, Column, Row, Table
from tools.go.diagnostics import Diagnostic

SHOWN = 8
"""Functions of a new capture that are shown with it."""


class CaptureInput(ToolInput):
    """What to profile."""

    profiler: Name
    size: int | None = Field(default=None, ge=0, description="an input size; default: as planned")
    seconds: float | None = Field(default=None, ge=1, le=60)


class Remarks(ToolInput):
    """A file, or a part of it."""

    file: Name
    first_line: int = Field(default=1, ge=1, le=10_000_000)
    last_line: int = Field(default=10_000_000, ge=1, le=10_000_000)


def capture(notebook: Notebook, asked: CaptureInput) -> ToolAnswer:
    """A new capture with its costliest functions. Raises: BadRequest; ToolError saying why it can't be made."""
    lab = notebook.lab("no capture can be made")
    found, seen = lab.capture(asked.profiler, size=asked.size, seconds=asked.seconds)
    notebook.asked_for[found.id] = seen
    answer = cited("top", top)(notebook, Top(capture=found.id, limit=SHOWN))
    warnings = "".join(f"warning: {warning}\n" for warning in found.warnings)
    note = f"{found.id} is the new capture, for `capture`, `before` and `after` of other tools."
    return ToolAnswer(text=answer.text + warnings, guide=joined(note, guide(found), answer.guide))


def compiler_remarks(notebook: Notebook, asked: Remarks) -> ToolAnswer:
    """What the compiler says of a file of the baseline. Raises: BadRequest; ToolError saying why it can't."""
    lab = notebook.lab("the compiler can't be asked")
    original = notebook.picture.original
    real = place_of(original, asked.file)
    if not asked.file.endswith(".go") or not real.is_file():
        raise BadRequest(f"{asked.file!r} is no Go file: `list_files` with glob *.go lists those there are")
    found, remarks = lab.remarks(real.relative_to(original.resolve()).as_posix())
    shown = [
        (number, remark)
        for number, remark in enumerate(remarks, 1)
        if asked.first_line <= remark.line <= asked.last_line
    ]
    table = Table(
        title="",
        columns=tuple(Column(key=key, head=key, is_text=True) for key in ("row", "line", "kind", "remark")),
        rows=tuple(_row(number, remark) for number, remark in shown),
        what="remarks",
        narrow="narrow with `first_line` and `last_line`",
    )
    fact = f"{found.id}: {len(shown):,} of {len(remarks):,} remarks on {asked.file}, as it was profiled"
    answer = Answer(facts=(fact,), fields={}, tables=(table,), warnings=found.warnings)
    return uncited(answer, guide(found))


def _row(number: int, remark: Diagnostic) -> Row:
    cells = (
        text_cell(str(number)),
        text_cell(str(remark.line)),
        text_cell(remark.kind),
        text_cell(remark.message),
    )
    return Row(cells=cells, weight=-number)
