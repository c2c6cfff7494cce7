"""A font of this host for pictures with words: found among the files of the usual folders, none is shipped."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "/usr/share/texmf/fonts", "/Library/Fonts",
           "/System/Library/Fonts")  # fmt: skip
"""Where a host keeps its fonts."""
_USERS = (".local/share/fonts", ".fonts", "Library/Fonts")
_WANTED = ("dejavusansmono", "liberationmono-regular", "notosansmono-regular", "ubuntumono-r", "cascadiamono",
           "jetbrainsmono-regular", "robotomono-regular", "freemono", "menlo", "couriernew", "cousine-regular",
           "dejavusans", "liberationsans-regular", "notosans-regular", "arial", "helvetica")  # fmt: skip
"""File names without their endings, the best first: equal widths, as flame graphs are laid out for."""
_SCANNED = 20_000
_NAMES, _FAMILY, _WINDOWS = b"name", 1, 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Font:
    """A font's file and the family it says it is of."""

    path: Path
    family: str


def find_font(environment: Mapping[str, str], folders: tuple[str, ...] = FOLDERS) -> Font | None:
    """The font that suits flame graphs best, None where the host has none of those known to have all letters."""
    home = environment.get("HOME", "")
    data = environment.get("XDG_DATA_HOME", "")
    places = [*(Path(f) for f in folders), *([Path(data) / "fonts"] if data else [])]
    places += [Path(home) / name for name in _USERS] if home else []
    found = {path.stem.lower().replace(" ", ""): path for path in _files(places)}
    for name in _WANTED:
        if name in found:
            family = family_of(found[name])
            if family:
                return Font(path=found[name], family=family)
    return None


def _files(places: list[Path]) -> Iterator[Path]:
    """Every font file below the places; a host with more than _SCANNED files isn't searched to the end."""
    seen = 0
    for place in places:
        for folder, _, names in os.walk(place):
            for name in sorted(names):
                seen += 1
                if seen > _SCANNED:
                    return
                if name.lower().endswith((".ttf", ".otf", ".ttc")):
                    yield Path(folder) / name


def family_of(path: Path) -> str:
    """The family that a TrueType or OpenType file names, "" where it can't be read.

    Source: the OpenType specification 1.9, tables `name` and `ttcf`.
    """
    try:
        content = path.read_bytes()
        start = struct.unpack_from(">L", content, 12)[0] if content[:4] == b"ttcf" else 0
        (tables,) = struct.unpack_from(">H", content, start + 4)
        for n in range(tables):
            tag, _, offset, _ = struct.unpack_from(">4sLLL", content, start + 12 + 16 * n)
            if tag == _NAMES:
                return _family(content, offset)
    except (OSError, struct.error, UnicodeDecodeError):
        pass
    return ""


def _family(content: bytes, table: int) -> str:
    _, count, strings = struct.unpack_from(">HHH", content, table)
    for n in range(count):
        platform, _, _, name, length, offset = struct.unpack_from(">6H", content, table + 6 + 12 * n)
        if name == _FAMILY and platform == _WINDOWS:
            at = table + strings + offset
            return content[at : at + length].decode("utf-16-be")
    return ""
