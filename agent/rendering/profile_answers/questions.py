"""A question to a profile: which part of it is looked at, in which of its values, and which functions are meant."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from agent.errors import BadRequest
from agent.rendering.profile_answers.calls import Peek
from agent.rendering.profile_answers.subject import Subject
from agent.rendering.profile_answers.wording import COMMAND_LINE, Wording
from tools.profiles.filters import Filters, filtered
from tools.profiles.matching import costs_of, functions_named, near_names
from tools.profiles.profile import Profile
from tools.profiles.queries import BoolArray, FunctionCost, neighbours
from tools.profiles.searching import Regex
from tools.profiles.states import VALUES, goroutine_states
from tools.profiles.tags import GroupCost, cost_by_label
from tools.profiles.tree import Cut, Sandwich, sandwich

Compile = Callable[[str], Regex]
STATE = "state"
"""What goroutines are split by although no label tells it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A profile under filters, in one of its values, and what is to be said about it."""

    profile: Profile
    value: str
    subject: Subject


def question_about(
    profile: Profile, filters: Filters, *, value: str | None, file: str, wording: Wording = COMMAND_LINE
) -> Question:
    """The part of a profile, called `file`, that filters leave. Raises: BadRequest when there is no such value."""
    chosen = chosen_value(profile, value, file, wording)
    found = filtered(profile, filters)
    subject = Subject(
        file=file,
        value=profile.value_types[profile.column(chosen)],
        total=profile.total(chosen),
        kept=found.profile.total(chosen),
        duration_s=profile.duration_ns / 1e9,
        filters=filters.patterns,
        unmatched=found.unmatched,
        wording=wording,
    )
    return Question(profile=found.profile, value=chosen, subject=subject)


def chosen_value(profile: Profile, wanted: str | None, file: str, wording: Wording = COMMAND_LINE) -> str:
    """The value that was asked for, else what the profile is about. Raises: BadRequest naming those there are."""
    name = wanted or profile.default_value
    if name not in [v.name for v in profile.value_types]:
        names = ", ".join(v.name for v in profile.value_types)
        choose = wording.way(f"choose one of {names} with", "value")
        raise BadRequest(f"{file} doesn't measure {name!r}: {choose}")
    return name


def pattern_of(setting: str, text: str | None, compiled: Compile = re.compile) -> Regex | None:
    """A filter's expression, None for none. Raises: BadRequest naming the setting."""
    try:
        return None if text is None else compiled(text)
    except re.error as error:
        raise BadRequest(f"{setting} {text!r} is no regular expression: {error}") from error


def functions_asked(
    question: Question, wanted: str, compiled: Compile = re.compile
) -> dict[int, FunctionCost]:
    """The functions that `wanted` means, by number, the costliest first; at least one.

    Raises: BadRequest naming others when none matches, or none costs anything.
    """
    wording = question.subject.wording
    try:
        found = functions_named(question.profile, wanted, compiled)
    except re.error as error:
        raise BadRequest(f"{wanted!r} is no regular expression: {error}") from error
    if not found.any():
        near = near_names(question.profile, wanted)
        meant = f"did you mean {', '.join(near)}?" if near else wording.listing
        raise BadRequest(f"no function of {question.subject.file} matches {wanted!r}: {meant}")
    costs = costs_of(question.profile, found, value=question.value, total=question.subject.total)
    if not costs:
        filters = " under these filters" if question.subject.filters else ""
        choose = wording.way("choose another", "value")
        raise BadRequest(f"{wanted!r} costs no {question.value}{filters}: {choose} or fewer filters")
    return costs


def peek_of(question: Question, number: int, cost: FunctionCost) -> Peek:
    """The function of that number with its callers and callees."""
    profile, value = question.profile, question.value
    only = _only(profile, number)
    return Peek(
        cost=cost,
        callers=neighbours(profile, only, value, 1),
        callees=neighbours(profile, only, value, -1),
    )


def sandwich_asked(
    question: Question, wanted: str, cut: Cut, compiled: Compile = re.compile
) -> tuple[FunctionCost, Sandwich]:
    """The one function that `wanted` means, with all above and below it.

    Raises: BadRequest naming them when it means several, and as `functions_asked`.
    """
    found = functions_asked(question, wanted, compiled)
    if len(found) > 1:
        names = ", ".join(cost.function.name for cost in list(found.values())[:3])
        more = f" and {len(found) - 3} more" if len(found) > 3 else ""
        raise BadRequest(f"{wanted!r} means several functions and a tree is of one: choose of {names}{more}")
    ((number, cost),) = found.items()
    return cost, sandwich(question.profile, _only(question.profile, number), question.value, cut)


def groups_asked(question: Question, key: str) -> tuple[GroupCost, ...]:
    """The total by a label's values, or by the goroutines' state. Raises: BadRequest naming the labels there are."""
    labels = question.profile.labels
    if key in labels:
        return cost_by_label(question.profile, key, question.value)
    if key == STATE and question.value in VALUES:
        return goroutine_states(question.profile, question.value)
    there = [*sorted(labels), *([STATE] if question.value in VALUES else [])]
    known = f"there are {', '.join(there)}" if there else "its samples have none"
    raise BadRequest(f"{question.subject.file} has no label {key!r} to split {question.value} by: {known}")


def _only(profile: Profile, function: int) -> BoolArray:
    wanted = np.zeros(len(profile.functions), dtype=np.bool_)
    wanted[function] = True
    return wanted
