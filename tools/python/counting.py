"""What one operation of a Python benchmark uses: instructions by cachegrind, allocations and heap by memray."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

from tools.errors import Cancelled, ProgramTimedOut, ToolError
from tools.measure import cachegrind
from tools.measure.counting import Counts, CountUnit
from tools.measure.toolchain import Build
from tools.measure.workload import Benchmark
from tools.python.interpreter import Interpreter
from tools.python.remembering import Memray
from tools.python.running import INSIDE, RESULT, clean_scratch, process_of
from tools.run.process import Limits, Runner

MIB = 1024**2
TOO_LONG = "it would take longer than verify.counting_s allows ({seconds:g} s)"
FEWER, MANY = 1, 100
"""Operations of the smaller of two processes whose difference is counted, and the most that the larger has beyond
under valgrind: a process repeats within 1,000 instructions. Its allocations repeat within 20, so that all operations
are needed there, and only a tenth of an allocation is said.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counter:
    """Counts one benchmark of one build. Everything together takes at most `seconds`."""

    runner: Runner
    interpreter: Interpreter
    build: Build
    benchmark: Benchmark
    iterations: int
    seconds: float

    def count(self) -> Counts:
        """Instructions and memory, both at the same time: counts don't mind company. Raises: Cancelled."""
        deadline = time.monotonic() + self.seconds
        clean_scratch(self.build.root, "instructions")  # two threads must not both make the folder around it
        with ThreadPoolExecutor(max_workers=1) as pool:
            memory = pool.submit(self._memory, deadline)
            values, why_not = self._instructions(deadline)
            more_values, more_why_not = memory.result()
        return Counts(values={**values, **more_values}, why_not={**why_not, **more_why_not})

    def _instructions(self, deadline: float) -> tuple[Mapping[CountUnit, float], Mapping[CountUnit, str]]:
        """Of a pytest benchmark the difference of two processes, of a command the whole process."""
        missing = cachegrind.unavailable()
        if missing is not None:
            return {}, {"instructions/op": missing}
        why_not: dict[CountUnit, str] = {}
        with _noting(why_not, ("instructions/op",), self.seconds):
            return {
                "instructions/op": self._per_operation(lambda n: self._executed(n, deadline), MANY)
            }, why_not
        return {}, why_not

    def _memory(self, deadline: float) -> tuple[Mapping[CountUnit, float], Mapping[CountUnit, str]]:
        memray = Memray(self.runner, self.interpreter)
        why_not: dict[CountUnit, str] = {}
        peaks: dict[int, float] = {}

        def allocated(operations: int) -> float:
            found = memray.totals(self.build, self.benchmark, operations, timeout_s=_left(deadline))
            peaks[operations] = found.peak_bytes
            return found.allocations

        with _noting(why_not, ("allocs/op", "peak-heap-B"), self.seconds):
            allocations = self._per_operation(allocated, self.iterations)
            return {"allocs/op": round(allocations, 1), "peak-heap-B": peaks[FEWER]}, why_not
        return {}, why_not

    def _per_operation(self, of: Callable[[int], float], most: int) -> float:
        fewer = of(FEWER)
        if not process_of(self.interpreter, self.build.root, self.benchmark).iterates:
            return fewer
        more = min(max(self.iterations, 1), max(most, 1))
        return max(0.0, (of(FEWER + more) - fewer) / more)

    def _executed(self, operations: int, deadline: float) -> float:
        root = self.build.root
        process = process_of(self.interpreter, root, self.benchmark)
        out = clean_scratch(root, "instructions")
        env = {
            **process.environment,
            "ASK_PROFILER_ITERATIONS": str(operations),
            "ASK_PROFILER_RESULT": str(out / RESULT),
        }
        return cachegrind.count_instructions(
            self.runner,
            process.argv,
            cwd=root,
            env=env,
            access=self.interpreter.forgetting_access(root, INSIDE, kept=(out,)),
            limits=Limits(timeout_s=_left(deadline), memory_bytes=8 * 1024 * MIB, processes=512),
            out=out,
            program=self.benchmark.name,
        )


def _left(deadline: float) -> float:
    return max(0.1, deadline - time.monotonic())


@contextmanager
def _noting(why_not: dict[CountUnit, str], units: tuple[CountUnit, ...], seconds: float) -> Iterator[None]:
    """What can't be counted is said, and is no reason to give up the rest. Raises: Cancelled."""
    try:
        yield
    except Cancelled:
        raise
    except ProgramTimedOut:
        why_not |= dict.fromkeys(units, TOO_LONG.format(seconds=seconds))
    except ToolError as error:
        why_not |= dict.fromkeys(units, str(error))
