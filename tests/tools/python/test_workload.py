"""What a Python target is measured by, and why: given, declared, benchmarks, its one script, else its tests."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from tools.errors import ToolError, UnreadableOutput
from tools.measure.workload import Workload
from tools.python.interpreter import Interpreter
from tools.python.workload import choose_workload
from tools.run.process import Runner

SCRIPT = 'if __name__ == "__main__":\n    print("done")\n'
BENCHMARKS = """\
import pytest


@pytest.mark.parametrize("size", [100, 1000])
def test_sum(benchmark, size):
    benchmark(sum, range(size))


class TestOrder:
    def test_sorted(self, benchmark):
        benchmark(sorted, [2, 1])


def test_plain():
    assert True
"""
UNITTEST = """\
import unittest


class AppTest(unittest.TestCase):
    def test_app(self):
        self.assertTrue(True)
"""
DECLARED = '[tool.ask-profiler]\ncommand = ["python", "app.py", "{size}"]\nsizes = [10, 1000, 100]\n'


class Choose:
    """`choose_workload` for one folder, by one interpreter."""

    def __init__(self, runner: Runner, interpreter: Interpreter, root: Path) -> None:
        self.runner, self.interpreter, self.root = runner, interpreter, root

    def __call__(
        self,
        *command: str,
        script: str | None = None,
        bench: str | None = None,
        sizes: Sequence[int] = (),
        interpreter: Interpreter | None = None,
    ) -> Workload:
        return choose_workload(
            self.runner,
            interpreter or self.interpreter,
            self.root,
            script=script,
            bench=bench,
            command=command,
            sizes=sizes,
        )


@pytest.fixture
def choose(runner: Runner, light: Interpreter, tmp_path: Path) -> Choose:
    """A folder with everything in it that a workload could be found in."""
    root = tmp_path / "ein Ziel"
    root.mkdir()
    (root / "app.py").write_text(SCRIPT)
    (root / "pyproject.toml").write_text(DECLARED)
    (root / "test_bench.py").write_text(BENCHMARKS)
    (root / "test_app.py").write_text(UNITTEST)
    return Choose(runner, light, root)


def names(workload: Workload) -> list[str]:
    return [b.name for b in workload.benchmarks]


def test_a_given_command_is_what_is_measured_whatever_else_there_is(choose: Choose) -> None:
    workload = choose("python", "app.py", "--fast", script="app.py", bench="sum")
    assert workload.kind == "command"
    assert workload.chosen_because == "the command was given"
    assert workload.command == ("python", "app.py", "--fast")
    assert [(b.name, b.selector, b.size) for b in workload.benchmarks] == [
        ("Command/app", ("python", "app.py", "--fast"), None)
    ]


def test_a_module_gives_its_name_to_the_command(choose: Choose) -> None:
    assert names(choose("python", "-m", "app.main", "run")) == ["Command/app.main"]


def test_a_command_is_run_at_each_given_size_once_smallest_first(choose: Choose) -> None:
    workload = choose("python", "app.py", "n={size}", sizes=[1000, 100, 1000])
    assert [(b.name, b.selector[-1], b.size) for b in workload.benchmarks] == [
        ("Command/app/size=100", "n=100", 100),
        ("Command/app/size=1000", "n=1000", 1000),
    ]


def test_a_command_with_a_place_for_a_size_needs_sizes(choose: Choose) -> None:
    with pytest.raises(ToolError, match=r"\{size\} but no sizes: give them with --sizes"):
        choose("python", "app.py", "{size}")


def test_a_command_that_cannot_be_run_by_the_targets_interpreter_is_refused_at_once(choose: Choose) -> None:
    with pytest.raises(ToolError, match=r"starts with 'make', which is neither .*python script\.py"):
        choose("make", "report")


def test_a_given_pattern_chooses_among_the_benchmarks(choose: Choose) -> None:
    workload = choose(bench="sum", script="app.py")
    assert workload.kind == "benchmarks"
    assert workload.chosen_because == "2 pytest benchmarks match --bench sum"
    assert [(b.name, b.size) for b in workload.benchmarks] == [
        ("test_bench/test_sum/100", 100),
        ("test_bench/test_sum/1000", 1000),
    ]


def test_a_pattern_that_matches_nothing_is_told_what_there_is(choose: Choose) -> None:
    with pytest.raises(ToolError) as caught:
        choose(bench="Sum$")
    assert "no pytest benchmark matches --bench 'Sum$'" in str(caught.value)
    assert "test_bench.py::TestOrder::test_sorted" in str(caught.value)
    assert "test_plain" not in str(caught.value)
    (choose.root / "test_bench.py").unlink()
    with pytest.raises(ToolError, match="there are none at all"):
        choose(bench="sum")


def test_a_pattern_that_is_no_regular_expression_is_refused(choose: Choose) -> None:
    with pytest.raises(ToolError, match=r"--bench '\(' is not a regular expression"):
        choose(bench="(")


def test_a_script_named_as_the_target_goes_before_what_is_declared(choose: Choose) -> None:
    workload = choose(script="app.py")
    assert (workload.kind, workload.chosen_because) == ("script", "app.py was named as the target")
    assert workload.benchmarks[0].selector == ("app.py",)


def test_a_declared_command_goes_before_what_can_be_found(choose: Choose) -> None:
    workload = choose()
    assert (workload.kind, workload.command) == ("command", ("python", "app.py", "{size}"))
    assert workload.chosen_because == "declared by [tool.ask-profiler] in pyproject.toml"
    assert [b.size for b in workload.benchmarks] == [10, 100, 1000]


def test_given_sizes_take_the_place_of_the_declared_ones(choose: Choose) -> None:
    assert [b.size for b in choose(sizes=[7]).benchmarks] == [7]


@pytest.mark.parametrize(
    ("declared", "complaint"),
    [
        ('ask-profiler = "python app.py"', r"\[tool\.ask-profiler\].*must be a table"),
        ('[tool.ask-profiler]\ncommand = "python app.py"', r"`command` must be a list of words such as"),
        ("[tool.ask-profiler]\ncommand = []", "`command` must be a list of words"),
        ('[tool.ask-profiler]\ncommand = ["python", 3]', "`command` must be a list of words"),
        ("[tool.ask-profiler]\nsizes = [10]", "`command` must be a list of words"),
        (
            '[tool.ask-profiler]\ncommand = ["app.py"]\nsizes = [0]',
            "`sizes` must be a list of whole numbers",
        ),
        (
            '[tool.ask-profiler]\ncommand = ["app.py"]\nsizes = [true]',
            "`sizes` must be a list of whole numbers",
        ),
        ('[tool.ask-profiler]\ncommand = ["app.py"]\nsizes = 10', "`sizes` must be a list of whole numbers"),
        ('[tool.ask-profiler]\ncommand = ["app.py', r"pyproject\.toml can't be read: .*string"),
    ],
)
def test_a_declaration_that_is_wrong_is_named_by_its_key(
    choose: Choose, declared: str, complaint: str
) -> None:
    text = declared if declared.startswith("[") else f"[tool]\n{declared}"
    (choose.root / "pyproject.toml").write_text(text)
    with pytest.raises(UnreadableOutput, match=f"(?s){complaint}"):
        choose()


def test_without_a_declaration_the_tests_that_use_the_benchmark_fixture_are_measured(choose: Choose) -> None:
    (choose.root / "pyproject.toml").unlink()
    workload = choose()
    assert (workload.kind, workload.chosen_because) == ("benchmarks", "3 tests use the benchmark fixture")
    assert names(workload) == [
        "test_bench/test_sum/100",
        "test_bench/test_sum/1000",
        "test_bench/TestOrder/test_sorted",
    ]


def test_benchmarks_without_pytest_are_named_with_the_remedy(choose: Choose, empty: Interpreter) -> None:
    (choose.root / "pyproject.toml").unlink()
    with pytest.raises(ToolError, match=r"has no pytest: install it there, or give another .*--python"):
        choose(interpreter=empty)


def test_without_benchmarks_the_one_script_is_measured(choose: Choose, empty: Interpreter) -> None:
    (choose.root / "pyproject.toml").unlink()
    (choose.root / "test_bench.py").unlink()
    for name in ("setup.py", "test_more.py", "conftest.py"):
        (choose.root / name).write_text(SCRIPT)
    workload = choose(interpreter=empty)
    assert (workload.kind, workload.chosen_because) == ("script", "app.py is the target's one script")
    assert workload.benchmarks[0].selector == ("app.py",)


def test_where_there_are_two_scripts_none_is_picked_but_the_tests(choose: Choose, empty: Interpreter) -> None:
    (choose.root / "pyproject.toml").unlink()
    (choose.root / "test_bench.py").unlink()
    (choose.root / "other.py").write_text(SCRIPT)
    workload = choose(interpreter=empty)
    assert (workload.kind, names(workload)) == ("tests", ["Tests"])
    assert workload.chosen_because == "there are no benchmarks and no command; the tests are the workload"
    assert workload.command[:3] == ("python", "-m", "unittest")


def test_a_target_with_nothing_to_run_is_told_how_to_give_something(choose: Choose) -> None:
    for path in choose.root.iterdir():
        path.unlink()
    (choose.root / "library.py").write_text("def f():\n    return 1\n")
    with pytest.raises(ToolError, match=r"nothing was found to run: .*give a workload with --cmd"):
        choose()
