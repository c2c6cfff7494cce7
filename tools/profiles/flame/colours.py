"""A flame graph's colours: one for each package or module, and red and blue for what grew and shrank."""

from __future__ import annotations

import colorsys
import hashlib
import re
from pathlib import PurePosixPath

from tools.profiles.naming import GO_FILES, is_library, python_module
from tools.profiles.profile import Function

UNCHANGED = (245, 245, 245)
GREW, SHRANK = (178, 24, 43), (33, 102, 172)
"""ColorBrewer's RdBu, which people with any of the common colour weaknesses can tell apart."""
FULL_CHANGE = 0.05
"""Change, as a part of the total, from which on a frame has its full colour."""
ROOT_COLOUR = "#e4e4e4"
_NAMELESS = ("__init__", "__main__")


def package_of(name: str, file: str) -> str:
    """What a frame's colour stands for, the same on any machine.

    Go: the package. Python: a library's top package, else the file's name without its folders. Without a file what
    stands before the first point or `::` of the name.
    """
    if not file or file.endswith(GO_FILES):
        head, slash, tail = re.split(r"[\[(<]", name, maxsplit=1)[0].rpartition("/")
        return f"{head}{slash}{re.split(r'[.]|::', tail, maxsplit=1)[0]}" or name
    return _module_of(file)


def _module_of(file: str) -> str:
    if is_library(file):
        return python_module(file).partition(".")[0] or PurePosixPath(file).stem
    path = PurePosixPath(file)
    return path.parent.name if path.stem in _NAMELESS and path.parent.name else path.stem


def package_colour(function: Function) -> str:
    """The colour of a function's package or module, from its name alone."""
    package = package_of(function.name, function.file)
    digest = hashlib.sha256(package.encode(errors="replace")).digest()
    hue = (8 + (digest[0] * 256 + digest[1]) % 200) / 360
    rgb = colorsys.hls_to_rgb(hue, (70 + digest[3] % 9) / 100, (58 + digest[2] % 22) / 100)
    return "#" + "".join(f"{round(255 * part):02x}" for part in rgb)


def difference_colour(change: float) -> str:
    """White through red (grew) or blue (shrank); `change` is a part of the total."""
    strength = max(-1.0, min(1.0, change / FULL_CHANGE))
    end = GREW if strength > 0 else SHRANK
    parts = (
        int(white + (part - white) * 0.75 * abs(strength) + 0.5)
        for white, part in zip(UNCHANGED, end, strict=True)
    )
    return "#" + "".join(f"{part:02x}" for part in parts)
