"""Where a flame graph's frames lie, and which of them are drawn at first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tools.profiles.flame.tree import ROOT, BoolArray, FlameTree
from tools.profiles.profile import Function

DRAWN = 6_000
"""Frames that are drawn at first, at most: the widest ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """One frame of a tree (`node` is its number there) in its place; `x` and `width` are shares (0-1) of the whole."""

    node: int
    x: float
    width: float
    depth: int
    drawn: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """The room above box number `box` whose frames aren't drawn: `kept` show when zoomed in, `cut` are left out."""

    box: int
    x: float
    width: float
    kept: int
    cut: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """All boxes, a frame before what it calls and siblings from left to right; and the rooms of what isn't drawn."""

    boxes: tuple[Box, ...]
    rests: tuple[Rest, ...]


def lay_out(tree: FlameTree, min_share: float) -> Layout:
    """Place a tree's frames; drawn are those at least `min_share` wide, and no more than `DRAWN`.

    Siblings that are drawn stand first, by name, so that two graphs can be compared; narrower ones follow, widest
    first, so that what isn't drawn always lies together at its callers' right end, however far a reader zooms in.
    """
    whole = float(tree.extent[ROOT])
    if whole <= 0:
        return Layout(boxes=(), rests=())
    widths = (tree.extent / whole).tolist()
    drawn = _drawn(tree, min_share).tolist()
    children = _children(tree, widths, drawn)
    depths = tree.depth.tolist()
    boxes: list[Box] = []
    rests: list[Rest] = []
    stack = [(ROOT, 0.0)]
    while stack:
        node, x = stack.pop()
        box = Box(node=node, x=x, width=widths[node], depth=depths[node], drawn=drawn[node])
        placed = []
        for child in children[node]:
            placed.append((child, x))
            x += widths[child]
        rest = _rest(tree, node, len(boxes), placed, drawn, x)
        if rest is not None:
            rests.append(rest)
        boxes.append(box)
        stack.extend(reversed(placed))
    return Layout(boxes=tuple(boxes), rests=tuple(rests))


def _drawn(tree: FlameTree, min_share: float) -> BoolArray:
    """Which frames are wide enough; of frames as wide as the first that is too many, none."""
    shares = tree.extent / tree.extent[ROOT]
    drawn: BoolArray = shares >= min_share
    if np.count_nonzero(drawn) > DRAWN:
        drawn = shares > np.sort(shares)[-DRAWN - 1]
    drawn[ROOT] = True
    return drawn


def _children(tree: FlameTree, widths: Sequence[float], drawn: Sequence[bool]) -> list[list[int]]:
    """For each frame those it calls, from left to right."""
    children: list[list[int]] = [[] for _ in widths]
    functions = tree.function.tolist()
    for node, parent in enumerate(tree.parent.tolist()):
        if parent >= 0:
            children[parent].append(node)

    def place(node: int) -> tuple[float, str, str]:
        function: Function = tree.functions[functions[node]]
        return (-1.0 if drawn[node] else 1.0 - widths[node], function.name, function.file)

    for siblings in children:
        siblings.sort(key=place)
    return children


def _rest(
    tree: FlameTree,
    node: int,
    box: int,
    placed: Sequence[tuple[int, float]],
    drawn: Sequence[bool],
    end: float,
) -> Rest | None:
    """What isn't drawn above a box; `end` is where its kept children end. None when all is drawn."""
    hidden = [x for child, x in placed if not drawn[child]]
    cut = int(tree.cut_frames[node])
    start = hidden[0] if hidden else end
    width = end - start + float(tree.cut_extent[node] / tree.extent[ROOT])
    return Rest(box=box, x=start, width=width, kept=len(hidden), cut=cut) if hidden or cut else None
