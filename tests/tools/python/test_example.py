"""The bundled Python example under the real toolchain: chosen, tested, timed and profiled as a user's project is."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.measure.toolchain import Build, Profiler
from tools.measure.workload import SECONDS_PER_OP, Workload, profiled_benchmarks
from tools.profiles.pprof import read_pprof
from tools.profiles.queries import top
from tools.python.interpreter import Interpreter
from tools.python.remembering import Memray
from tools.python.spying import PySpy
from tools.python.toolchain import PythonToolchain
from tools.python.workload import choose_workload
from tools.run.process import Runner

pytestmark = pytest.mark.slow
SIZES = (100, 1000, 10000, 100000)


@pytest.fixture
def workload(runner: Runner, empty: Interpreter, example: Path) -> Workload:
    return choose_workload(runner, empty, example, script=None, bench=None, command=(), sizes=())


@pytest.fixture
def build(runner: Runner, empty: Interpreter, example: Path, workload: Workload) -> Build:
    return PythonToolchain(runner, empty).build(example, workload)


def test_the_declared_command_is_measured_at_the_four_sizes(workload: Workload) -> None:
    assert [b.size for b in workload.benchmarks] == list(SIZES)
    assert workload.command[:3] == ("python", "-m", "benchmarks.daily")
    assert [b.size for b in profiled_benchmarks(workload)] == [SIZES[-1]]


def test_its_tests_pass_and_a_broken_one_is_named(runner: Runner, light: Interpreter, example: Path) -> None:
    toolchain = PythonToolchain(runner, light)
    outcome = toolchain.test(example)
    assert (outcome.passed, outcome.failed) == (True, ())
    assert outcome.ran >= 3
    source = example / "daily_reports" / "trades.py"
    source.write_text(source.read_text().replace("rejected += 1", "rejected += 2"))
    broken = toolchain.test(example)
    assert not broken.passed
    assert any("test_trades" in name for name in broken.failed), broken.failed


def test_more_records_take_more_time_and_give_another_output(
    runner: Runner, empty: Interpreter, workload: Workload, build: Build
) -> None:
    toolchain = PythonToolchain(runner, empty)
    small, large = (toolchain.sample(build, workload.benchmarks[n], 1) for n in (0, 2))
    assert small.values[SECONDS_PER_OP] < large.values[SECONDS_PER_OP]
    assert small.output != large.output


@pytest.mark.parametrize("kind", [PySpy, Memray])
def test_every_profiler_finds_the_examples_own_code(
    runner: Runner,
    empty: Interpreter,
    workload: Workload,
    build: Build,
    tmp_path: Path,
    kind: type[PySpy] | type[Memray],
) -> None:
    smaller = Workload(
        language="python", kind="command", benchmarks=workload.benchmarks[:3], chosen_because="quicker"
    )
    profiler: Profiler = kind(runner, empty)
    capture = profiler.capture(build, smaller, seconds=1.0, out=tmp_path / "out")
    saved = read_pprof(capture.profile_path)
    assert saved.total(capture.value) == capture.profile.total(capture.value) > 0
    costs = top(capture.profile, value=capture.value, by="cumulative", limit=100)
    own = {c.function.name for c in costs if c.function.file.startswith(str(build.root / "daily_reports"))}
    assert {"daily_report", "parse"} <= own
    assert capture.argv[-1] == "10000"
