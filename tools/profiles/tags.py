"""Labels of samples (`thread=MainThread`, `bytes=4096`): choosing by them, and what each of their values costs."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tools.profiles.profile import IntArray, Profile
from tools.profiles.queries import BoolArray

_RANGE = re.compile(r"^(?P<low>[+-]?\d+)?:(?P<high>[+-]?\d+)?$")
_NUMBER = re.compile(r"^[+-]?\d+")


@dataclass(frozen=True, slots=True, kw_only=True)
class TagFilter:
    """A label's key with what its value must be: a regular expression found in it, or a range of whole numbers.

    A range includes both ends; a value such as `4096 bytes` is compared by its number, in its own unit. `text` is
    the filter as it was written.
    """

    text: str
    key: str
    pattern: re.Pattern[str] | None
    low: float = -math.inf
    high: float = math.inf

    def matches(self, column: Sequence[str], samples: int) -> BoolArray:
        """For each of `samples` samples whether it fits; those without the label never do."""
        if not column:
            return np.zeros(samples, dtype=np.bool_)
        fitting = {value for value in set(column) if value and self._fits(value)}
        return np.fromiter((value in fitting for value in column), dtype=np.bool_, count=samples)

    def _fits(self, value: str) -> bool:
        if self.pattern is not None:
            return self.pattern.search(value) is not None
        number = _NUMBER.match(value)
        return number is not None and self.low <= int(number[0]) <= self.high


def parse_tag(text: str) -> TagFilter:
    """`KEY=REGEX`, or `KEY=LOW:HIGH` with one end left out or not. Raises: ValueError saying what is wrong."""
    key, equals, wanted = text.partition("=")
    if not key or not equals or not wanted:
        raise ValueError(f"{text!r} is no label with a value: write KEY=REGEX or KEY=LOW:HIGH")
    ends = _RANGE.match(wanted)
    if ends is None or wanted == ":":
        try:
            return TagFilter(text=text, key=key, pattern=re.compile(wanted))
        except re.error as error:
            raise ValueError(f"{wanted!r} is no regular expression: {error}") from error
    low = -math.inf if ends["low"] is None else int(ends["low"])
    high = math.inf if ends["high"] is None else int(ends["high"])
    if low > high:
        raise ValueError(f"{text!r} is an empty range: the lower end comes first")
    return TagFilter(text=text, key=key, pattern=None, low=low, high=high)


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupCost:
    """What all samples of one group cost, in the value's unit; how many rows they are; where most of it is spent.

    `name` is the label's value, "" for samples without the label. `place` is the name of the function in which the
    group spends most by itself, `place_value` how much; "" and 0 without stacks.
    """

    name: str
    value: int
    rows: int
    place: str
    place_value: int


def cost_by_label(profile: Profile, key: str, value: str) -> tuple[GroupCost, ...]:
    """The total split by a label's values, largest first. Raises: KeyError naming the labels there are."""
    if key not in profile.labels:
        there = ", ".join(sorted(profile.labels)) or "none"
        raise KeyError(f"no label {key!r} in this profile; it has {there}")
    names = tuple(dict.fromkeys(profile.labels[key]))
    numbers = {name: n for n, name in enumerate(names)}
    groups = np.fromiter(
        (numbers[name] for name in profile.labels[key]), dtype=np.int64, count=profile.samples
    )
    return group_costs(profile, groups, names, leaf_functions(profile), value)


def leaf_functions(profile: Profile) -> IntArray:
    """For each sample the function that was executing, -1 without a stack."""
    found = np.full(profile.samples, -1, dtype=np.int64)
    filled = np.diff(profile.offsets) > 0
    found[filled] = profile.frame_function[profile.frame_ids[profile.offsets[:-1][filled]]]
    return found


def group_costs(
    profile: Profile, groups: IntArray, names: Sequence[str], places: IntArray, value: str
) -> tuple[GroupCost, ...]:
    """What groups of samples cost, largest first. `groups` numbers them, `places` is a function for each, or -1."""
    amounts = profile.values[:, profile.column(value)]
    totals = np.zeros(len(names), dtype=np.int64)
    np.add.at(totals, groups, amounts)
    functions = len(profile.functions)
    placed = places >= 0
    keys, inverse = np.unique(groups[placed] * max(functions, 1) + places[placed], return_inverse=True)
    sums = np.zeros(len(keys), dtype=np.int64)
    np.add.at(sums, inverse, amounts[placed])
    largest: dict[int, int] = {}
    for n in np.argsort(np.abs(sums), kind="stable").tolist():
        largest[int(keys[n]) // functions] = n  # the last one is the largest
    rows = np.bincount(groups, minlength=len(names))
    found = []
    for n, name in enumerate(names):
        at = largest.get(n)
        place = "" if at is None else profile.functions[int(keys[at]) % functions].name
        here = 0 if at is None else int(sums[at])
        found.append(
            GroupCost(name=name, value=int(totals[n]), rows=int(rows[n]), place=place, place_value=here)
        )
    return tuple(sorted(found, key=lambda g: (-abs(g.value), g.name)))
