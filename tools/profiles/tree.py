"""Stacks merged into a tree of calls under a cut: from the root down, and above and below one function.

Built level by level, all samples of a level at once; what is smaller than the cut costs nothing further down.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tools.profiles.profile import Function, IntArray, Profile
from tools.profiles.queries import BoolArray, rows_of

TABLE_ENTRIES = 1 << 24
"""Keys below this are numbered in a table (64 MB at most), larger ones by sorting."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """What a tree leaves out: calls under this part (0-1) of the total, and calls deeper than `depth`."""

    share: float = 0.01
    depth: int = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeNode:
    """A function in the context of its callers (or, upwards, of what it called), in the value's unit.

    `function` is None for the tree's beginning, at depth 0. `own_value` is of stacks that end here. `cut` functions
    right below were left out, with `cut_value` in all.
    """

    function: Function | None
    depth: int
    value: int
    own_value: int
    cut: int
    cut_value: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sandwich:
    """Everything above and below one function, each tree's beginning being the function itself.

    With recursion both are seen from the outermost call, so each sample counts once in either.
    """

    value: int
    callers: tuple[TreeNode, ...]
    callees: tuple[TreeNode, ...]


@dataclass(slots=True, kw_only=True)
class _Walk:
    """Samples on their way along their stacks: the place to step on next, and where each stack ends."""

    place: IntArray
    end: IntArray
    step: int
    amounts: IntArray
    node: IntArray

    def keep(self, wanted: BoolArray) -> None:
        """Go on with these samples only."""
        if not wanted.all():
            self.place, self.end = self.place[wanted], self.end[wanted]
            self.amounts, self.node = self.amounts[wanted], self.node[wanted]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Level:
    """Nodes at one depth: `parent` counts within the level above."""

    parent: IntArray
    function: IntArray
    value: IntArray
    own: IntArray
    cut: IntArray
    cut_value: IntArray


def call_tree(profile: Profile, value: str, cut: Cut | None = None) -> tuple[TreeNode, ...]:
    """All stacks from the root down, each node before what it calls, the costliest call first.

    Shares are cut against the profile's total. Raises: KeyError when there is no such value.
    """
    amounts = profile.values[:, profile.column(value)]
    walk = _walk(profile.offsets[1:] - 1, profile.offsets[:-1] - 1, -1, amounts)
    return _tree(profile, walk, cut or Cut())


def sandwich(profile: Profile, wanted: BoolArray, value: str, cut: Cut | None = None) -> Sandwich:
    """Who calls the functions `wanted` (as for `neighbours`) and what they call, as trees under a cut.

    Shares are cut against what these functions cost. Raises: KeyError when there is no such value.
    """
    hits = np.flatnonzero(wanted[profile.frame_function][profile.frame_ids]).astype(np.int64)
    outermost = np.full(profile.samples, -1, dtype=np.int64)
    outermost[rows_of(profile, hits)] = hits  # of several in a row the last, which is the outermost, stays
    rows = np.flatnonzero(outermost >= 0)
    here = outermost[rows]
    amounts = profile.values[rows, profile.column(value)]
    above = _walk(here + 1, profile.offsets[1:][rows], 1, amounts)
    below = _walk(here - 1, profile.offsets[:-1][rows] - 1, -1, amounts)
    return Sandwich(
        value=int(amounts.sum()),
        callers=_tree(profile, above, cut or Cut()),
        callees=_tree(profile, below, cut or Cut()),
    )


def _walk(place: IntArray, end: IntArray, step: int, amounts: IntArray) -> _Walk:
    return _Walk(place=place, end=end, step=step, amounts=amounts, node=np.zeros(len(place), dtype=np.int64))


def _tree(profile: Profile, walk: _Walk, cut: Cut) -> tuple[TreeNode, ...]:
    none = np.array([-1], dtype=np.int64)
    total = walk.amounts.sum(keepdims=True)
    least = cut.share * abs(int(total[0]))
    parent, function, value = none, none, total
    levels: list[_Level] = []
    while len(value):
        walk_ends = walk.place == walk.end
        own = _sums(walk.amounts[walk_ends], walk.node[walk_ends], len(value))
        walk.keep(~walk_ends)
        below, functions, values, numbers = _step(profile, walk)
        wanted = np.abs(values) >= least if len(levels) < cut.depth else np.zeros(len(values), dtype=np.bool_)
        missing = np.bincount(below[~wanted], minlength=len(value)).astype(np.int64)
        lost = _sums(values[~wanted], below[~wanted], len(value))
        levels.append(
            _Level(parent=parent, function=function, value=value, own=own, cut=missing, cut_value=lost)
        )
        walk.node = (np.cumsum(wanted) - 1)[numbers]
        walk.keep(wanted[numbers])
        parent, function, value = below[wanted], functions[wanted], values[wanted]
    return _ordered(profile, levels)


def _step(profile: Profile, walk: _Walk) -> tuple[IntArray, IntArray, IntArray, IntArray]:
    """Go one call on: each new node's parent, function and value; and for each sample which of them it is on."""
    count = max(len(profile.functions), 1)
    stepped = profile.frame_function[profile.frame_ids[walk.place]]
    walk.place = walk.place + walk.step
    keys = walk.node * count + stepped
    found, numbers = _numbered(keys)
    return found // count, found % count, _sums(walk.amounts, numbers, len(found)), numbers


def _numbered(keys: IntArray) -> tuple[IntArray, IntArray]:
    """The different keys in rising order, and for each key which of them it is."""
    size = int(keys.max()) + 1 if len(keys) else 0
    if size > TABLE_ENTRIES:
        found, numbers = np.unique(keys, return_inverse=True)
        return found, numbers.astype(np.int64)
    seen = np.zeros(size, dtype=np.bool_)
    seen[keys] = True
    numbers = np.cumsum(seen, dtype=np.int32)[keys].astype(np.int64) - 1
    return np.flatnonzero(seen).astype(np.int64), numbers


def _sums(amounts: IntArray, groups: IntArray, count: int) -> IntArray:
    """Amounts added up by group, exactly: bincount would count in floats."""
    sums = np.zeros(count, dtype=np.int64)
    np.add.at(sums, groups, amounts)
    return sums


def _ordered(profile: Profile, levels: list[_Level]) -> tuple[TreeNode, ...]:
    """The levels as one sequence, each node followed by what is below it, the largest first."""
    children: list[dict[int, list[int]]] = []
    for level in levels[1:]:
        below: dict[int, list[int]] = {}
        for n in np.argsort(-np.abs(level.value), kind="stable").tolist():
            below.setdefault(int(level.parent[n]), []).append(n)
        children.append(below)
    found = []
    pending = [(0, 0)]
    while pending:
        depth, n = pending.pop()
        level = levels[depth]
        function = int(level.function[n])
        found.append(
            TreeNode(
                function=profile.functions[function] if function >= 0 else None,
                depth=depth,
                value=int(level.value[n]),
                own_value=int(level.own[n]),
                cut=int(level.cut[n]),
                cut_value=int(level.cut_value[n]),
            )
        )
        if depth < len(children):
            pending += [(depth + 1, child) for child in reversed(children[depth].get(n, []))]
    return tuple(found)
