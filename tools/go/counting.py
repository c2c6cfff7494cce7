"""Instructions of one operation of a Go workload, counted by valgrind's cachegrind.

A benchmark runs in two processes with different numbers of operations. What start-up takes is in both, so that the
difference is the operations' own. Both run at least two operations beyond the testing package's trial run: benchmarks
over `b.N` have one of those and benchmarks over `b.Loop` don't.

A process's start differs from itself by up to a million instructions (measured with Go 1.26), which is why few
instructions can't be counted well. The collector is off: when it runs differs, and with it counts of what allocates
differed from themselves by up to 12 %, without it by 2 % at most. What allocation costs is in every sample, as bytes
and allocations.
"""

from __future__ import annotations

import math
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tools.errors import LimitExceeded, ProgramTimedOut
from tools.go.program import GoProgram
from tools.go.sampling import exact_pattern
from tools.measure.cachegrind import count_instructions, unavailable
from tools.measure.counting import Counts
from tools.measure.toolchain import Build
from tools.measure.workload import Benchmark
from tools.run.process import Limits, Runner

FEW = 2
"""Operations of the first process."""
ENOUGH = 150_000_000
"""Instructions that the second process should run beyond the first; with less there is a third, if there is time."""
LEAST = 80_000_000
START_S = 1.0
STEADY = {"GOMAXPROCS": "1", "GOGC": "off"}


@dataclass(frozen=True, slots=True, kw_only=True)
class InstructionCounter:
    """Counts for about `seconds` at most."""

    runner: Runner
    go: GoProgram
    seconds: float

    def count(self, build: Build, benchmark: Benchmark, iterations: int) -> Counts:
        """Instructions of one operation, or why they can't be counted. Raises: ToolError when the program fails."""
        why = unavailable()
        if why is None:
            try:
                found = (
                    self._whole(build, benchmark)
                    if "command" in build.programs or benchmark.name.startswith("Tests/")
                    else self._operation(build, benchmark, iterations)
                )
            except (ProgramTimedOut, LimitExceeded) as error:
                found = f"counting was given up: {error}"
            if isinstance(found, float):
                return Counts(values={"instructions/op": found})
            why = found
        return Counts(why_not={"instructions/op": why})

    def _whole(self, build: Build, benchmark: Benchmark) -> float | str:
        """A process that is one operation, its start included."""
        if "command" in build.programs:
            command: list[str | Path] = [build.programs["command"], *benchmark.selector]
            return self._run(build, command, build.root, self.seconds)
        folder = benchmark.selector[0]
        words: list[str | Path] = [build.programs[folder], "-test.run=.", "-test.count=1"]
        return self._run(build, words, build.root / folder, self.seconds)

    def _operation(self, build: Build, benchmark: Benchmark, iterations: int) -> float | str:
        started = time.perf_counter()
        few = self._operations(build, benchmark, FEW, self.seconds)
        began = time.perf_counter()
        left_s = self.seconds - (began - started)
        many = self._operations(build, benchmark, FEW + iterations, max(left_s, self.seconds / 2)) - few
        now = time.perf_counter()
        left_s = self.seconds - (now - started)
        if 0 < many < ENOUGH:
            more = math.ceil(iterations * ENOUGH / many)
            if (now - began) * more / iterations <= left_s or now - began < START_S:
                iterations = more
                many = self._operations(build, benchmark, FEW + more, max(left_s, self.seconds / 2)) - few
        if many < LEAST:
            return "it runs too few instructions to tell them from what a process's start takes"
        return many / iterations

    def _operations(self, build: Build, benchmark: Benchmark, operations: int, seconds: float) -> float:
        folder = benchmark.selector[0]
        words: list[str | Path] = [
            build.programs[folder], "-test.run=^$", "-test.count=1",
            f"-test.bench={exact_pattern(benchmark.name)}", f"-test.benchtime={operations}x",
        ]  # fmt: skip
        return self._run(build, words, build.root / folder, seconds)

    def _run(self, build: Build, words: list[str | Path], cwd: Path, seconds: float) -> float:
        with tempfile.TemporaryDirectory(prefix="ask-profiler-") as out:
            return count_instructions(
                self.runner,
                words,
                cwd=cwd,
                env={**self.go.environment, **STEADY},
                access=self.go.access(build.root, words[0], kept=()),
                limits=Limits(timeout_s=seconds, memory_bytes=8 * 1024**3, processes=512),
                out=Path(out).resolve(),
                program=f"{cwd.name} tests" if "command" not in build.programs else "the command",
            )
