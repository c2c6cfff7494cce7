"""Counts of real programs: they repeat, they grow with the work, and what can't be counted says why."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tools.measure.counting import Counts
from tools.measure.toolchain import Build
from tools.measure.workload import Benchmark
from tools.python.counting import Counter
from tools.python.interpreter import Interpreter
from tools.run.process import Runner

Count = Callable[..., Counts]
SCRIPT = "import sys\nn = int(sys.argv[1])\nkept = [str(i) for i in range(n)]\nprint(len(kept))\n"
SPEED = (
    "def work(n):\n    return [str(i) for i in range(1000, n)]\n\n\n"
    "def test_it(benchmark):\n    benchmark(work, {n})\n"
)


@pytest.fixture
def count(runner: Runner, light: Interpreter, tmp_path: Path) -> Count:
    def run(benchmark: Benchmark, iterations: int = 1, seconds: float = 100.0) -> Counts:
        build = Build(root=tmp_path, programs={}, duration_s=0.0)
        return Counter(
            runner=runner,
            interpreter=light,
            build=build,
            benchmark=benchmark,
            iterations=iterations,
            seconds=seconds,
        ).count()

    return run


def script(size: int) -> Benchmark:
    return Benchmark(name="script", selector=("python", "work.py", str(size)))


def test_a_command_is_counted_as_a_whole_the_same_again_and_more_for_more_work(
    count: Count, tmp_path: Path
) -> None:
    (tmp_path / "work.py").write_text(SCRIPT)
    once, again, more = count(script(1000)), count(script(1000)), count(script(21_000))
    assert once.why_not == {}
    for unit, value in once.values.items():
        assert again.values[unit] == pytest.approx(value, rel=0.002)
    assert more.values["instructions/op"] - once.values["instructions/op"] > 20_000 * 100
    assert more.values["allocs/op"] - once.values["allocs/op"] > 20_000
    assert more.values["peak-heap-B"] - once.values["peak-heap-B"] > 20_000 * 50


def test_what_takes_too_long_is_given_up_with_a_reason(count: Count, tmp_path: Path) -> None:
    (tmp_path / "work.py").write_text("while True:\n    pass\n")
    found = count(script(1), seconds=0.5)
    assert found.values == {}
    assert set(found.why_not) == {"instructions/op", "allocs/op", "peak-heap-B"}
    assert "longer than verify.counting_s allows (0.5 s)" in found.why_not["instructions/op"]


def test_a_program_that_fails_is_no_count(count: Count, tmp_path: Path) -> None:
    (tmp_path / "work.py").write_text("raise SystemExit('out of luck')\n")
    found = count(script(1))
    assert found.values == {}
    assert "out of luck" in found.why_not["instructions/op"]


@pytest.mark.slow
def test_one_operation_of_a_benchmark_is_counted_without_its_start(count: Count, tmp_path: Path) -> None:
    """Making 1,000 texts takes some 300,000 instructions and few thousand allocations; pytest's start 800 million."""
    (tmp_path / "test_speed.py").write_text(SPEED.format(n=2000))
    benchmark = Benchmark(name="test_speed/test_it", selector=("pytest:", "test_speed.py::test_it"))
    found = count(benchmark, iterations=50)
    assert found.why_not == {}
    assert 100_000 < found.values["instructions/op"] < 1_000_000
    assert 1000 < found.values["allocs/op"] < 10_000
