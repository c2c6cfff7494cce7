"""One fresh process of a Go workload: a benchmark with a fixed number of iterations, or a command."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from tools.errors import ProgramFailed, UnreadableOutput
from tools.go.program import GoProgram
from tools.measure.benchmark_format import BenchmarkLine, parse_results, without_processors
from tools.measure.outputs import Output
from tools.measure.toolchain import Build
from tools.measure.workload import (
    CPU_SECONDS_PER_OP,
    PEAK_RSS_BYTES,
    PROCESS_CPU_SECONDS,
    SECONDS_PER_OP,
    Benchmark,
    Sample,
)
from tools.run.process import Completed, Limits, Runner

SAMPLE_LIMITS = Limits(timeout_s=60.0, memory_bytes=8 * 1024**3, processes=512)


def exact_pattern(name: str) -> str:
    """The -test.bench regular expression that selects exactly the benchmark called `name`."""
    return "/".join(f"^{re.escape(part)}$" for part in f"Benchmark{name}".split("/"))


def run_benchmark(
    runner: Runner, go: GoProgram, build: Build, benchmark: Benchmark, iterations: int, processors: int
) -> Sample:
    """Run one benchmark. Raises: ToolError when it fails, is skipped, or prints no usable result."""
    folder = benchmark.selector[0]
    done = run_test_binary(
        runner, go, build, folder,
        [f"-test.bench={exact_pattern(benchmark.name)}", f"-test.benchtime={iterations}x", "-test.benchmem"],
        processors=processors,
        program=f"Benchmark{benchmark.name}",
        kept=(),
    )  # fmt: skip
    line = _only_result(done, benchmark.name, processors)
    return Sample(
        benchmark=benchmark.name,
        iterations=line.iterations,
        values={
            **line.values,
            PROCESS_CPU_SECONDS: done.cpu_s,
            PEAK_RSS_BYTES: float(done.peak_rss_bytes),
        },
        duration_s=done.duration_s,
    )


def run_test_binary(
    runner: Runner,
    go: GoProgram,
    build: Build,
    folder: str,
    options: list[str],
    *,
    processors: int,
    program: str,
    binary: str | None = None,
    env: dict[str, str] | None = None,
    limits: Limits = SAMPLE_LIMITS,
    kept: Sequence[Path] | None = None,
) -> Completed:
    """Run a package's test binary without its tests, in the package's folder. Raises: ToolError.

    What it writes into the copy is forgotten but for `kept` folders; None keeps those that are ours.
    """
    program_path = binary or build.programs[folder]
    done = runner.run(
        [program_path, "-test.run=^$", "-test.count=1", *options],
        cwd=build.root / folder,
        env={**go.environment, "GOMAXPROCS": str(processors), **(env or {})},
        access=go.access(build.root, program_path, kept),
        limits=limits,
        check=False,
        program=program,
        cpus=build.cpus,
    )
    if done.exit_code != 0:
        words = (done.stdout + done.stderr).strip()[-1500:]
        raise ProgramFailed(
            f"{program} failed (exit code {done.exit_code}): {words}",
            exit_code=done.exit_code,
            stderr_tail=words,
        )
    return done


def _only_result(done: Completed, name: str, processors: int) -> BenchmarkLine:
    found = [r for r in parse_results(done.stdout) if without_processors(r.name, processors) == name]
    if not found:
        reason = "it was skipped" if "--- SKIP" in done.stdout else "it printed no result"
        raise UnreadableOutput(f"Benchmark{name} gave nothing to measure: {reason}")
    if SECONDS_PER_OP not in found[-1].values:
        raise UnreadableOutput(f"Benchmark{name} reports no time per operation")
    return found[-1]


def run_command(
    runner: Runner,
    go: GoProgram,
    build: Build,
    benchmark: Benchmark,
    *,
    env: dict[str, str] | None = None,
    kept: Sequence[Path] | None = None,
) -> tuple[Sample, Completed]:
    """Run the command's binary as a whole process; the sample and the process. Raises: ToolError.

    What it writes into the copy is forgotten but for `kept` folders; None keeps those that are ours.
    """
    done = runner.run(
        [build.programs["command"], *benchmark.selector],
        cwd=build.root,
        env={**go.environment, **(env or {})},
        access=go.access(build.root, build.programs["command"], kept),
        limits=SAMPLE_LIMITS,
        program=benchmark.name,
    )
    values = {
        SECONDS_PER_OP: done.duration_s,
        CPU_SECONDS_PER_OP: done.cpu_s,
        PEAK_RSS_BYTES: float(done.peak_rss_bytes),
    }
    sample = Sample(
        benchmark=benchmark.name,
        iterations=1,
        values=values,
        duration_s=done.duration_s,
        output=Output.of(done.stdout),
    )
    return sample, done
