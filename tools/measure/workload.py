"""What is measured: a workload is a set of benchmarks, each runnable in a fresh process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from tools.measure.outputs import Output
from tools.measure.sizes import without_size

Language = Literal["go", "python"]
WorkloadKind = Literal["benchmarks", "command", "script", "module", "tests", "recording", "live"]

SECONDS_PER_OP = "sec/op"
"""Wall time of one operation; the unit names are those of golang.org/x/perf/benchunit."""
BYTES_PER_OP = "B/op"
ALLOCATIONS_PER_OP = "allocs/op"
CPU_SECONDS_PER_OP = "cpu-sec/op"
PROCESS_CPU_SECONDS = "process-cpu-sec"
"""CPU time of a benchmark's whole process, its start included: what isn't timed is in it, too."""
PEAK_RSS_BYTES = "peak-RSS-B"


@dataclass(frozen=True, slots=True, kw_only=True)
class Benchmark:
    """One thing that can be timed: a Go benchmark, a pytest-benchmark test, or a whole command.

    `name` is unique in the workload and a valid Go benchmark name without the `Benchmark`
    prefix (`Report/size=1000`, `Command/size=100`). `size` is the input size, where there is one.
    `selector` is what the language module needs to run exactly this one: package and regular
    expression, pytest node id, or the command's arguments.
    """

    name: str
    selector: tuple[str, ...]
    size: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """How a target is exercised, and why it was chosen; `benchmarks` is empty only where nothing is run: what was
    recorded before, or runs already.
    """

    language: Language
    kind: WorkloadKind
    benchmarks: tuple[Benchmark, ...]
    chosen_because: str
    command: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One fresh process that ran one benchmark.

    `values` maps a unit (`sec/op`, `B/op`, `allocs/op`, `peak-RSS-B`, …) to the value per operation,
    in base units. `iterations` is how many operations the process ran. `output` is what a
    whole command wrote to standard output, None where that isn't its result.
    """

    benchmark: str
    iterations: int
    values: Mapping[str, float]
    duration_s: float
    output: Output | None = None


def family_of(benchmark: Benchmark) -> str:
    """What benchmarks of the same thing at several sizes have in common: the name, `N` where it tells the size."""
    return without_size(benchmark.name) if benchmark.size is not None else benchmark.name


def profiled_benchmarks(workload: Workload) -> tuple[Benchmark, ...]:
    """What a profiler watches: of each family of sizes the largest; benchmarks without sizes all.

    Sizes aren't mixed: the share of a cost that grows slowly would depend on how long each size ran.
    """
    largest: dict[str, Benchmark] = {}
    for benchmark in workload.benchmarks:
        old = largest.get(family_of(benchmark))
        if old is None or (benchmark.size or 0) >= (old.size or 0):
            largest[family_of(benchmark)] = benchmark
    return tuple(largest.values())
