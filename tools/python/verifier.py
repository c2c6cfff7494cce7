"""Python's ways to look through a change: reading it, calling it, varying its inputs, counting what it uses."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from tools.measure.counting import Counts
from tools.measure.equivalence import Equivalence
from tools.measure.guard import Objection
from tools.measure.races import Races
from tools.measure.toolchain import Build
from tools.measure.unseen import Unseen
from tools.measure.workload import Benchmark, Workload
from tools.python.counting import Counter
from tools.python.equivalence.comparing import compare_values
from tools.python.guarding.reading import find_objections
from tools.python.interpreter import Interpreter
from tools.python.unseen.varying import vary_inputs
from tools.run.process import Runner


@dataclass(frozen=True, slots=True, kw_only=True)
class PythonVerifier:
    """Changes of Python targets on one interpreter.

    `values_s`, `generated_calls` and `float_tolerance_ratio` say how hard calls are compared, `counting_s` for how
    long instructions may be counted.
    """

    runner: Runner
    interpreter: Interpreter
    values_s: float
    generated_calls: int
    float_tolerance_ratio: float
    counting_s: float

    def objections(self, before: Path, after: Path, files: tuple[str, ...]) -> tuple[Objection, ...]:
        """What the guard's rules find in a change; files that can't be read are objections, too."""
        return find_objections(before, after, files, newer_python=self._is_newer())

    def compare_values(
        self, before: Build, after: Build, workload: Workload, files: tuple[str, ...], *, seed: int
    ) -> Equivalence:
        """Call the changed functions of both copies on the same arguments. Raises: ToolError."""
        return compare_values(
            self.runner,
            self.interpreter,
            before,
            after,
            workload,
            files,
            seed=seed,
            seconds=self.values_s,
            generated=self.generated_calls,
            tolerance=self.float_tolerance_ratio,
        )

    def unseen(self, root: Path, workload: Workload, number: int) -> Unseen:
        """Give the copy at `root` other inputs, in place; the same `number` gives the same. Raises: ToolError."""
        return vary_inputs(self.runner, self.interpreter, root, workload, number)

    def races(self, before: Path, after: Path) -> Races:
        """Nothing: there is no race detector for Python."""
        return Races()

    def counts(self, build: Build, benchmark: Benchmark, iterations: int) -> Counts:
        """Count what one operation uses, in ways that don't depend on the host's mood. Raises: ToolError."""
        return Counter(
            runner=self.runner,
            interpreter=self.interpreter,
            build=build,
            benchmark=benchmark,
            iterations=iterations,
            seconds=self.counting_s,
        ).count()

    def _is_newer(self) -> bool:
        """Whether the target's Python may have syntax that this program's hasn't."""
        numbers = self.interpreter.version.split(".")[:2]
        return all(n.isdigit() for n in numbers) and tuple(map(int, numbers)) > sys.version_info[:2]
