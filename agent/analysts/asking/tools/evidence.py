"""Earlier evidence: a list of all there is, and the numbers of one piece."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from agent.analysts.asking.tools.answering import uncited
from agent.analysts.asking.tools.notebook import Notebook
from agent.analysts.asking.tools.tool import Expression, ToolAnswer, ToolInput
from agent.errors import BadRequest
from agent.evidence import Evidence
from agent.rendering.profile_answers.amounts import text_cell
from agent.rendering.profile_answers.answer import Answer, Column, Row, Table
from agent.rendering.quantities import format_quantity


class AskEvidence(ToolInput):
    """One piece of evidence, or all."""

    id: Annotated[str, Field(max_length=20)] = Field(default="", description="such as E7; default: list all")
    containing: Expression = Field(default="", description="only titles, or names of numbers, with this text")


def evidence(notebook: Notebook, asked: AskEvidence) -> ToolAnswer:
    """The list of evidence, or what one piece says, with names to cite. Raises: BadRequest when there is none."""
    wanted = asked.containing.lower()
    if not asked.id:
        return _all([e for e in notebook.evidence if wanted in e.title.lower()])
    found = next((e for e in notebook.evidence if e.id == asked.id), None)
    if found is None:
        raise BadRequest(f"there is no evidence {asked.id!r}: without an `id` all is listed")
    return _one(found, wanted)


def _all(items: list[Evidence]) -> ToolAnswer:
    rows = tuple(
        Row(cells=(text_cell(e.id), text_cell(_titled(e)), text_cell(e.tool)), weight=number)
        for number, e in enumerate(items)
    )
    table = Table(
        title="",
        columns=tuple(Column(key=key, head=key, is_text=True) for key in ("id", "title", "tool")),
        rows=rows,
        what="pieces of evidence, older ones",
        narrow="narrow with `containing`",
    )
    return uncited(Answer(facts=(f"{len(items):,} pieces of evidence",), fields={}, tables=(table,)))


def _titled(item: Evidence) -> str:
    return f"{item.title} (failed)" if item.failure is not None else item.title


def _one(item: Evidence, wanted: str) -> ToolAnswer:
    there = [q for q in item.quantities if wanted in q.name.lower()]
    rows = tuple(
        Row(cells=(text_cell(f"{{{item.id}.{q.name}}}"), text_cell(format_quantity(q))), weight=-number)
        for number, q in enumerate(there)
    )
    table = Table(
        title="",
        columns=(
            Column(key="cite", head="cite as", is_text=True),
            Column(key="value", head="value", is_text=True),
        ),
        rows=rows,
        what="numbers",
        narrow="narrow with `containing`",
    )
    facts = [f"{item.id}, {item.kind}: {item.title} ({' '.join((item.tool, item.tool_version)).strip()})"]
    facts += [f"it failed: {item.failure}"] if item.failure is not None else []
    facts += [] if there else ["it holds no number" + (" of that name" if wanted else "")]
    return uncited(Answer(facts=tuple(facts), fields={}, tables=(table,), warnings=item.warnings))
