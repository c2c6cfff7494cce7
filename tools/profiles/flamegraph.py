"""Flame graphs: one self-contained SVG, legible without its script, searchable and zoomable with it.

Widths are shares of the total, colours follow the package or module. A difference is drawn on the newer
profile: red frames grew, blue ones shrank. Frames too narrow to see are drawn when a reader zooms in; what a file
can't hold is left out, counted, and its room is shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tools.profiles.flame.colours import package_of
from tools.profiles.flame.data import script_data
from tools.profiles.flame.document import Page, document
from tools.profiles.flame.drawing import Drawing, rows_of
from tools.profiles.flame.layout import lay_out
from tools.profiles.flame.names import FrameNames, longest_that_fit
from tools.profiles.flame.notes import Comparison, Shown, notes, told_of, what_is_shown
from tools.profiles.flame.tree import flame_tree
from tools.profiles.flame.words import format_value
from tools.profiles.profile import Profile

__all__ = [
    "Comparison", "FlameGraph", "Orientation", "flame_graph", "flame_svg", "format_value", "package_of", "told_of",
]  # fmt: skip

Orientation = Literal["flame", "icicle"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FlameGraph:
    """A picture, and how many frames it shows."""

    svg: str
    shown: Shown


def flame_svg(
    profile: Profile,
    *,
    value: str,
    title: str,
    base: Profile | None = None,
    base_ratio: float | None = None,
    width_px: int = 1200,
    min_px: float = 0.33,
    orientation: Orientation = "flame",
) -> str:
    """The SVG of `flame_graph`, against `base` where there is one."""
    compared = None if base is None else Comparison(base=base, ratio=base_ratio)
    graph = flame_graph(
        profile, value=value, title=title, compared=compared, width_px=width_px, min_px=min_px,
        orientation=orientation,
    )  # fmt: skip
    return graph.svg


def flame_graph(
    profile: Profile,
    *,
    value: str,
    title: str,
    compared: Comparison | None = None,
    width_px: int = 1200,
    min_px: float = 0.33,
    orientation: Orientation = "flame",
) -> FlameGraph:
    """The flame graph of one value; with `compared` the difference against its base.

    Without more, shares of equal totals are compared. The comparison's `ratio` is the base's total by the profile's
    where that was measured (time per operation before by after); `as_recorded` compares amounts as they are.
    `orientation` "flame" has the root at the bottom, "icicle" at the top; a reader can change it. A profile without
    cost gives a picture that says so. Amounts below zero, as in profiles that are differences already, aren't drawn;
    the picture says how much that is.

    Raises: KeyError when a profile has no such value.
    """
    base, scale = (compared.base, compared.scale(profile, value)) if compared else (None, 1.0)
    tree = flame_tree(profile, value, base, scale)
    layout = lay_out(tree, min_px / width_px)
    shown = what_is_shown(tree, layout)
    page = Page(
        title=title,
        notes=notes(profile, value, tree, shown, compared),
        width_px=width_px,
        narrow_px=min_px,
        rows=rows_of(layout, width_px),
        difference=compared is not None,
    )
    drawing = Drawing(
        tree=tree,
        layout=layout,
        names=FrameNames(tree.functions, longest_that_fit(tree, layout)),
        unit=profile.value_types[profile.column(value)].unit,
        page=page,
        icicle=orientation == "icicle",
    )
    return FlameGraph(svg=document(page, drawing.elements(), script_data(drawing)), shown=shown)
