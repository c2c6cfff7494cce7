"""Instructions of one operation, counted under valgrind: they repeat, grow with the work, and leave the start out."""

from __future__ import annotations

import pytest

from tools.go.counting import InstructionCounter
from tools.go.program import GoProgram
from tools.go.toolchain import GoToolchain
from tools.measure.counting import REAL_DIFFERENCE, Counts
from tools.measure.toolchain import Build
from tools.measure.workload import Benchmark, Workload
from tools.run.process import Runner

pytestmark = pytest.mark.slow
TEST = """package work

import (
	"testing"
	"time"
)

var sink uint64

//go:noinline
func work(steps int) {
	for i := range steps {
		sink = sink*31 + uint64(i)
	}
}

func BenchmarkOnce(b *testing.B) {
	work(5_000_000)
	for i := 0; i < b.N; i++ {
		work(100_000)
	}
}

func BenchmarkTwice(b *testing.B) {
	for b.Loop() {
		work(200_000)
	}
}

func BenchmarkIdle(b *testing.B) {
	for b.Loop() {
		time.Sleep(time.Millisecond)
	}
}
"""
ONCE, TWICE, IDLE = (Benchmark(name=name, selector=(".",)) for name in ("Once", "Twice", "Idle"))


@pytest.fixture(scope="module")
def build(runner: Runner, go: GoProgram, tmp_path_factory: pytest.TempPathFactory) -> Build:
    root = tmp_path_factory.mktemp("work")
    (root / "go.mod").write_text("module example.com/work\n\ngo 1.24\n")
    (root / "work.go").write_text("package work\n")
    (root / "work_test.go").write_text(TEST)
    workload = Workload(
        language="go", kind="benchmarks", benchmarks=(ONCE, TWICE, IDLE), chosen_because="given"
    )
    return GoToolchain(runner, go, 2).build(root, workload)


@pytest.fixture
def counter(runner: Runner, go: GoProgram) -> InstructionCounter:
    return InstructionCounter(runner=runner, go=go, seconds=60.0)


def test_counts_grow_with_the_work_whichever_way_a_benchmark_loops(
    counter: InstructionCounter, build: Build
) -> None:
    once = counter.count(build, ONCE, 300).values["instructions/op"]
    twice = counter.count(build, TWICE, 150).values["instructions/op"]
    assert 100_000 < once < 2_000_000
    assert abs(twice / once / 2 - 1) < 3 * REAL_DIFFERENCE


def test_what_does_nothing_is_not_counted(runner: Runner, go: GoProgram, build: Build) -> None:
    counts = InstructionCounter(runner=runner, go=go, seconds=6.0).count(build, IDLE, 2)
    assert counts == Counts(why_not=counts.why_not)
    why = counts.why_not["instructions/op"]
    assert "too few instructions to tell them from what a process's start takes" in why or "given up" in why


def test_what_takes_too_long_is_given_up(runner: Runner, go: GoProgram, build: Build) -> None:
    hasty = InstructionCounter(runner=runner, go=go, seconds=0.05)
    assert "given up" in hasty.count(build, ONCE, 300).why_not["instructions/op"]
