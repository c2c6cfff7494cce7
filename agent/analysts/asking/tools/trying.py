"""A change that is tried out because somebody asks what if: through every gate, and never applied."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated

from pydantic import Field

from agent.analysts.analyst import Trials
from agent.analysts.asking.answers import CandidateAnswer, Edit, NewFile, Prose
from agent.analysts.asking.briefing import judged_words
from agent.analysts.asking.edits import Editor
from agent.analysts.asking.final import Unusable
from agent.analysts.asking.prose import Known, locked
from agent.analysts.asking.tools.citing import guide
from agent.analysts.asking.tools.notebook import Notebook
from agent.analysts.asking.tools.tool import AnyTool, Tool, ToolAnswer, ToolInput
from agent.analysts.asking.writing import patch_of
from agent.errors import BadRequest
from agent.report import Candidate, JudgedCandidate
from tools.run.process import Runner


class TryChange(ToolInput):
    """One change. Edits of one file are applied one after the other."""

    title: Annotated[str, Field(min_length=1, max_length=120)] = Field(
        description="what it does, in a few words"
    )
    why: Prose = Field(description="what it is to show")
    edits: Annotated[list[Edit], Field(max_length=40)] = Field(default=[])
    files: Annotated[list[NewFile], Field(max_length=5)] = Field(default=[])


@dataclass(slots=True, kw_only=True)
class Trying:
    """The tool `try_change` of one question. `written` are the files as the changes that were tried would leave them:
    names that only stand there can be spoken of, too.
    """

    trials: Trials
    editor: Editor
    runner: Runner
    origin: str
    known: Callable[[Mapping[str, bytes]], Known]
    written: dict[str, bytes] = field(default_factory=dict)

    def tool(self) -> AnyTool:
        """The tool as the toolbox takes it."""
        return Tool(
            name="try_change",
            description="Try a change on a private copy of the target as it was profiled: it is built, tested, "
            "compared by value and measured in pairs, which takes a while. The verdict comes back with its numbers; "
            "nothing is applied. Edits replace a text that stands exactly once in a file: read the file first, and "
            "quote it exactly. Tests, benchmarks and build files can't be changed.",
            input=TryChange,
            answer=self.answer,
            once=True,
        )

    def answer(self, notebook: Notebook, asked: TryChange) -> ToolAnswer:
        """The verdict on a change with every number that was measured. Raises: BadRequest saying why there is none."""
        change = CandidateAnswer(
            title=asked.title,
            rationale=asked.why,
            risk="It is only tried.",
            edits=asked.edits,
            files=asked.files,
        )
        try:
            contents = self.editor.contents(change)
        except Unusable as error:
            raise BadRequest("; ".join(error.problems)) from None
        patch = patch_of(self.runner, self.editor.root, contents)
        if not patch:
            raise BadRequest(f"{asked.title!r} changes nothing: give edits that do")
        files = tuple(sorted(contents))
        known = self.known(contents)
        judged = self.trials.judge(
            Candidate(
                id="",
                bottleneck_rank=0,
                title=locked(asked.title, known).text.strip() or f"A change of {files[0]}",
                rationale=locked(asked.why, known).text.strip(),
                risk="",
                origin=self.origin,
                patch=patch,
                files=files,
            )
        )
        self.written.update(contents)
        return ToolAnswer(
            text="\n".join([judged_words([judged]), *_how_to_cite(notebook, judged)]),
            guide=f"The patch is kept as {judged.candidate.id}; nothing was applied.",
        )


def _how_to_cite(notebook: Notebook, judged: JudgedCandidate) -> list[str]:
    """How the numbers that were measured for a change are cited: their names hold those of the benchmarks."""
    mine = [e for e in notebook.evidence if e.id in judged.evidence and e.quantities]
    return [f"{e.id} ({e.kind}): {guide(e)}" for e in mine]
