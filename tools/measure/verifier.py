"""What a language must offer for a change to be trusted: reading it, calling it, varying its inputs, counting."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from tools.measure.counting import Counts
from tools.measure.equivalence import Equivalence
from tools.measure.guard import Objection
from tools.measure.races import Races
from tools.measure.toolchain import Build
from tools.measure.unseen import Unseen
from tools.measure.workload import Benchmark, Workload


class Verifier(Protocol):
    """A language's ways to look through a change. `files` are the changed files, relative to both copies' roots."""

    def objections(self, before: Path, after: Path, files: tuple[str, ...]) -> tuple[Objection, ...]:
        """What the guard's rules find in a change; files that can't be read are objections, too."""

    def compare_values(
        self, before: Build, after: Build, workload: Workload, files: tuple[str, ...], *, seed: int
    ) -> Equivalence:
        """Call the changed functions of both copies on the same arguments. Raises: ToolError."""

    def unseen(self, root: Path, workload: Workload, number: int) -> Unseen:
        """Give the copy at `root` other inputs, in place; the same `number` gives the same. Raises: ToolError."""

    def races(self, before: Path, after: Path) -> Races:
        """Look for data races that a change brings, in the copies' tests and benchmarks. Raises: Cancelled."""

    def counts(self, build: Build, benchmark: Benchmark, iterations: int) -> Counts:
        """Count what one operation uses, in ways that don't depend on the host's mood. Raises: ToolError."""
