"""Go's ways to look through a change: reading it, calling it, varying its inputs, counting what it uses."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tools.go.counting import InstructionCounter
from tools.go.equivalence.comparing import compare_values
from tools.go.guarding.reading import ChangeReader
from tools.go.program import GoProgram
from tools.go.races import new_races
from tools.go.rewrites.rewriter import cache_folder
from tools.go.unseen import InputVariation
from tools.measure.counting import Counts
from tools.measure.equivalence import Equivalence
from tools.measure.guard import Objection
from tools.measure.races import Races
from tools.measure.toolchain import Build
from tools.measure.unseen import Unseen
from tools.measure.workload import Benchmark, Workload
from tools.run.process import Runner


@dataclass(frozen=True, slots=True, kw_only=True)
class GoVerifier:
    """Changes of Go targets with one toolchain, on `processors` processors.

    `values_s`, `generated_calls` and `float_tolerance_ratio` say how hard calls are compared, `counting_s` for how
    long instructions may be counted.
    """

    runner: Runner
    go: GoProgram
    processors: int
    values_s: float
    generated_calls: int
    float_tolerance_ratio: float
    counting_s: float

    def objections(self, before: Path, after: Path, files: tuple[str, ...]) -> tuple[Objection, ...]:
        """What the guard's rules find in a change; files that can't be read are objections, too. Raises: ToolError."""
        return ChangeReader(self.runner, self.go, cache_folder()).objections(before, after, files)

    def compare_values(
        self, before: Build, after: Build, workload: Workload, files: tuple[str, ...], *, seed: int
    ) -> Equivalence:
        """Call the changed functions of both copies on the same arguments. Raises: ToolError."""
        return compare_values(
            self.runner,
            self.go,
            before,
            after,
            workload,
            files,
            processors=self.processors,
            seed=seed,
            seconds=self.values_s,
            generated=self.generated_calls,
            tolerance=self.float_tolerance_ratio,
        )

    def unseen(self, root: Path, workload: Workload, number: int) -> Unseen:
        """Give the copy at `root` other inputs, in place; the same `number` gives the same. Raises: ToolError."""
        return InputVariation(self.runner, self.go, cache_folder(), self.processors).vary(
            root, workload, number
        )

    def races(self, before: Path, after: Path) -> Races:
        """Look for data races with Go's own detector, where goroutines are started. Raises: Cancelled."""
        return new_races(self.runner, self.go, before, after)

    def counts(self, build: Build, benchmark: Benchmark, iterations: int) -> Counts:
        """Count instructions; allocations are in every sample. Raises: ToolError."""
        counter = InstructionCounter(runner=self.runner, go=self.go, seconds=self.counting_s)
        return counter.count(build, benchmark, iterations)
