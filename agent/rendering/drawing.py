"""Draws an SVG as PNG: a program of its own, for resvg lets nothing else of a process go on while it draws.

Arguments: SVG, PNG, zoom, font file and family; the last two may be "". Imports as little as it can.
"""

from __future__ import annotations

import sys
from pathlib import Path


def draw(svg: str, png: str, zoom: str, font: str, family: str) -> None:
    """Write the picture of a file. Raises: ValueError when it is no SVG, OSError."""
    import resvg_py

    found = resvg_py.svg_to_bytes(
        svg_string=Path(svg).read_text(encoding="utf-8"),
        zoom=float(zoom),
        background="#ffffff",
        skip_system_fonts=True,
        font_files=[font] if font else None,
        font_family=family or None,
        monospace_family=family or None,
        sans_serif_family=family or None,
        serif_family=family or None,
    )
    Path(png).write_bytes(bytes(found))


if __name__ == "__main__":
    draw(*sys.argv[1:])
