"""One fresh process of a workload: how it is started, what its values are, and what the benchmark fixture times."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.errors import ProgramFailed, ToolError, UnreadableOutput
from tools.measure.workload import (
    CPU_SECONDS_PER_OP,
    PEAK_RSS_BYTES,
    PROCESS_CPU_SECONDS,
    SECONDS_PER_OP,
    Benchmark,
    Sample,
)
from tools.python.interpreter import Interpreter
from tools.python.running import PYTEST, command_words, process_of, sample
from tools.python.testing import test_command as words_of_the_tests
from tools.run.process import Runner

MIB = 1024 * 1024
CALLS = """\
def note(name):
    with open(name, "a") as file:
        file.write("x")
"""
BENCHMARKS = """\
import time

import pytest

from calls import note


def work(name, pause=0.0):
    note(name)
    time.sleep(pause)
    return name


def test_called(benchmark):
    assert benchmark(work, "called", pause=0.01) == "called"


def test_pedantic(benchmark):
    def before():
        note("before")
        time.sleep(0.02)
        return ("pedantic",), {}

    def after(name):
        note("after")

    benchmark.pedantic(work, setup=before, teardown=after, rounds=3, iterations=1)


@pytest.mark.benchmark(group="sums", min_rounds=3)
def test_marked(benchmark):
    benchmark.group = "other"
    benchmark.extra_info["size"] = 10

    @benchmark
    def summed():
        return sum(range(10))

    assert summed == 45


@pytest.mark.skip(reason="needs a database")
def test_skipped(benchmark):
    benchmark(work, "skipped")


def test_idle(benchmark):
    pass


def test_wrong(benchmark):
    assert benchmark(work, "wrong") == "right"
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "ein Ziel"
    folder.mkdir()
    (folder / "calls.py").write_text(CALLS)
    (folder / "test_bench.py").write_text(BENCHMARKS)
    return folder


def run_script(runner: Runner, interpreter: Interpreter, root: Path, text: str) -> Sample:
    (root / "app.py").write_text(text)
    return sample(runner, interpreter, root, Benchmark(name="Command/app", selector=("app.py",)), 5)


def run_benchmark(runner: Runner, interpreter: Interpreter, root: Path, test: str, times: int) -> Sample:
    benchmark = Benchmark(name=f"test_bench/{test}", selector=(PYTEST, f"test_bench.py::{test}"))
    return sample(runner, interpreter, root, benchmark, times)


@pytest.mark.parametrize("first", ["python", "python3", "/usr/bin/python3"])
def test_python_in_a_command_is_the_targets_own_interpreter(
    bare: Interpreter, root: Path, first: str
) -> None:
    assert command_words(bare, root, (first, "-m", "app")) == (str(bare.path), "-m", "app")


def test_a_script_of_the_copy_and_a_console_script_are_run_by_the_interpreter(
    equipped: Interpreter, root: Path
) -> None:
    assert command_words(equipped, root, ("calls.py", "1")) == (str(equipped.path), "calls.py", "1")
    console = equipped.scripts / "pytest"
    assert command_words(equipped, root, ("pytest", "-q")) == (str(equipped.path), str(console), "-q")


@pytest.mark.parametrize("first", ["make", "missing.py", "bin/pytest"])
def test_any_other_command_is_refused_with_how_to_write_it(
    light: Interpreter, root: Path, first: str
) -> None:
    with pytest.raises(ToolError, match=rf"starts with '{first}', which is neither .*python script\.py"):
        command_words(light, root, (first,))


def test_a_commands_values_are_its_wall_time_its_cpu_time_and_its_peak_memory(
    runner: Runner, bare: Interpreter, root: Path
) -> None:
    text = f"import time\nheld = b'x' * {100 * MIB}\ntime.sleep(0.3)\n"
    taken = run_script(runner, bare, root, text)
    assert (taken.benchmark, taken.iterations) == ("Command/app", 1)
    assert set(taken.values) == {SECONDS_PER_OP, CPU_SECONDS_PER_OP, PEAK_RSS_BYTES}
    assert taken.values[SECONDS_PER_OP] == taken.duration_s
    assert 0.3 < taken.values[SECONDS_PER_OP] < 3
    assert 0 < taken.values[CPU_SECONDS_PER_OP] < taken.values[SECONDS_PER_OP] - 0.1
    assert 100 * MIB < taken.values[PEAK_RSS_BYTES] < 200 * MIB


def test_the_same_output_has_the_same_hash_and_another_output_another(
    runner: Runner, bare: Interpreter, root: Path
) -> None:
    one, same, other = (run_script(runner, bare, root, f"print({n})\n").output for n in ("1 + 1", "2", "3"))
    assert one == same != other
    assert one is not None and len(one.sha256) == 64


def test_nothing_random_is_in_a_commands_output(runner: Runner, bare: Interpreter, root: Path) -> None:
    text = "print({'a', 'b', 'c', 'd'}, hash('a'))\n"
    assert len({run_script(runner, bare, root, text).output for _ in range(3)}) == 1


def test_a_command_that_fails_is_told_by_its_last_words(
    runner: Runner, bare: Interpreter, root: Path
) -> None:
    with pytest.raises(ProgramFailed, match=r"(?s)Command/app ended with exit code 3: the disk is gone"):
        run_script(runner, bare, root, "import sys\nsys.stderr.write('the disk is gone')\nsys.exit(3)\n")


def test_the_output_of_tests_as_a_workload_has_no_hash(
    runner: Runner, light: Interpreter, root: Path
) -> None:
    (root / "test_bench.py").write_text("def test_right():\n    assert True\n")
    command = words_of_the_tests(light, root)
    assert command is not None
    taken = sample(runner, light, root, Benchmark(name="Tests", selector=command), 1)
    assert taken.output is None
    assert taken.values[SECONDS_PER_OP] > 0


def test_a_benchmark_is_called_as_often_as_was_asked_and_its_time_is_that_of_one_call(
    keeping_runner: Runner, light: Interpreter, root: Path
) -> None:
    taken = run_benchmark(keeping_runner, light, root, "test_called", 7)
    assert taken.iterations == len((root / "called").read_text()) == 7
    assert set(taken.values) == {SECONDS_PER_OP, PEAK_RSS_BYTES, PROCESS_CPU_SECONDS}
    assert 0.01 <= taken.values[SECONDS_PER_OP] < 0.05
    assert taken.values[SECONDS_PER_OP] * 7 < taken.duration_s
    assert taken.values[PEAK_RSS_BYTES] > MIB


def test_a_benchmarks_setup_and_teardown_go_with_each_call_and_are_not_timed(
    keeping_runner: Runner, light: Interpreter, root: Path
) -> None:
    taken = run_benchmark(keeping_runner, light, root, "test_pedantic", 4)
    assert taken.iterations == 4
    assert [len((root / name).read_text()) for name in ("before", "pedantic", "after")] == [4, 4, 4]
    assert taken.values[SECONDS_PER_OP] < 0.02


def test_a_project_may_say_to_pytest_benchmark_what_it_likes(
    runner: Runner, equipped: Interpreter, root: Path
) -> None:
    (root / "pytest.ini").write_text(
        "[pytest]\naddopts = --benchmark-only --benchmark-min-rounds=9 --benchmark-disable-gc --strict-markers\n"
    )
    assert run_benchmark(runner, equipped, root, "test_marked", 3).iterations == 3


@pytest.mark.parametrize("test", ["test_skipped", "test_idle"])
def test_a_benchmark_that_times_nothing_is_said_with_pytests_own_words(
    runner: Runner, light: Interpreter, root: Path, test: str
) -> None:
    run_benchmark(runner, light, root, "test_called", 1)  # its result must not pass for the next one's
    with pytest.raises(
        UnreadableOutput, match=rf"(?s){test} timed nothing: is it skipped\? pytest said: .*1 "
    ):
        run_benchmark(runner, light, root, test, 1)


def test_a_benchmark_whose_result_is_wrong_has_no_time(
    runner: Runner, light: Interpreter, root: Path
) -> None:
    with pytest.raises(ProgramFailed, match=r"(?s)test_bench/test_wrong ended with exit code 1: .*right"):
        run_benchmark(runner, light, root, "test_wrong", 2)


def test_only_a_benchmark_is_asked_for_iterations(light: Interpreter, root: Path) -> None:
    benchmark = Benchmark(name="a", selector=(PYTEST, "test_bench.py::test_called"))
    assert process_of(light, root, benchmark).iterates
    assert not process_of(light, root, Benchmark(name="b", selector=("calls.py",))).iterates
