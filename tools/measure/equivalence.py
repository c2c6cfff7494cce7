"""What comparing a change by value showed: which functions, how many calls, what differed, what wasn't compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

DifferenceKind = Literal["result", "exception", "arguments", "output", "missing"]
"""What differed: what a call returned, raised (or panicked with), left in its arguments, or printed; or a side
that gave no outcome where the other did.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One call on which old and new code don't agree. Texts are cut to a readable length.

    `call` shows the arguments, `before` and `after` what each side gave.
    """

    function: str
    what: DifferenceKind
    call: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedFunction:
    """A changed function and how many calls agreed or not: `recorded` in workload and tests, `generated` from types
    or by varying recorded ones.
    """

    name: str
    recorded: int
    generated: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NotCompared:
    """A changed function that could not be called alone, and why."""

    function: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Equivalence:
    """Old and new code on the same calls.

    `reached` says of each benchmark that was run while recording whether it called changed code; a benchmark
    that wasn't run, or where that can't be known, is missing. A change of which nothing could be compared has no
    `functions`; that it is right rests on tests and output then.
    """

    functions: tuple[ComparedFunction, ...]
    not_compared: tuple[NotCompared, ...]
    differences: tuple[Difference, ...]
    reached: Mapping[str, bool] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    duration_s: float = 0.0

    @property
    def calls(self) -> int:
        """How many calls were compared."""
        return sum(f.recorded + f.generated for f in self.functions)
