"""Input sizes as benchmark names tell them."""

from __future__ import annotations

import re

_SIZE = re.compile(r"(?:^|[/_=-])(?:size|n|len|count|records|rows|items)?[=_-]?(\d+)([kKmM]?)(?=$|[/_-])")
_FACTORS = {"": 1, "k": 1000, "m": 1_000_000}


def size_in_name(name: str) -> int | None:
    """The input size a sub-benchmark's name tells (`Report/size=1000`, `Sort/10k`), None when it tells none."""
    parts = name.split("/")[1:]
    for part in reversed(parts):
        match = _SIZE.search(part)
        if match:
            return int(match[1]) * _FACTORS[match[2].lower()]
    return None
