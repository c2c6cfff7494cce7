"""A target's own tests: run by pytest or unittest, those that fail named, none at all contradicting nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.errors import UnreadableOutput
from tools.python.interpreter import Interpreter
from tools.python.testing import run_tests
from tools.run.process import Runner

PYTEST = """\
import pytest


def test_right():
    assert 1 + 1 == 2


@pytest.mark.skip(reason="not today")
def test_skipped():
    assert False


class TestSum:
    def test_wrong(self):
        assert 1 + 1 == 3


@pytest.fixture
def broken():
    raise RuntimeError("no database")


def test_without_its_fixture(broken):
    pass
"""
UNITTEST = """\
import unittest


class SumTest(unittest.TestCase):
    def test_right(self):
        self.assertEqual(1 + 1, 2)

    def test_wrong(self):
        self.assertEqual(1 + 1, 3)

    def test_broken(self):
        raise RuntimeError("no database")
"""


def passing(text: str) -> str:
    """The tests without those that fail."""
    return text.replace("== 3", "== 2").replace("1 + 1, 3", "1 + 1, 2").replace("raise Runtime", "Runtime")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "ein Ziel"
    folder.mkdir()
    return folder


def test_pytests_failing_tests_are_named_and_those_that_ran_are_counted(
    runner: Runner, light: Interpreter, root: Path
) -> None:
    (root / "test_sum.py").write_text(PYTEST)
    outcome = run_tests(runner, light, root)
    assert not outcome.passed
    assert outcome.failed == ("test_sum.TestSum::test_wrong", "test_sum::test_without_its_fixture")
    assert (outcome.ran, outcome.exit_code) == (3, 1)
    assert outcome.argv[:3] == ("python", "-m", "pytest")
    assert "no database" in outcome.output_tail
    assert outcome.duration_s > 0


def test_pytests_passing_tests_pass(runner: Runner, light: Interpreter, root: Path) -> None:
    (root / "test_sum.py").write_text(passing(PYTEST))
    outcome = run_tests(runner, light, root)
    assert (outcome.passed, outcome.failed, outcome.ran) == (True, (), 3)


def test_a_test_file_that_cannot_be_imported_is_named_with_the_reason(
    runner: Runner, light: Interpreter, root: Path
) -> None:
    (root / "test_sum.py").write_text("import nowhere_to_be_found\n")
    outcome = run_tests(runner, light, root)
    assert not outcome.passed
    assert outcome.failed[0].startswith("test_sum can't be imported")
    assert "No module named 'nowhere_to_be_found'" in outcome.failed[0]


def test_tests_that_end_pytest_itself_did_not_pass(runner: Runner, light: Interpreter, root: Path) -> None:
    (root / "test_sum.py").write_text("import os\n\n\ndef test_end():\n    os._exit(0)\n")
    outcome = run_tests(runner, light, root)
    assert not outcome.passed
    assert outcome.failed[0].startswith("pytest ended with exit code 0")


@pytest.mark.parametrize("folder", [".", "tests"])
def test_unittests_failing_tests_are_named(
    runner: Runner, empty: Interpreter, root: Path, folder: str
) -> None:
    (root / folder).mkdir(exist_ok=True)
    (root / folder / "test_sum.py").write_text(UNITTEST)
    outcome = run_tests(runner, empty, root)
    assert not outcome.passed
    assert outcome.ran == 3
    assert [name.split()[0] for name in outcome.failed] == ["test_broken", "test_wrong"]
    assert all("SumTest" in name for name in outcome.failed)
    assert outcome.argv[:4] == ("python", "-m", "unittest", "discover")


@pytest.mark.parametrize("package", [False, True])
def test_unittests_passing_tests_pass(runner: Runner, empty: Interpreter, root: Path, package: bool) -> None:
    (root / "tests").mkdir()
    (root / "app.py").write_text("RIGHT = True\n")
    (root / "tests" / "test_sum.py").write_text("import app\n" + passing(UNITTEST))
    if package:
        (root / "tests" / "__init__.py").write_text("")
    outcome = run_tests(runner, empty, root)
    assert (outcome.passed, outcome.failed, outcome.ran) == (True, (), 3)


def test_a_unittest_file_that_cannot_be_imported_is_named(
    runner: Runner, empty: Interpreter, root: Path
) -> None:
    (root / "test_sum.py").write_text("import unittest\nimport nowhere_to_be_found\n")
    outcome = run_tests(runner, empty, root)
    assert not outcome.passed
    (failed,) = outcome.failed
    assert failed.startswith("test_sum can't be imported (File ")
    assert 'test_sum.py", line 2' in failed
    assert failed.endswith("ModuleNotFoundError: No module named 'nowhere_to_be_found')")


def test_tests_that_end_unittest_itself_did_not_pass(runner: Runner, empty: Interpreter, root: Path) -> None:
    text = "import os\nimport unittest\n\n\nclass EndTest(unittest.TestCase):\n    def test_end(self):\n"
    (root / "test_sum.py").write_text(text + "        os._exit(0)\n")
    outcome = run_tests(runner, empty, root)
    assert not outcome.passed
    assert outcome.failed[0].startswith("unittest ended with exit code 0")


def test_tests_that_need_pytest_where_it_is_missing_are_said_with_the_remedy(
    runner: Runner, empty: Interpreter, root: Path
) -> None:
    (root / "test_sum.py").write_text("def test_sum():\n    assert True\n")
    with pytest.raises(UnreadableOutput, match=r"need pytest, which .* doesn't have: install it .*--python"):
        run_tests(runner, empty, root)


def test_no_tests_at_all_contradict_nothing(
    runner: Runner, light: Interpreter, empty: Interpreter, root: Path
) -> None:
    for interpreter in (light, empty):
        outcome = run_tests(runner, interpreter, root)
        assert (outcome.passed, outcome.ran, outcome.failed) == (True, 0, ())
        assert outcome.argv == ()


def test_test_files_without_a_test_contradict_nothing(
    runner: Runner, light: Interpreter, empty: Interpreter, root: Path
) -> None:
    (root / "test_sum.py").write_text("import unittest\n")
    for interpreter in (light, empty):
        outcome = run_tests(runner, interpreter, root)
        assert (outcome.passed, outcome.ran, outcome.failed) == (True, 0, ())
