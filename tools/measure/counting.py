"""Counts of one operation that don't depend on the host's mood: a second signal beside time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

CountUnit = Literal["instructions/op", "allocs/op", "peak-heap-B"]
"""Instructions executed under cachegrind, allocations, and the most memory that was allocated at one time."""
REAL_DIFFERENCE: float = 0.01
"""Counts repeat; what differs by more than this is the program's doing."""
SLOWDOWN = 60.0
"""How many times as long a process takes under cachegrind, at most; used to tell beforehand whether there is time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What was counted, per operation where the unit says so, and why the rest wasn't, by unit.

    A unit that doesn't exist for the language stands in neither.
    """

    values: Mapping[CountUnit, float] = field(default_factory=dict)
    why_not: Mapping[CountUnit, str] = field(default_factory=dict)
