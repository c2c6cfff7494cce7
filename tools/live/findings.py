"""What a live program is found to do wrong: each finding has its stack, and figures fit for evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from tools.profiles.stacks import Stack

FindingKind = Literal[
    "many-goroutines", "goroutine-leak", "memory-leak", "growing-goroutines", "growing-memory", "contention"
]
"""`growing-…`: it grows beyond doubt, but the time was too short to tell a leak from what fills up and stops."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A figure in a base unit (`count`, `count/s`, `count/request`, `B`, `B/s`, `B/request`, `s`, `ratio`).

    `low` and `high` bound an estimate at 95 %; both None for what was counted exactly.
    """

    value: float
    unit: str
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing found. `stack` is where (leaf first), empty where no single place could be told."""

    kind: FindingKind
    stack: Stack
    quantities: Mapping[str, Measured]
    doubts: tuple[str, ...] = ()

    @property
    def is_leak(self) -> bool:
        """Whether it is a verdict and not a suspicion."""
        return self.kind in ("goroutine-leak", "memory-leak")
