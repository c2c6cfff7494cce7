"""Calls of changed functions, recorded while the workload's benchmarks and the packages' tests run on the old copy."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from tools.errors import Cancelled, ToolError
from tools.go.equivalence.building import Side
from tools.go.equivalence.calls import Call, call_of, read_lines, spread
from tools.go.program import GoProgram
from tools.go.sampling import exact_pattern, run_command, run_test_binary
from tools.measure.toolchain import Build
from tools.measure.workload import Benchmark, Workload
from tools.run.process import Limits, Runner

RECORDER_MS = 600
"""What one process may spend on keeping calls."""
CALLS_OF_A_FUNCTION = 100
REPORTS = 500
"""Of how many processes that a benchmark starts what they recorded is read."""
TESTS_SHARE = 0.4
"""Of the time for recording, what is kept for the tests."""
TESTS = "Tests/"


@dataclass(slots=True)
class Recording:
    """What was recorded. `reached` is about benchmarks that were run; `cannot` tells why calls weren't kept."""

    calls: dict[str, list[Call]] = field(default_factory=dict)
    reached: dict[str, bool] = field(default_factory=dict)
    cannot: dict[str, str] = field(default_factory=dict)
    _seen: set[tuple[str, bytes]] = field(default_factory=set)

    def add(self, folder: Path) -> set[str]:
        """Take what processes wrote into `folder`; the functions that they called, as `path:number`."""
        called = set()
        for file in sorted(islice(folder.glob("*.jsonl"), REPORTS)):
            for line in read_lines(folder, file):
                mark, why = line.get("reached"), line.get("cannot")
                if isinstance(mark, str):
                    called.add(mark)
                elif isinstance(why, str):
                    self.cannot.setdefault(str(line.get("f")), why)
                elif (call := call_of(line, "recorded")) is not None:
                    self._keep(call)
        return called

    def _keep(self, call: Call) -> None:
        key = (call.function, call.arguments)
        if key not in self._seen:
            self._seen.add(key)
            self.calls.setdefault(call.function, []).append(call)

    def chosen(self) -> list[Call]:
        """The calls to repeat: of each function a bounded number, the smallest and others spread over the run."""
        return [call for calls in self.calls.values() for call in spread(calls, CALLS_OF_A_FUNCTION)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorder:
    """Runs the old copy with recording on. `marks` are the numbers of what changed, as `path:number`.

    Where changed code may run `unnoticed`, no benchmark is said not to reach it.
    """

    runner: Runner
    go: GoProgram
    side: Side
    processors: int
    marks: frozenset[str]
    unnoticed: bool

    def record(self, workload: Workload, tested: Iterable[str], seconds: float) -> Recording:
        """Run the benchmarks, smallest first and once each, and the tests of the folders `tested`."""
        found = Recording()
        deadline = time.perf_counter() + seconds
        benchmarks = sorted(workload.benchmarks, key=lambda b: b.size or 0)
        left = self._benchmarks(benchmarks, found, deadline - seconds * TESTS_SHARE)
        for folder in dict.fromkeys(tested):
            if time.perf_counter() < deadline and f"{TESTS}{folder}" not in found.reached:
                self._run(Benchmark(name=f"{TESTS}{folder}", selector=(folder,)), found, deadline)
        self._benchmarks(left, found, deadline)
        names = {b.name for b in workload.benchmarks}
        found.reached = {name: value for name, value in found.reached.items() if name in names}
        return found

    def _benchmarks(
        self, benchmarks: Sequence[Benchmark], found: Recording, deadline: float
    ) -> list[Benchmark]:
        """Run them until the time is over; the others are given back."""
        for number, benchmark in enumerate(benchmarks):
            if time.perf_counter() > deadline:
                return list(benchmarks[number:])
            self._run(benchmark, found, deadline)
        return []

    def _run(self, benchmark: Benchmark, found: Recording, deadline: float) -> None:
        folder = Path(tempfile.mkdtemp(prefix="record-", dir=self.side.scratch))
        env = {"ASK_PROFILER_RECORD": str(folder), "ASK_PROFILER_RECORD_MS": str(RECORDER_MS)}
        left_s = deadline - time.perf_counter()
        limits = Limits(timeout_s=min(20.0, max(3.0, 3 * left_s)), memory_bytes=8 * 1024**3, processes=512)
        ended = True
        try:
            self._process(benchmark, env, limits, folder)
        except Cancelled:
            raise
        except ToolError:
            ended = False  # what was recorded until then is as good
        called = found.add(folder)
        if called & self.marks:
            found.reached[benchmark.name] = True
        elif ended and not self.unnoticed:
            found.reached[benchmark.name] = False

    def _process(self, benchmark: Benchmark, env: Mapping[str, str], limits: Limits, folder: Path) -> None:
        build = Build(root=self.side.root, programs=self.side.programs, duration_s=0.0)
        if "command" in self.side.programs and not benchmark.name.startswith(TESTS):
            run_command(self.runner, self.go, build, benchmark, env=dict(env), kept=(folder,))
            return
        options = (
            ["-test.run=."]
            if benchmark.name.startswith(TESTS)
            else [f"-test.bench={exact_pattern(benchmark.name)}", "-test.benchtime=1x"]
        )
        run_test_binary(
            self.runner, self.go, build, benchmark.selector[0], options,
            processors=self.processors, program=benchmark.name, env=dict(env), limits=limits,
            kept=(folder,),
        )  # fmt: skip
