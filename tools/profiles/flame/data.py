"""What a flame graph's script works with: every frame that was kept, in columns, as JSON."""

from __future__ import annotations

import json

from tools.profiles.flame.colours import FULL_CHANGE, GREW, SHRANK, UNCHANGED
from tools.profiles.flame.drawing import Drawing
from tools.profiles.flame.tree import ROOT
from tools.profiles.flame.words import printable

PARTS = 1_000_000_000
"""The width of the whole graph; widths are told in whole parts of it."""


def script_data(drawing: Drawing) -> str:
    """The script's argument, as JSON that is safe in a script element of XML and of HTML.

    Columns have a place for each box: `depth`, `name` (index into `names`), `value`, `width` in parts, and in a
    difference `base`. `cut` holds (box, frames, width in parts) of what was left out right above a box. A name is
    a triple: the function's, what titles say ("" when it is the same), its colour (index into `colours`).
    """
    tree, layout, names = drawing.tree, drawing.layout, drawing.names
    difference = drawing.page.difference
    nodes = [box.node for box in layout.boxes]
    whole = float(tree.extent[ROOT]) or 1.0
    functions = list(dict.fromkeys(tree.function[nodes].tolist())) if nodes else []
    number = {function: n for n, function in enumerate(functions)}
    named = [names[function] for function in functions]
    colours = list(dict.fromkeys(name.colour for name in named))
    colour = {text: n for n, text in enumerate(colours)}
    data = {
        "unit": printable(drawing.unit),
        "difference": difference,
        "icicle": drawing.icicle,
        "parts": PARTS,
        "full": FULL_CHANGE,
        "unchanged": UNCHANGED,
        "grew": GREW,
        "shrank": SHRANK,
        "colours": colours,
        "names": [[n.name, "" if n.title == n.name else n.title, colour[n.colour]] for n in named],
        "depth": [box.depth for box in layout.boxes],
        "name": [number[f] for f in tree.function[nodes].tolist()] if nodes else [],
        "value": tree.value[nodes].tolist() if nodes else [],
        "base": [round(b, 3) for b in tree.base[nodes].tolist()] if nodes and difference else [],
        "width": [round(box.width * PARTS) for box in layout.boxes],
        "cut": [
            [rest.box, rest.cut, round(float(tree.cut_extent[layout.boxes[rest.box].node]) / whole * PARTS)]
            for rest in layout.rests
            if rest.cut
        ],
    }
    text = json.dumps(data, separators=(",", ":"))
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text
