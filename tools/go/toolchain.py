"""Go as a toolchain: build, test, sample and profile a copy of a target."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tools.errors import ProgramFailed
from tools.go.captures import GoProfiler
from tools.go.compiling import compile_workload
from tools.go.kinds import KINDS, TRACE
from tools.go.program import GoProgram
from tools.go.sampling import run_benchmark, run_command, run_test_binary
from tools.go.testing import run_tests
from tools.go.tracing.capture import GoTracer
from tools.measure.toolchain import Build, Profiler, TestOutcome
from tools.measure.workload import (
    CPU_SECONDS_PER_OP,
    PEAK_RSS_BYTES,
    SECONDS_PER_OP,
    Benchmark,
    Sample,
    Workload,
)
from tools.run.process import Runner


@dataclass(frozen=True, slots=True)
class GoToolchain:
    """Go targets. `processors` is GOMAXPROCS for every process whose build doesn't say less."""

    runner: Runner
    go: GoProgram
    processors: int

    @property
    def version(self) -> str:
        """Such as `go1.26.8 linux/amd64`."""
        return self.go.version

    @property
    def profilers(self) -> tuple[Profiler, ...]:
        """Every profile that Go programs can write of themselves, and the execution trace."""
        profiles = tuple(
            GoProfiler(kind=kind, runner=self.runner, go=self.go, processors=self.processors)
            for kind in KINDS
            if kind != TRACE
        )
        return (*profiles, GoTracer(runner=self.runner, go=self.go, processors=self.processors))

    def build(self, root: Path, workload: Workload) -> Build:
        """Compile the workload's test binaries or command. Raises: ProgramFailed with the compiler's words."""
        return compile_workload(self.runner, self.go, root, workload)

    def test(self, root: Path) -> TestOutcome:
        """Run every package's tests. Raises: ToolError."""
        return run_tests(self.runner, self.go, root)

    def sample(self, build: Build, benchmark: Benchmark, iterations: int) -> Sample:
        """One fresh process. Raises: ToolError."""
        if "command" in build.programs:
            return run_command(self.runner, self.go, build, benchmark, kept=())[0]
        if benchmark.name.startswith("Tests/"):
            return self._sample_tests(build, benchmark)
        processors = build.processors or self.processors
        return run_benchmark(self.runner, self.go, build, benchmark, iterations, processors)

    def _sample_tests(self, build: Build, benchmark: Benchmark) -> Sample:
        """A package's whole test binary as a workload."""
        done = run_test_binary(
            self.runner, self.go, build, benchmark.selector[0], ["-test.run=."],
            processors=self.processors, program=benchmark.name, kept=(),
        )  # fmt: skip
        if done.exit_code != 0:
            raise ProgramFailed(f"{benchmark.name} failed", exit_code=done.exit_code)
        values = {
            SECONDS_PER_OP: done.duration_s,
            CPU_SECONDS_PER_OP: done.cpu_s,
            PEAK_RSS_BYTES: float(done.peak_rss_bytes),
        }
        return Sample(benchmark=benchmark.name, iterations=1, values=values, duration_s=done.duration_s)
