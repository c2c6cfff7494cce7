"""What the guard objects to in a change: tricks that look like speed, found by reading the change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

GuardRule = Literal[
    "state that outlives a call",
    "work moved out of the timed region",
    "matched to known inputs",
    "stack inspection",
    "benchmark detection",
    "clock tampering",
    "collector tampering",
    "disabled checks",
    "deleted validation",
    "deleted logging",
    "harness tampering",
]
SUSPICION: frozenset[GuardRule] = frozenset({"state that outlives a call"})
"""Rules that alone condemn nothing, for honest caches exist: with one the gain must be shown in a fresh process with
a single operation.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Objection:
    """One thing that a change does and may not do. `detail` is a sentence a reviewer understands, with the code."""

    rule: GuardRule
    file: str
    line: int
    detail: str

    @property
    def words(self) -> str:
        """The rule, the place and the detail in one sentence."""
        return f"{self.rule}: {self.file}:{self.line}: {self.detail}"
