"""A profile as a tree of merged stacks in columns, with the same stacks of a base profile beside it.

Built level by level from the roots, all samples of a level at once: a million samples take seconds. What is
narrower than the frames that can be kept is cut on the way, so its samples cost nothing further down.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from tools.profiles.flame.grouping import group_keys
from tools.profiles.profile import Function, IntArray, Profile

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
ROOT = 0
"""The tree's first frame, called `all`: it has no function."""
FRAMES = 25_000
"""Frames that a tree keeps: the widest ones."""
LEVELS = 4_000
"""Frames of one stack that a tree keeps, from its root."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FlameTree:
    """Frames in the context of their callers, callers first; frames are merged by function (name and file).

    Frame n was called by frame `parent[n]` (-1 for the root, which is frame 0) and is of `functions[function[n]]`
    (-1 for the root). `value` is its cumulative amount in the value's unit, `base` what it was in the base profile,
    scaled. `extent` is how wide it is drawn: its value, and in a difference the larger side of each stack that passes
    through it, so that what went away and what is new both have their place. `cut_frames` frames right below it were
    left out together with all they call; `cut_extent` is how wide they were.
    """

    functions: tuple[Function, ...]
    parent: IntArray
    function: IntArray
    depth: IntArray
    value: IntArray
    base: FloatArray
    extent: FloatArray
    cut_frames: IntArray
    cut_extent: FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class _Level:
    """The frames at one distance from the root; `parent` counts within the level above."""

    parent: IntArray
    function: IntArray
    value: IntArray
    base: FloatArray

    @property
    def weight(self) -> FloatArray:
        """By what frames are chosen: the larger of both sides; never more than the caller's."""
        return np.maximum(self.value, self.base)


class _Stacks:
    """One profile's samples on their way from root to leaf; amounts that aren't above zero have no width."""

    def __init__(self, profile: Profile, value: str, ids: IntArray) -> None:
        amounts = profile.values[:, profile.column(value)]
        rows = np.flatnonzero(amounts > 0)
        self._function_of_frame = ids[profile.frame_function]
        self._frame_ids = profile.frame_ids
        self._first = profile.offsets[:-1][rows]
        self._next = profile.offsets[1:][rows]
        self.amounts: IntArray = amounts[rows]
        self.node = np.zeros(len(rows), dtype=np.int64)

    def step(self) -> IntArray:
        """Go one frame down; the functions stepped on. Samples that ended are dropped."""
        self.keep(self._next > self._first)
        self._next = self._next - 1
        return self._function_of_frame[self._frame_ids[self._next]]

    def keep(self, wanted: BoolArray) -> None:
        """Go on with these samples only."""
        if not wanted.all():
            self._first, self._next = self._first[wanted], self._next[wanted]
            self.amounts, self.node = self.amounts[wanted], self.node[wanted]


def flame_tree(
    profile: Profile, value: str, base: Profile | None = None, scale: float = 1.0, *, frames: int = FRAMES
) -> FlameTree:
    """The tree of all stacks that cost something, at most `frames` of its frames.

    With `base` each frame also holds what it was there, times `scale`. Raises: KeyError when a profile has no such
    value.
    """
    profiles = [profile] if base is None or scale <= 0 else [profile, base]
    functions, ids = _merge_functions(profiles)
    sides = [_Stacks(p, value, i) for p, i in zip(profiles, ids, strict=True)]
    levels, below = [_root(sides, scale)], []
    limit = _Limit(frames)
    limit.admit(levels[0].weight)
    while len(levels[-1].value):
        found, places = _step(sides, len(functions), scale)
        wanted = (
            limit.admit(found.weight) if len(levels) <= LEVELS else np.zeros(len(found.value), dtype=bool)
        )
        _follow(sides, places, wanted)
        below.append(_Cut.of(found, ~wanted, len(levels[-1].value)))
        levels.append(_chosen(found, wanted))
    return _without_narrow(_joined(functions, levels[:-1], below), limit.weight)


def _merge_functions(profiles: Sequence[Profile]) -> tuple[tuple[Function, ...], list[IntArray]]:
    """Functions that differ in name or file, and for each profile which of them its own are."""
    known: dict[tuple[str, str], int] = {}
    ids = [
        np.array([known.setdefault((f.name, f.file), len(known)) for f in p.functions], dtype=np.int64)
        for p in profiles
    ]
    return tuple(Function(name=name, file=file) for name, file in known), ids


def _root(sides: Sequence[_Stacks], scale: float) -> _Level:
    before = int(sides[1].amounts.sum()) if len(sides) > 1 else 0
    return _Level(
        parent=np.array([-1], dtype=np.int64),
        function=np.array([-1], dtype=np.int64),
        value=sides[0].amounts.sum(keepdims=True),
        base=np.array([before * scale]),
    )


def _step(sides: Sequence[_Stacks], functions: int, scale: float) -> tuple[_Level, list[IntArray]]:
    """The next level, by parent and function; and which of its frames each side's samples stand on."""
    stepped = [side.step() for side in sides]
    keys = np.concatenate([s.node * functions + f for s, f in zip(sides, stepped, strict=True)])
    found, places = group_keys(keys)
    split = np.split(places, [len(sides[0].node)]) if len(sides) > 1 else [places]
    sums = [_sums(side.amounts, place, len(found)) for side, place in zip(sides, split, strict=True)]
    base: FloatArray = np.zeros(len(found))
    if len(sums) > 1:
        base = (sums[1] * scale).astype(np.float64)
    parent, function = np.divmod(found, max(functions, 1))
    return _Level(parent=parent, function=function, value=sums[0], base=base), split


def _sums(amounts: IntArray, places: IntArray, count: int) -> IntArray:
    """Amounts added up by place, exactly: bincount would count in floats."""
    sums = np.zeros(count, dtype=np.int64)
    np.add.at(sums, places, amounts)
    return sums


def _float_sums(amounts: FloatArray, places: IntArray, count: int) -> FloatArray:
    return np.bincount(places, amounts, minlength=count).astype(np.float64)


def _follow(sides: Sequence[_Stacks], places: Sequence[IntArray], wanted: BoolArray) -> None:
    """Let the samples go on below the frames that are wanted; the others go no further."""
    numbers = np.cumsum(wanted) - 1
    for side, place in zip(sides, places, strict=True):
        side.node = numbers[place]
        side.keep(wanted[place])


def _chosen(level: _Level, wanted: BoolArray) -> _Level:
    return _Level(
        parent=level.parent[wanted],
        function=level.function[wanted],
        value=level.value[wanted],
        base=level.base[wanted],
    )


class _Limit:
    """The weight that a frame needs to be among the widest `frames` of those seen so far."""

    def __init__(self, frames: int) -> None:
        self._frames = frames
        self._widest = np.zeros(0)
        self.weight = 0.0

    def admit(self, weights: FloatArray) -> BoolArray:
        """Which of these are wide enough. Of frames as wide as the last all are left out, or none."""
        seen = np.concatenate((self._widest, weights[weights > self.weight]))
        if len(seen) > self._frames:
            seen = np.sort(seen)[::-1]
            self.weight = float(seen[self._frames])
            seen = seen[: self._frames]
        self._widest = seen
        return weights > self.weight


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cut:
    """What was left out right below each frame of a level."""

    frames: IntArray
    value: IntArray
    base: FloatArray
    extent: FloatArray

    @classmethod
    def of(cls, level: _Level, cut: BoolArray, parents: int) -> _Cut:
        """Add up the frames of `level` that are cut, by parent."""
        parent = level.parent[cut]
        return cls(
            frames=np.bincount(parent, minlength=parents).astype(np.int64),
            value=_sums(level.value[cut], parent, parents),
            base=_float_sums(level.base[cut], parent, parents),
            extent=_float_sums(level.weight[cut], parent, parents),
        )


def _joined(functions: tuple[Function, ...], levels: Sequence[_Level], below: Sequence[_Cut]) -> FlameTree:
    """The levels as one tree; extents from the leaves up. A frame that was cut is as wide as its larger side."""
    starts = np.cumsum([0, *(len(level.value) for level in levels)])
    value = np.concatenate([level.value for level in levels])
    base = np.concatenate([level.base for level in levels])
    parents = [level.parent + start for level, start in zip(levels[1:], starts, strict=False)]
    parent = np.concatenate([levels[0].parent, *parents])
    own = value - np.concatenate([cut.value for cut in below])
    own_base = base - np.concatenate([cut.base for cut in below])
    np.subtract.at(own, parent[1:], value[1:])
    np.subtract.at(own_base, parent[1:], base[1:])
    cut_extent = np.concatenate([cut.extent for cut in below])
    extent = np.maximum(own, own_base) + cut_extent
    for n in range(len(levels) - 1, 0, -1):
        np.add.at(extent, parent[starts[n] : starts[n + 1]], extent[starts[n] : starts[n + 1]])
    return FlameTree(
        functions=functions,
        parent=parent,
        function=np.concatenate([level.function for level in levels]),
        depth=np.repeat(np.arange(len(levels), dtype=np.int64), np.diff(starts)),
        value=value,
        base=base,
        extent=extent,
        cut_frames=np.concatenate([cut.frames for cut in below]),
        cut_extent=cut_extent,
    )


def _without_narrow(tree: FlameTree, limit: float) -> FlameTree:
    """Without frames that were wide enough when their level was built and aren't beside what was found later."""
    wanted = np.maximum(tree.value, tree.base) > limit
    wanted[ROOT] = True
    if wanted.all():
        return tree
    edge = ~wanted & wanted[tree.parent]
    cut_frames, cut_extent = tree.cut_frames.copy(), tree.cut_extent.copy()
    np.add.at(cut_frames, tree.parent[edge], 1)
    np.add.at(cut_extent, tree.parent[edge], tree.extent[edge])
    numbers = np.cumsum(wanted) - 1
    parent = numbers[tree.parent[wanted]]
    parent[ROOT] = -1
    return replace(
        tree,
        parent=parent,
        function=tree.function[wanted],
        depth=tree.depth[wanted],
        value=tree.value[wanted],
        base=tree.base[wanted],
        extent=tree.extent[wanted],
        cut_frames=cut_frames[wanted],
        cut_extent=cut_extent[wanted],
    )
