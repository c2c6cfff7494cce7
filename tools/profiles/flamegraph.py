"""Flame graphs: one self-contained SVG, legible without its script, searchable and zoomable with it.

Widths are shares of the total, colours follow the package or module. A difference is drawn on the newer
profile: red frames grew, blue ones shrank, the older profile scaled to the same total. Frames narrower
than a third of a pixel are left out and counted.
"""

from __future__ import annotations

import hashlib
import html
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tools.profiles.flametree import FlameNode, flame_tree
from tools.profiles.profile import Profile

ROW = 18
TOP = 46
BOTTOM = 26
CHARACTER = 6.65
STYLE = """
.f{cursor:pointer} .f rect{stroke:#fff;stroke-width:.6} .f:hover rect,.f:focus rect{stroke:#111;stroke-width:1.2}
.f:focus{outline:none} .f text{pointer-events:none} .hit rect{fill:#d33be0} .past{opacity:.45}
.b{cursor:pointer;fill:#1f4f8f} .b:hover{text-decoration:underline} .quiet{fill:#555}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Box:
    node: FlameNode
    x: float
    width: float
    depth: int


def flame_svg(
    profile: Profile,
    *,
    value: str,
    title: str,
    base: Profile | None = None,
    base_ratio: float | None = None,
    width_px: int = 1200,
    min_px: float = 0.33,
    orientation: Literal["flame", "icicle"] = "flame",
) -> str:
    """The flame graph of one value; with `base` the difference against it.

    `base_ratio` is the base's total by the profile's where that was measured (time per operation before by
    after); without it shares of equal totals are compared. `orientation` "flame" has the root at the bottom,
    "icicle" at the top. A profile without cost gives a picture that says so.

    Raises: KeyError when the profile has no such value.
    """
    root = flame_tree(profile, value, base, base_ratio or 1.0)
    unit = profile.value_types[profile.column(value)].unit
    boxes, hidden = _layout(root, width_px, min_px)
    deepest = max((b.depth for b in boxes), default=0)
    height = TOP + (deepest + 1) * ROW + BOTTOM
    drawn = [
        _draw(b, max(root.value, root.base), unit, width_px, deepest, orientation, base is not None)
        for b in boxes
    ]
    return _document(drawn, title, _note(root, unit, hidden, _compared(base, base_ratio)), width_px, height)


def _layout(root: FlameNode, width_px: int, min_px: float) -> tuple[list[_Box], int]:
    """Boxes from the root up, siblings by name so that two graphs can be compared; how many were too narrow."""
    if root.extent <= 0:
        return [], 0
    boxes: list[_Box] = []
    hidden = 0
    stack = [_Box(node=root, x=0.0, width=1.0, depth=0)]
    while stack:
        box = stack.pop()
        boxes.append(box)
        x = box.x
        for child in sorted(box.node.children.values(), key=lambda n: n.name):
            width = child.extent / root.extent
            if width * width_px >= min_px:
                stack.append(_Box(node=child, x=x, width=width, depth=box.depth + 1))
            elif child.extent > 0:
                hidden += 1
            x += max(width, 0.0)
    return boxes, hidden


def _draw(
    box: _Box, total: float, unit: str, width_px: int, deepest: int, orientation: str, difference: bool
) -> str:
    node = box.node
    row = box.depth if orientation == "icicle" else deepest - box.depth
    x, y, width = box.x * width_px, TOP + row * ROW, box.width * width_px
    fill = _difference_colour(node, total) if difference else _package_colour(node)
    share = f"{100 * node.value / total:.2f}%"
    text = f"{node.name} ({format_value(node.value, unit)}, {share}"
    if difference:
        text += f", {100 * (node.value - node.base) / total:+.2f} points"
    label = _clip(node.name.rpartition("/")[2] or node.name, width)
    return (
        f'<g class="f" data-x="{box.x:.6f}" data-w="{box.width:.6f}" data-d="{box.depth}">'
        f"<title>{_safe(text)})</title>"
        f'<rect x="{x:.2f}" y="{y}" width="{max(width, 0.2):.2f}" height="{ROW - 1}" rx="2" fill="{fill}"/>'
        f'<text x="{x + 4:.2f}" y="{y + 12.5}">{_safe(label)}</text></g>'
    )


def _clip(name: str, width: float) -> str:
    room = int((width - 8) / CHARACTER)
    if room < 3:
        return ""
    return name if len(name) <= room else name[: room - 1] + "…"


def _safe(text: str) -> str:
    """Text for XML: escaped, characters that XML can't hold replaced."""
    return html.escape("".join(c if c.isprintable() else "\ufffd" for c in text))


def package_of(name: str, file: str) -> str:
    """What a frame's colour stands for: the Go package, or the Python file."""
    if file.endswith(".go") or (not file and "." in name):
        head, slash, tail = name.rpartition("/")
        return f"{head}{slash}{tail.split('.')[0]}"
    return file or name


def _package_colour(node: FlameNode) -> str:
    if node.name == "all":
        return "#e4e4e4"
    digest = hashlib.sha256(package_of(node.name, node.file).encode(errors="replace")).digest()
    hue = 8 + (digest[0] * 256 + digest[1]) % 200
    return f"hsl({hue},{58 + digest[2] % 22}%,{70 + digest[3] % 9}%)"


def _difference_colour(node: FlameNode, total: float) -> str:
    """White through red (grew) or blue (shrank), full at a change of five points of the total or all of the frame."""
    change = (node.value - node.base) / max(0.05 * total, 1e-12)
    strength = max(-1.0, min(1.0, change))
    end = (178, 24, 43) if strength > 0 else (33, 102, 172)
    mix = 0.75 * abs(strength)
    red, green, blue = (round(245 + (c - 245) * mix) for c in end)
    return f"rgb({red},{green},{blue})"


def format_value(value: float, unit: str) -> str:
    """A value with its unit, scaled for reading."""
    if unit == "nanoseconds":
        for factor, name in ((1e9, "s"), (1e6, "ms"), (1e3, "µs")):
            if abs(value) >= factor:
                return f"{value / factor:.3g} {name}"
        return f"{value:.0f} ns"
    if unit == "bytes":
        for factor, name in ((2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB")):
            if abs(value) >= factor:
                return f"{value / factor:.3g} {name}"
        return f"{value:.0f} B"
    return f"{value:,.0f} {unit}"


def _compared(base: Profile | None, base_ratio: float | None) -> str:
    """What a difference's colours compare; "" for a graph of one profile."""
    if base is None:
        return ""
    if base_ratio is None:
        return "red grew, blue shrank, as parts of equal totals"
    return f"red grew, blue shrank, by amount: the whole is {1 / base_ratio:.0%} of what it was"


def _note(root: FlameNode, unit: str, hidden: int, compared: str) -> str:
    if root.extent <= 0:
        return "nothing was measured"
    parts = [f"total {format_value(root.value, unit)}"]
    if compared:
        parts.append(compared)
    if hidden:
        parts.append(f"{hidden} frames too narrow to draw")
    return "; ".join(parts)


def _document(drawn: list[str], title: str, note: str, width: int, height: int) -> str:
    script = Path(__file__).with_name("flamegraph.js").read_text(encoding="utf-8")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="flamegraph" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" font-family="ui-monospace,Menlo,Consolas,monospace" font-size="11" '
        f'role="img" aria-label="{_safe(title)}"><style>{STYLE}</style>'
        f'<rect width="100%" height="100%" fill="#fcfcfa"/>'
        f'<text x="{width / 2}" y="19" text-anchor="middle" font-size="15" '
        f'font-family="system-ui,sans-serif">{_safe(title)}</text>'
        f'<text x="{width / 2}" y="36" text-anchor="middle" class="quiet">{_safe(note)}</text>'
        f'<text class="b" data-do="reset" x="10" y="19"> </text>'
        f'<text class="b" data-do="search" x="{width - 10}" y="19" text-anchor="end"> </text>'
        f'<text class="quiet" data-show="matched" x="{width - 10}" y="36" text-anchor="end"> </text>'
        f'<text data-show="details" x="10" y="{height - 9}"> </text>'
        f"{''.join(drawn)}<script><![CDATA[{script}]]></script></svg>\n"
    )
