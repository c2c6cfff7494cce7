"""A flame graph's SVG document: what stands around the frames, the style and the script."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tools.profiles.flame.colours import FULL_CHANGE, difference_colour
from tools.profiles.flame.layout import DRAWN
from tools.profiles.flame.words import CHARACTER_PX, safe, shortened

ROW_PX = 18
TITLE_PX = 19
LINE_PX = 18
BOTTOM_PX = 10
REST_PX = 1.0
"""Room of frames that aren't drawn, from which on it is shown as such."""
STYLE = """
.flamegraph .f{cursor:pointer;outline:none} .flamegraph .f rect{stroke:#fff;stroke-width:.6}
.flamegraph .f:hover rect,.flamegraph .f:focus rect{stroke:#111;stroke-width:1.4}
.flamegraph .f text{pointer-events:none;fill:#111} .flamegraph .past{opacity:.5}
.flamegraph .more{cursor:zoom-in} .flamegraph .more rect{fill:#f1f1ee;stroke:#bbb;stroke-width:.6;stroke-dasharray:2 2}
.flamegraph .more text{pointer-events:none;fill:#777}
.flamegraph .searching .f rect{fill-opacity:.22} .flamegraph .searching .f text{opacity:.45}
.flamegraph .searching .hit rect{fill-opacity:1;stroke:#111;stroke-width:1} .flamegraph .searching .hit text{opacity:1}
.flamegraph .b{cursor:pointer;fill:#1f4f8f} .flamegraph .b:hover,.flamegraph .b:focus{text-decoration:underline}
.flamegraph .quiet{fill:#555}
.flamegraph input{box-sizing:border-box;width:100%;height:100%;font:12px ui-monospace,Menlo,Consolas,monospace}
"""
_FLAME = Path(__file__).parent
_STEPS = (-1.0, -0.6, -0.2, 0.0, 0.2, 0.6, 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What stands around the frames. `notes` are lines below the title; Frames narrower than
    `narrow_px` aren't drawn; `rows` is how many rows the others take."""

    title: str
    notes: tuple[str, ...]
    width_px: int
    narrow_px: float
    rows: int
    difference: bool

    @property
    def details_px(self) -> int:
        """Where the line on the frame below the pointer stands."""
        return TITLE_PX + LINE_PX * (len(self.notes) + 1)

    @property
    def top_px(self) -> int:
        """Where the frames begin: below title, notes, that line and, in a difference, the legend."""
        return self.details_px + 9 + (LINE_PX if self.difference else 0)


def document(page: Page, frames: Iterable[str], data: str) -> str:
    """The whole SVG: `frames` are drawn elements, `data` is the script's JSON."""
    width, middle = page.width_px, page.width_px / 2
    height = page.top_px + page.rows * ROW_PX + BOTTOM_PX
    hint = (
        "" if page.difference else "a colour is a package or module; a frame's width is its part of the total"
    )
    noted = "".join(
        f'<text x="{middle:g}" y="{TITLE_PX + LINE_PX * n}" text-anchor="middle" class="quiet">{safe(note)}</text>'
        for n, note in enumerate(page.notes, 1)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="flamegraph" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" font-family="ui-monospace,Menlo,Consolas,monospace" font-size="11" '
        f'role="group" aria-label="{safe(shortened(page.title))}"><style>{STYLE}</style>'
        f'<rect width="100%" height="100%" fill="#fcfcfa"/>'
        f'<text x="{middle:g}" y="{TITLE_PX}" text-anchor="middle" font-size="15" '
        f'font-family="system-ui,sans-serif">{safe(_clipped(page.title, width - 460, 8.2))}</text>{noted}'
        f'<text class="quiet" data-show="details" x="10" y="{page.details_px}">{safe(hint)}</text>'
        f'<text class="quiet" data-show="matched" x="{width - 10}" y="{page.details_px}" text-anchor="end"></text>'
        f"{_legend(middle, page.details_px + LINE_PX) if page.difference else ''}"
        f'<g data-show="frames">{"".join(frames)}</g>'
        f"<script><![CDATA[{_script(page)}({data});]]></script></svg>\n"
    )


def _clipped(text: str, room_px: float, character_px: float) -> str:
    room = max(int(room_px / character_px), 10)
    return text if len(text) <= room else f"{text[: room - 1]}…"


def _legend(middle: float, y: int) -> str:
    """The colours of a difference, from what shrank most to what grew most."""
    swatch, left = 34, middle - 34 * len(_STEPS) / 2
    boxes = "".join(
        f'<rect x="{left + n * swatch:g}" y="{y - 9}" width="{swatch}" height="11" stroke="#bbb" stroke-width=".5" '
        f'fill="{difference_colour(step * FULL_CHANGE)}"/>'
        for n, step in enumerate(_STEPS)
    )
    points = f"{100 * FULL_CHANGE:g} points of the total or more"
    right = left + swatch * len(_STEPS)
    return (
        f'<g data-show="legend" class="quiet">'
        f'<text x="{left - 8:g}" y="{y}" text-anchor="end">shrank by {points}</text>{boxes}'
        f'<text x="{right + 8:g}" y="{y}">grew by {points}</text></g>'
    )


def _script(page: Page) -> str:
    """The script as a function that takes the data. Its files are one scope, so that graphs on a page don't meet."""
    parts = (_FLAME.joinpath(name).read_text(encoding="utf-8") for name in ("model.js", "view.js"))
    sizes = f"ROW = {ROW_PX}, TOP = {page.top_px}, BOTTOM = {BOTTOM_PX}, CHARACTER = {CHARACTER_PX}"
    drawn = f"NARROW = {page.narrow_px:g}, MOST = {DRAWN}, REST = {REST_PX:g}"
    return f'(function (data) {{\n"use strict";\nvar {sizes}, {drawn};\n{"".join(parts)}}})'
