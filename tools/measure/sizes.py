"""Input sizes as benchmark names tell them."""

from __future__ import annotations

import re

_SIZE = re.compile(r"(?:^|[/_=-])(?:size|n|len|count|records|rows|items)?[=_-]?(\d+)([kKmM]?)(?=$|[/_-])")
_FACTORS = {"": 1, "k": 1000, "m": 1_000_000}


def size_in_name(name: str) -> int | None:
    """The input size a sub-benchmark's name tells (`Report/size=1000`, `Sort/10k`), None when it tells none."""
    found = _find(name)
    return None if found is None else int(found[1][1]) * _FACTORS[found[1][2].lower()]


def without_size(name: str) -> str:
    """The name with `N` where it tells the size (`Report/size=N`): the same for all sizes of the same thing."""
    found = _find(name)
    if found is None:
        return name
    position, match = found
    parts = name.split("/")
    part = parts[position]
    parts[position] = f"{part[: match.start(1)]}N{part[match.end(2) :]}"
    return "/".join(parts)


def _find(name: str) -> tuple[int, re.Match[str]] | None:
    """The last part of a name that tells a size, by its position, and where it does; the first part never does."""
    parts = name.split("/")
    for position in range(len(parts) - 1, 0, -1):
        match = _SIZE.search(parts[position])
        if match:
            return position, match
    return None
