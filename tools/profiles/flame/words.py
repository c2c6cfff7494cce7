"""A flame graph's words: amounts with their unit, labels that fit their box, text that is safe in SVG.

The script says the same things (flame/model.js); a browser test holds both to each other.
"""

from __future__ import annotations

import html
import math
import re

from tools.profiles.naming import GO_FILES, readable
from tools.profiles.profile import Function

CHARACTER_PX = 6.65
WIDE = "\u1100"
"""From this character on one takes the room of two, as East Asian ones and emoji do."""
NAME_CHARACTERS = 400
"""Longer names are shortened in their middle."""
_PATH = re.compile(r"^[^\[(<\s]*/")
_SCALES = {
    "nanoseconds": ((1e9, "s"), (1e6, "ms"), (1e3, "µs"), (1, "ns")),
    "bytes": ((2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB"), (1, "B")),
}


def format_value(value: float, unit: str) -> str:
    """A value with its unit, scaled for reading."""
    for factor, name in _SCALES.get(unit, ()):
        if abs(value) >= factor or factor == 1:
            return f"{_significant(value / factor)} {name}"
    return f"{_rounded(value, 0):,.0f} {unit}"


def format_share(share: float) -> str:
    """A share of the total (0-1) in per cent."""
    return f"{_rounded(100 * share, 2):.2f}%"


def format_points(change: float) -> str:
    """A change of a share (-1 to 1) in points of per cent, always with a sign."""
    points = _rounded(100 * change, 2)
    return f"{'-' if points < 0 else '+'}{abs(points):.2f} points"


def _significant(value: float) -> str:
    """Three digits, or all that stand before the point."""
    size = abs(value)
    digits = 2 if size < 9.995 else 1 if size < 99.95 else 0
    text = f"{_rounded(value, digits):.{digits}f}"
    return text.rstrip("0").rstrip(".") if digits else text


def _rounded(value: float, digits: int) -> float:
    """Halves upwards: what JavaScript can do alike, which Python's own formatting isn't."""
    factor = 10.0**digits
    return math.floor(value * factor + 0.5) / factor


def full_name(function: Function, longest: int = NAME_CHARACTERS) -> str:
    """A function as titles say it: Go's names hold their package, others are told with the end of their file's path."""
    name = readable(function)
    if not function.file or function.file.endswith(GO_FILES):
        return shortened(name, longest)
    return shortened(f"{name} in {'/'.join(function.file.split('/')[-2:])}", longest)


def shortened(text: str, longest: int = NAME_CHARACTERS) -> str:
    """At most `longest` characters of a text, from its beginning and its end."""
    return text if len(text) <= longest else f"{text[: longest // 2]}…{text[1 - longest // 2 :]}"


def label(name: str, width_px: float) -> str:
    """What of a name fits a box: without the path of its package, cut where the room ends; "" if hopeless."""
    room = math.floor((width_px - 8) / CHARACTER_PX)
    if room < 3:
        return ""
    short = _PATH.sub("", name) or name
    taken = 0
    for n, character in enumerate(short):
        taken += 2 if character >= WIDE else 1
        if taken > room:
            return f"{_fitting(short[:n], room - 1)}…"
    return short


def _fitting(text: str, room: int) -> str:
    """`text` without as many of its last characters as don't fit."""
    taken = sum(2 if c >= WIDE else 1 for c in text)
    while taken > room:
        taken -= 2 if text[-1] >= WIDE else 1
        text = text[:-1]
    return text


def printable(text: str) -> str:
    """Text without characters that control anything: what XML can't hold, escapes, overrides of direction."""
    return text if text.isprintable() else "".join(c if c.isprintable() else "\ufffd" for c in text)


def safe(text: str) -> str:
    """Text for XML and HTML, whatever it holds."""
    return html.escape(printable(text))
