"""The tools of one conversation: what the model is told of them, and their answers, none of which is long."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from agent.analysts.analyst import Picture
from agent.analysts.asking.tools.answering import cited
from agent.analysts.asking.tools.differences import Difference, difference
from agent.analysts.asking.tools.evidence import AskEvidence, evidence
from agent.analysts.asking.tools.files import ListFiles, ReadFile, list_files, read_file
from agent.analysts.asking.tools.measuring import CaptureInput, Remarks, capture, compiler_remarks
from agent.analysts.asking.tools.notebook import Notebook
from agent.analysts.asking.tools.profiles import (
    Calls,
    Source,
    Top,
    Tree,
    annotated_source,
    callees,
    callers,
    top,
    tree,
)
from agent.analysts.asking.tools.searching import SearchCode, search_code
from agent.analysts.asking.tools.tool import TOKENS, AnyTool, Tool, ToolAnswer
from agent.analysts.model import Json, ToolSpec
from agent.errors import BadRequest
from agent.rendering.profile_answers.amounts import shortened
from agent.rendering.profile_answers.writing import CHARACTERS_A_TOKEN
from tools.errors import Cancelled, ToolError

__all__ = ["ToolAnswer", "Toolbox", "toolbox_for"]
LONGEST = TOKENS * CHARACTERS_A_TOKEN
"""Characters of any answer's text: facts and errors quote what targets call their things, too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Toolbox:
    """The tools over one notebook; `specs` are those as the model sees them, and stay what they are.

    Not for several threads: captures of one host are made one after the other.
    """

    notebook: Notebook
    tools: Mapping[str, AnyTool]
    specs: tuple[ToolSpec, ...]
    kept: dict[str, ToolAnswer] = field(default_factory=dict)

    def run(self, name: str, given: Json) -> ToolAnswer:
        """A tool's answer; what the model can do something about is an answer, too.

        Raises: Cancelled; StorageFailed and BudgetSpent, which the model can't mend.
        """
        tool = self.tools.get(name)
        if tool is None:
            return _refused(f"there is no tool {name!r}: there are {', '.join(self.tools)}")
        try:
            answer = tool.run(self.notebook, given, self.kept)
        except Cancelled:
            raise
        except (ToolError, BadRequest) as error:
            return _refused(str(error))
        return replace(answer, text=shortened(answer.text, LONGEST))


def _refused(why: str) -> ToolAnswer:
    return ToolAnswer(text=shortened(why, LONGEST), is_error=True)


def toolbox_for(picture: Picture, more: Sequence[AnyTool] = ()) -> Toolbox:
    """The tools for a picture: those that its language and its workload have, and `more`."""
    tools = (*_of_profiles(), *_of_files(), *_of_measuring(picture), *more)
    specs = tuple(tool.spec for tool in tools)
    by_name = {spec.name: tool for spec, tool in zip(specs, tools, strict=True)}
    return Toolbox(notebook=Notebook(picture=picture), tools=by_name, specs=specs)


def _of_profiles() -> tuple[AnyTool, ...]:
    return (
        Tool(
            name="top",
            description="The costliest functions of a capture: self is a function's own cost, cumulative includes all "
            "it calls. Waiting for locks, channels or I/O isn't in a CPU profile: ask the contention or goroutines "
            "capture for it.",
            input=Top,
            answer=cited("top", top),
            once=True,
        ),
        Tool(
            name="callers",
            description="Who calls a function, and how much of its cost comes through each.",
            input=Calls,
            answer=cited("callers", callers),
            once=True,
        ),
        Tool(
            name="callees",
            description="What a function calls, and what each costs below it.",
            input=Calls,
            answer=cited("callees", callees),
            once=True,
        ),
        Tool(
            name="tree",
            description="Calls as a tree: how cost flows over several levels, where callers and callees show one.",
            input=Tree,
            answer=cited("tree", tree),
            once=True,
        ),
        Tool(
            name="annotated_source",
            description="What each line of a function costs, beside its source: use it before naming a line.",
            input=Source,
            answer=cited("annotated_source", annotated_source),
            once=True,
        ),
        Tool(
            name="difference",
            description="Functions by how much their cost differs between two captures, such as of two sizes.",
            input=Difference,
            answer=cited("difference", difference),
            once=True,
        ),
    )


def _of_files() -> tuple[AnyTool, ...]:
    return (
        Tool(
            name="read_file",
            description="Lines of a file as it is now, with what was accepted so far. Read what you quote in an edit.",
            input=ReadFile,
            answer=read_file,
        ),
        Tool(
            name="search_code",
            description="Lines of the target's files with a text: where something is defined or used.",
            input=SearchCode,
            answer=search_code,
        ),
        Tool(name="list_files", description="The target's files.", input=ListFiles, answer=list_files),
        Tool(
            name="evidence",
            description="What was measured so far: all titles, or one piece's numbers with the names to cite.",
            input=AskEvidence,
            answer=evidence,
        ),
    )


def _of_measuring(picture: Picture) -> tuple[AnyTool, ...]:
    plan = picture.plan
    found: list[AnyTool] = []
    if plan.kind == "project" and plan.profilers:
        sizes = sorted({b.size for b in plan.workload.benchmarks if b.size is not None})
        found.append(
            Tool(
                name="capture",
                description="Profile the baseline once more: with another profiler, for longer, or at another size to "
                "see what grows. It takes the time it measures: first ask the captures there are.",
                input=CaptureInput,
                answer=capture,
                choices={"profiler": plan.profilers, "size": sizes},
                once=True,
            )
        )
    if plan.kind == "project" and plan.language == "go":
        found.append(
            Tool(
                name="compiler_remarks",
                description="What the Go compiler says of a file: what escapes to the heap, what isn't inlined, where "
                "bounds are checked.",
                input=Remarks,
                answer=compiler_remarks,
                once=True,
            )
        )
    return tuple(found)
