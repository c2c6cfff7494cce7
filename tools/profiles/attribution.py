"""Each sample's cost, given to the own frame that causes it: the own frame nearest to the leaf.

Runtime, library and dependency frames below it say what kind of work it caused. Harness frames own nothing.
Closures belong to the function they are written in, comprehensions and lambdas likewise.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from tools.profiles.causes import Cause, go_cause, python_cause
from tools.profiles.naming import imported
from tools.profiles.ownership import OwnCode, Owner
from tools.profiles.profile import Function, IntArray, Profile
from tools.profiles.queries import BoolArray

_GO_CLOSURE = re.compile(r"(\.func\d+(\.\d+)*|-range\d+|\.gowrap\d+|\.deferwrap\d+)+$")
_GO_TYPE_ARGUMENTS = re.compile(r"\[\.\.\.\]$|\[go\.shape[^]]*\]")

_INTERRUPTED = frozenset({"runtime.asyncPreempt"})
"""Frames that stand below whatever instruction was running when the scheduler wanted the processor."""
_OWNERS: dict[Owner, Cause] = {
    "own": "its own instructions",
    "harness": "the standard library",
    "dependency": "a dependency",
    "library": "the standard library",
    "runtime": "the runtime",
}
"""What work is called that no table knows, by whose code it is."""


@dataclass(frozen=True, slots=True)
class Place:
    """An own function: its name and its file relative to the root."""

    function: str
    file: str


@dataclass(slots=True)
class PlaceCost:
    """What one own function costs in one view, in the value's unit.

    `attributed`: its own instructions and all foreign work it causes directly; `own`: its instructions only;
    `cumulative`: with everything below. `lines` maps a line to the cost passing through it. `callers` maps
    (place, line) of the own frame above to the attributed cost that came that way. `foreign` is by the foreign
    function called directly, and what kind of work it was.
    """

    start_line: int = 0
    attributed: int = 0
    own: int = 0
    cumulative: int = 0
    samples: int = 0
    lines: Counter[int] = field(default_factory=Counter)
    attributed_lines: Counter[int] = field(default_factory=Counter)
    causes: Counter[Cause] = field(default_factory=Counter)
    foreign: Counter[tuple[Cause, str]] = field(default_factory=Counter)
    callers: Counter[tuple[Place, int]] = field(default_factory=Counter)
    children: Counter[Place] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribution:
    """The costs of own functions in one view; `total` includes what no own function causes."""

    total: int
    places: dict[Place, PlaceCost]
    unattributed: Counter[Cause]


def attribute(profile: Profile, value: str, own: OwnCode) -> Attribution:
    """Give every sample's cost to own functions."""
    owners = [own.owner(f) for f in profile.functions]
    is_own = np.array([o == "own" for o in owners], dtype=bool)
    places = [
        place_of(f, own) if o == "own" else None for f, o in zip(profile.functions, owners, strict=True)
    ]
    amounts = profile.values[:, profile.column(value)]
    result = Attribution(total=int(amounts.sum()), places={}, unattributed=Counter())
    for stack, amount, seen in _told_apart(profile, amounts, is_own):
        _add(result, profile.functions, is_own, places, stack, amount, seen, own)
    return result


def _told_apart(
    profile: Profile, amounts: IntArray, is_own: BoolArray
) -> Iterator[tuple[list[tuple[int, int]], int, int]]:
    """Stacks with their amount and how often they were seen, those put together that differ in nothing that counts.

    What counts are own frames, and the functions below the first of them; all functions where there is none.
    """
    owned = is_own[profile.frame_function][profile.frame_ids]
    lengths = np.diff(profile.offsets)
    before: IntArray = np.cumsum(owned) - owned
    starts = np.minimum(profile.offsets[:-1], max(len(owned) - 1, 0))
    first: IntArray = np.repeat(before[starts] if len(owned) else before, lengths)
    kept = owned | (before == first)
    # An own frame is known by its number; of a foreign one the line makes no difference.
    tokens = np.where(owned, profile.frame_ids, -1 - profile.frame_function[profile.frame_ids])[kept]
    ends = np.concatenate([[0], np.cumsum(kept)])[profile.offsets].tolist()
    seen = profile.times_seen().tolist()
    groups: dict[bytes, list[int]] = {}
    for n, amount in enumerate(amounts.tolist()):
        if amount:
            group = groups.setdefault(tokens[ends[n] : ends[n + 1]].tobytes(), [0, 0])
            group[0] += amount
            group[1] += seen[n]
    functions, lines = profile.frame_function.tolist(), profile.frame_line.tolist()
    for key, (amount, times) in groups.items():
        stack = np.frombuffer(key, dtype=tokens.dtype).tolist()
        yield [(functions[t], lines[t]) if t >= 0 else (-1 - t, 0) for t in stack], amount, times


def place_of(function: Function, own: OwnCode) -> Place:
    """What an own function is called, its closures and instances of generics included."""
    file = own.relative(function) or function.file
    name = function.name
    if own.language == "go":
        name = _GO_TYPE_ARGUMENTS.sub("", _GO_CLOSURE.sub("", name))
    return Place(name, file)


def _is_inner(place: Place) -> bool:
    """A comprehension, generator expression or lambda: a frame without a name of its own.

    py-spy calls it `Class.method.<locals>.<genexpr>` from Python 3.11 on; without source it's `<genexpr>` elsewhere.
    """
    name = place.function.rpartition(".")[2]
    return name.startswith("<") and name != "<module>"


def _add(
    result: Attribution,
    functions: tuple[Function, ...],
    is_own: BoolArray,
    places: list[Place | None],
    stack: list[tuple[int, int]],
    amount: int,
    seen: int,
    own: OwnCode,
) -> None:
    owned = [(places[f], line, depth, f) for depth, (f, line) in enumerate(stack) if is_own[f]]
    foreign = (
        [functions[f] for f, _ in stack[: owned[0][2]]][::-1]
        if owned
        else [functions[f] for f, _ in stack][::-1]
    )
    if foreign and foreign[0].name in _INTERRUPTED:
        foreign = []
    cause = _cause(foreign, own)
    if not owned:
        result.unattributed[cause] += amount
        return
    frames = _without_inner([(p, line, f) for p, line, _, f in owned if p is not None])
    seen_lines: set[tuple[Place, int]] = set()
    below: Place | None = None
    for position, (place, line, function) in enumerate(frames):
        cost = result.places.setdefault(place, PlaceCost())
        cost.start_line = cost.start_line or functions[function].start_line
        if position == 0:
            _add_owner(cost, frames, foreign, cause, amount, seen)
        if (place, line) not in seen_lines:
            cost.lines[line] += amount
            if not any(p == place for p, _ in seen_lines):
                cost.cumulative += amount
                if below is not None and below != place:
                    cost.children[below] += amount
        seen_lines.add((place, line))
        below = place


def _add_owner(
    cost: PlaceCost,
    frames: list[tuple[Place, int, int]],
    foreign: list[Function],
    cause: Cause,
    amount: int,
    seen: int,
) -> None:
    cost.attributed += amount
    cost.samples += seen
    cost.causes[cause] += amount
    cost.attributed_lines[frames[0][1]] += amount
    if foreign:
        cost.foreign[cause, imported(foreign) or foreign[0].name] += amount
    else:
        cost.own += amount
    above = next(((p, line) for p, line, _ in frames[1:] if p != frames[0][0]), None)
    if above is not None:
        cost.callers[above] += amount


def _without_inner(frames: list[tuple[Place, int, int]]) -> list[tuple[Place, int, int]]:
    """Comprehensions and lambdas renamed to the function around them (the next own frame of the file)."""
    found = []
    for position, (place, line, function) in enumerate(frames):
        outer = place
        if _is_inner(place):
            outer = next(
                (p for p, _, _ in frames[position + 1 :] if p.file == place.file and not _is_inner(p)), place
            )
        found.append((outer, line, function))
    return found


def _cause(foreign: list[Function], own: OwnCode) -> Cause:
    if not foreign:
        return "its own instructions"
    is_go = own.language == "go"
    known = go_cause(f.name for f in foreign) if is_go else python_cause(f.file for f in foreign)
    return known or _OWNERS[own.owner(foreign[0])]
