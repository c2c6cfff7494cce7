"""The Python example, an interpreter for targets, and the sandbox its programs run in."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.python.interpreter import Interpreter, find_interpreter
from tools.run.process import Runner
from tools.run.sandbox import BubblewrapSandbox

EXAMPLE = Path(__file__).parents[3] / "examples" / "daily-reports-py"


@pytest.fixture(scope="session")
def runner() -> Iterator[Runner]:
    runner = Runner(BubblewrapSandbox())
    yield runner
    runner.close()


@pytest.fixture(scope="session")
def bare(runner: Runner) -> Interpreter:
    """The interpreter that this program's environment was made from: the same ABI, none of its packages."""
    return find_interpreter(
        runner, Path(sys.prefix), str(Path(sys.base_prefix) / "bin" / "python3"), os.environ
    )


@pytest.fixture(scope="session")
def equipped(runner: Runner) -> Interpreter:
    """An interpreter with pytest, pytest-benchmark and memray: this program's own, lent for the tests."""
    return find_interpreter(runner, Path(sys.prefix), sys.executable, os.environ)


@pytest.fixture
def example(tmp_path: Path) -> Path:
    """A copy of the bundled Python example, in a folder whose name needs care."""
    return Path(shutil.copytree(EXAMPLE, tmp_path / "täglich reports"))
