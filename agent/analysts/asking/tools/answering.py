"""From an answer about captures to what the model gets: cut, numbered, kept as evidence, with how to cite it."""

from __future__ import annotations

from collections.abc import Callable

from agent.analysts.asking.tools.citing import guide, joined, numbered, quantities_of, rows_of
from agent.analysts.asking.tools.notebook import Notebook
from agent.analysts.asking.tools.profiles import Found
from agent.analysts.asking.tools.tool import TOKENS, Input, ToolAnswer
from agent.analysts.asking.tools.wording import PARAMETERS
from agent.rendering.profile_answers.answer import Answer
from agent.rendering.profile_answers.writing import fitted, write

_CAPTURES = frozenset({"capture", "before", "after"})


def cited(name: str, find: Callable[[Notebook, Input], Found]) -> Callable[[Notebook, Input], ToolAnswer]:
    """A tool's function, from one that finds an answer about captures."""

    def answer(notebook: Notebook, asked: Input) -> ToolAnswer:
        started = notebook.clock()
        found = find(notebook, asked)
        shown = fitted(numbered(found.answer, found.value), "compact", TOKENS, PARAMETERS)
        settings = asked.model_dump(exclude_defaults=True, exclude=set(_CAPTURES))
        words = [f"{name.replace('_', ' ')} of {' and '.join(found.captures)}"]
        words += [f"{key.replace('_', ' ')} {value}" for key, value in settings.items()]
        kept = notebook.keep(
            ", ".join(words), quantities_of(shown, found.value), notebook.clock() - started, rows_of(shown)
        )
        how = guide(kept) if kept is not None else ""
        return ToolAnswer(text=write(shown, "compact"), guide=joined(how, found.note))

    return answer


def uncited(answer: Answer, note: str = "") -> ToolAnswer:
    """An answer that holds nothing that was measured for it."""
    return ToolAnswer(text=write(fitted(answer, "compact", TOKENS, PARAMETERS), "compact"), guide=note)
