"""Questions to one capture: top, callers, callees, the tree of calls, a function's source with what each line costs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from agent.analysts.asking.tools.notebook import Notebook
from agent.analysts.asking.tools.tool import Expression, Name, ToolInput
from agent.analysts.asking.tools.wording import PARAMETERS
from agent.rendering.profile_answers.answer import Answer
from agent.rendering.profile_answers.calls import Side, peek_answer, sandwich_answer, tree_answer
from agent.rendering.profile_answers.costs import split_answer, top_answer
from agent.rendering.profile_answers.lines import list_answer
from agent.rendering.profile_answers.questions import (
    Question,
    functions_asked,
    groups_asked,
    pattern_of,
    peek_of,
    question_about,
    sandwich_asked,
)
from agent.workspace import NOT_COPIED
from tools.profiles.filters import Filters
from tools.profiles.profile import ValueType
from tools.profiles.queries import rank
from tools.profiles.searching import linear_regex
from tools.profiles.source import AnnotatedFunction, annotated
from tools.profiles.tree import Cut, call_tree

MOST_FUNCTIONS = 100
MOST_CALLS = 50
MOST_LISTED = 3
PEEKED = 3
"""Of so many functions that match, the costliest, callers or callees are shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """An answer about one value of the captures with these ids; `note` is what else is ours to say."""

    answer: Answer
    value: ValueType
    captures: tuple[str, ...]
    note: str = ""


class Filtered(ToolInput):
    """Which part of a profile is looked at."""

    value: Expression = Field(default="", description="such as inuse_space")
    focus: Expression = Field(
        default="", description="regex: only stacks with a function or file that matches"
    )
    ignore: Expression = Field(default="", description="regex: no such stacks")


class Part(Filtered):
    """A capture, or a part of it."""

    capture: Name = Field(description="evidence id of a capture, such as E3, or a view, such as cpu")


class Top(Part):
    """The costliest functions, or what a label tells apart."""

    by: Literal["self", "cumulative"] = "self"
    limit: int = Field(default=15, ge=1, le=MOST_FUNCTIONS)
    split: Expression = Field(
        default="", description="instead: the total by a label, such as thread, or state (goroutines)"
    )


class Calls(Part):
    """A function's callers or callees."""

    function: Name = Field(description="whole name, or regex found in it")
    limit: int = Field(default=12, ge=1, le=MOST_CALLS)


class Tree(Part):
    """Calls under a cut."""

    function: Annotated[str, Field(max_length=300)] = Field(
        default="", description="only what is above and below this one; default: all from the root down"
    )
    min_percent: float = Field(default=2.0, ge=0.1, le=100)
    depth: int = Field(default=30, ge=1, le=200)


class Source(Part):
    """A function line by line."""

    function: Name
    limit: int = Field(default=1, ge=1, le=MOST_LISTED, description="functions, where several match")


def filters_of(asked: Filtered) -> Filters:
    """The filters of an input. Raises: BadRequest."""
    return Filters(
        focus=pattern_of("`focus`", asked.focus or None, linear_regex),
        ignore=pattern_of("`ignore`", asked.ignore or None, linear_regex),
    )


def top(notebook: Notebook, asked: Top) -> Found:
    """The costliest functions, or the total by a label's values. Raises: BadRequest."""
    name, question = _question(notebook, asked, MOST_FUNCTIONS)
    if asked.split:
        groups = groups_asked(question, asked.split)
        return _found(name, question, split_answer(question.subject, asked.split, groups, asked.limit))
    ranking = rank(
        question.profile, value=question.value, by=asked.by, limit=asked.limit, total=question.subject.total
    )
    return _found(name, question, top_answer(question.subject, ranking, asked.by))


def callers(notebook: Notebook, asked: Calls) -> Found:
    """Who calls a function. Raises: BadRequest."""
    return _calls(notebook, asked, "caller")


def callees(notebook: Notebook, asked: Calls) -> Found:
    """What a function calls. Raises: BadRequest."""
    return _calls(notebook, asked, "callee")


def tree(notebook: Notebook, asked: Tree) -> Found:
    """All calls from the root down, or above and below one function. Raises: BadRequest."""
    name, question = _question(notebook, asked, None)
    cut = Cut(share=asked.min_percent / 100, depth=asked.depth)
    if not asked.function:
        return _found(
            name, question, tree_answer(question.subject, call_tree(question.profile, question.value, cut))
        )
    cost, both = sandwich_asked(question, asked.function, cut, linear_regex)
    return _found(name, question, sandwich_answer(question.subject, cost.function, both))


def annotated_source(notebook: Notebook, asked: Source) -> Found:
    """What each line of a function costs, beside its source. Raises: BadRequest."""
    name, question = _question(notebook, asked, MOST_LISTED)
    functions = functions_asked(question, asked.function, linear_regex)
    picture = notebook.picture
    found = annotated(
        question.profile,
        dict(islice(functions.items(), asked.limit)),
        value=question.value,
        roots=[picture.original],
    )
    answer = list_answer(
        question.subject, [_inside(f, picture.original) for f in found], matched=len(functions)
    )
    moved = picture.original != picture.root
    note = "Lines are those that were profiled; read_file shows the files as they are now." if moved else ""
    return replace(_found(name, question, answer), note=note)


def _question(notebook: Notebook, asked: Part, most: int | None) -> tuple[str, Question]:
    name, capture = notebook.capture(asked.capture)
    wording = replace(PARAMETERS, most=most)
    question = question_about(
        capture.profile,
        filters_of(asked),
        value=asked.value or capture.value,
        file=f"{name} ({capture.profiler})",
        wording=wording,
    )
    return name, question


def _found(name: str, question: Question, answer: Answer) -> Found:
    return Found(answer=answer, value=question.subject.value, captures=(name,))


def _calls(notebook: Notebook, asked: Calls, side: Side) -> Found:
    name, question = _question(notebook, asked, MOST_CALLS)
    functions = functions_asked(question, asked.function, linear_regex)
    peeks = [peek_of(question, number, cost) for number, cost in islice(functions.items(), PEEKED)]
    answer = peek_answer(question.subject, peeks, matched=len(functions), limit=asked.limit, sides=(side,))
    return _found(name, question, answer)


def _inside(found: AnnotatedFunction, root: Path) -> AnnotatedFunction:
    """The function with its file named as `read_file` does; without source that isn't the target's.

    A hostile profile may name any file below the root, such as git's own settings with the passwords in them.
    """
    if found.source is None:
        return found
    source = found.source.relative_to(root)
    if not NOT_COPIED.intersection(source.parts):
        return replace(found, source=source, doubt=found.doubt.replace(str(found.source), str(source)))
    lines = tuple(
        replace(line, text=None) for line in found.lines if line.self_value or line.cumulative_value
    )
    return replace(found, source=None, lines=lines, doubt="")
