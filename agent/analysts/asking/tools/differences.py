"""How one capture differs from another."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from agent.analysts.asking.tools.notebook import Notebook
from agent.analysts.asking.tools.profiles import MOST_FUNCTIONS, Filtered, Found, filters_of
from agent.analysts.asking.tools.tool import Name
from agent.analysts.asking.tools.wording import PARAMETERS
from agent.errors import BadRequest
from agent.rendering.profile_answers.changes import difference_answer
from agent.rendering.profile_answers.questions import chosen_value
from tools.measure.toolchain import Capture
from tools.profiles.difference import compare_profiles
from tools.profiles.filters import filtered


class Difference(Filtered):
    """Two captures."""

    before: Name = Field(description="as `capture` elsewhere")
    after: Name
    by: Literal["self", "cumulative"] = "self"
    limit: int = Field(default=15, ge=1, le=MOST_FUNCTIONS)
    normalise: bool = Field(default=False, description="compare parts of equal totals: use it between sizes")


def difference(notebook: Notebook, asked: Difference) -> Found:
    """Functions by how much their cost changed. Raises: BadRequest when both don't measure the same."""
    (first, older), (second, newer) = (notebook.capture(name) for name in (asked.before, asked.after))
    if first == second:
        raise BadRequest(f"{first} can't differ from itself: name two captures, or ask `capture` for another")
    value = _common_value(older, newer, asked.value, (first, second))
    filters = filters_of(asked)
    before, after = (filtered(capture.profile, filters) for capture in (older, newer))
    found = compare_profiles(
        before.profile, after.profile, value=value, by=asked.by, limit=asked.limit, normalised=asked.normalise
    )
    answer = difference_answer(
        found,
        (f"{first} ({older.profiler})", f"{second} ({newer.profiler})"),
        filters.patterns,
        [name for name in before.unmatched if name in after.unmatched],
        PARAMETERS,
    )
    return Found(answer=answer, value=found.value, captures=(first, second))


def _common_value(before: Capture, after: Capture, wanted: str, names: tuple[str, str]) -> str:
    value = chosen_value(before.profile, wanted or before.value, names[0], PARAMETERS)
    mine, theirs = ({v.name: v.unit for v in c.profile.value_types} for c in (before, after))
    if mine[value] != theirs.get(value):
        both = ", ".join(name for name, unit in mine.items() if theirs.get(name) == unit)
        choose = f"choose one of {both} with `value`" if both else "compare captures of one profiler"
        raise BadRequest(f"{names[0]} and {names[1]} don't both measure {value!r}: {choose}")
    return value
