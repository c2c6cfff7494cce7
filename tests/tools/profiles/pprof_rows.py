"""What `go tool pprof -top` prints, as numbers by function."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

GoPprof = Callable[..., str]
Costs = dict[str, tuple[int, int]]
ALL = ("-nodecount=100000", "-nodefraction=0", "-edgefraction=0")
"""Options with which pprof leaves nothing out."""
_ROW = re.compile(
    r"^\s*(-?\d+)(?:ns|B)?\s+[\d.-]+%\s+[\d.-]+%\s+(-?\d+)(?:ns|B)?\s+[\d.-]+%\s+(.+?)(?: \((?:partial-)?inline\))?$"
)


def pprof_top(go_pprof: GoPprof, path: Path, value: str, unit: str, *options: str | Path) -> Costs:
    """(self, cumulative) by function name, of those that cost anything."""
    text = go_pprof("-top", f"-sample_index={value}", f"-unit={unit}", *ALL, *options, path)
    found = (_ROW.match(line) for line in text.splitlines())
    costs = {row[3]: (int(row[1]), int(row[2])) for row in found if row}
    return {name: cost for name, cost in costs.items() if cost != (0, 0)}
