"""What a flame graph says of itself: its total, what its colours compare, what it doesn't show."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tools.profiles.flame.layout import Layout
from tools.profiles.flame.tree import ROOT, FlameTree
from tools.profiles.flame.words import format_share, format_value
from tools.profiles.profile import Profile


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A base profile and how its amounts are compared: see `flame_graph`."""

    base: Profile
    ratio: float | None = None
    as_recorded: bool = False

    def scale(self, profile: Profile, value: str) -> float:
        """What the base's amounts are multiplied with."""
        total = self.base.total(value)
        if self.as_recorded or not total:
            return 1.0
        return (self.ratio or 1.0) * profile.total(value) / total

    def note(self, value: str, unit: str) -> str:
        """What the colours mean."""
        if self.as_recorded:
            return f"red grew, blue shrank, by amount: {format_value(self.base.total(value), unit)} before"
        if self.ratio is None:
            return "red grew, blue shrank, as parts of equal totals"
        return f"red grew, blue shrank, by amount: the whole is {1 / self.ratio:.0%} of what it was"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """Frames that are drawn, that show when zoomed in, and that are left out with what they call.

    `cut_share` is how much of the width (0-1) passes through those left out.
    """

    drawn_frames: int
    zoomed_frames: int
    cut_frames: int
    cut_share: float


def what_is_shown(tree: FlameTree, layout: Layout) -> Shown:
    """Count a layout's frames."""
    drawn = sum(box.drawn for box in layout.boxes)
    return Shown(
        drawn_frames=drawn,
        zoomed_frames=len(layout.boxes) - drawn,
        cut_frames=int(tree.cut_frames.sum()),
        cut_share=float(tree.cut_extent.sum() / tree.extent[ROOT]) if layout.boxes else 0.0,
    )


def notes(
    profile: Profile, value: str, tree: FlameTree, shown: Shown, compared: Comparison | None
) -> tuple[str, ...]:
    """One line or two: the amounts, and what isn't drawn where that is anything."""
    unit = profile.value_types[profile.column(value)].unit
    amounts = profile.values[:, profile.column(value)]
    below = int(amounts[np.flatnonzero(amounts < 0)].sum())
    measured = tree.extent[ROOT] > 0
    first = [f"total {format_value(int(tree.value[ROOT]), unit)}" if measured else "nothing was measured"]
    if below:
        first.append(f"amounts below zero ({format_value(below, unit)} in all) aren't drawn")
    if compared is not None:
        first.append(compared.note(value, unit))
    left_out = told_of(shown)
    return ("; ".join(first), left_out) if left_out else ("; ".join(first),)


def told_of(shown: Shown) -> str:
    """What isn't drawn at first, in words; "" when everything is."""
    parts = []
    if shown.zoomed_frames:
        parts.append(f"{shown.zoomed_frames:,} narrow frames show when zoomed in")
    if shown.cut_frames:
        through = f"{format_share(shown.cut_share)} of the total passes through them"
        parts.append(f"{shown.cut_frames:,} narrower ones are left out with what they call ({through})")
    return "; ".join(parts)
