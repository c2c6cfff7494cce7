"""A flame graph's frames as SVG elements, as they stand before any script runs.

The script draws the same elements when a reader zooms (flame/view.js).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tools.profiles.flame.colours import difference_colour
from tools.profiles.flame.document import REST_PX, ROW_PX, Page
from tools.profiles.flame.layout import Box, Layout, Rest
from tools.profiles.flame.names import FrameName, FrameNames
from tools.profiles.flame.tree import ROOT, FlameTree
from tools.profiles.flame.words import format_points, format_share, format_value, label, safe

_NARROWEST_PX = 0.2


def rows_of(layout: Layout, width_px: int) -> int:
    """How many rows the frames that are drawn take, with the rooms above them; at least one."""
    rows = [box.depth + 1 for box in layout.boxes if box.drawn]
    rows += [
        layout.boxes[rest.box].depth + 2
        for rest in layout.rests
        if layout.boxes[rest.box].drawn and rest.width * width_px >= REST_PX
    ]
    return max(rows, default=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """How a tree is drawn on its page; `unit` is its value's."""

    tree: FlameTree
    layout: Layout
    names: FrameNames
    unit: str
    page: Page
    icicle: bool

    def elements(self) -> Iterator[str]:
        """The frames that are drawn, callers first, then the rooms of those that aren't."""
        for number, box in enumerate(self.layout.boxes):
            if box.drawn:
                yield self._frame(number, box)
        for rest in self.layout.rests:
            box = self.layout.boxes[rest.box]
            if box.drawn and rest.width * self.page.width_px >= REST_PX:
                yield self._rest(rest, box)

    def _frame(self, number: int, box: Box) -> str:
        name = self.names[int(self.tree.function[box.node])]
        x, y, width = box.x * self.page.width_px, self._y(box.depth), box.width * self.page.width_px
        text = label(name.name, width)
        return (
            f'<g class="f" data-n="{number}"><title>{safe(self._title(box, name))}</title>'
            f'<rect x="{x:.2f}" y="{y}" width="{max(width, _NARROWEST_PX):.2f}" height="{ROW_PX - 1}" rx="2" '
            f'fill="{self._fill(box, name)}"/>'
            + (f'<text x="{x + 4:.2f}" y="{y + 12.5}">{safe(text)}</text></g>' if text else "</g>")
        )

    def _rest(self, rest: Rest, box: Box) -> str:
        x, y, width = rest.x * self.page.width_px, self._y(box.depth + 1), rest.width * self.page.width_px
        frames = rest.kept + rest.cut
        told = f"{frames:,} narrower frames, {format_share(rest.width)} of the width"
        told += "; zoom in to see them" if not rest.cut else f"; {rest.cut:,} of them aren't in this file"
        text = label(f"{frames:,} narrower", width)
        return (
            f'<g class="more" data-n="{rest.box}"><title>{told}</title>'
            f'<rect x="{x:.2f}" y="{y}" width="{width:.2f}" height="{ROW_PX - 1}" rx="2" fill="#f1f1ee"/>'
            + (f'<text x="{x + 4:.2f}" y="{y + 12.5}">{text}</text></g>' if text else "</g>")
        )

    def _y(self, depth: int) -> int:
        return self.page.top_px + (depth if self.icicle else self.page.rows - 1 - depth) * ROW_PX

    def _total(self) -> float:
        return max(float(self.tree.value[ROOT]), float(self.tree.base[ROOT])) or 1.0

    def _title(self, box: Box, name: FrameName) -> str:
        value, base, total = int(self.tree.value[box.node]), float(self.tree.base[box.node]), self._total()
        told = f"{name.title} ({format_value(value, self.unit)}, {format_share(value / total)}"
        return f"{told}, {format_points((value - base) / total)})" if self.page.difference else f"{told})"

    def _fill(self, box: Box, name: FrameName) -> str:
        if not self.page.difference:
            return name.colour
        value, base = float(self.tree.value[box.node]), float(self.tree.base[box.node])
        return difference_colour((value - base) / self._total())
