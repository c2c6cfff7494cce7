"""The Python example, an interpreter for targets, and the sandbox its programs run in."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
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
def keeping_runner() -> Iterator[Runner]:
    """A sandbox that doesn't forget what a process wrote into its copy, so that a test can read it there."""
    runner = Runner(BubblewrapSandbox(forgets=False))
    yield runner
    runner.close()


@pytest.fixture(scope="session")
def bare(runner: Runner) -> Interpreter:
    """The interpreter that this program's environment was made from: the same ABI, none of its packages."""
    return find_interpreter(
        runner, Path(sys.prefix), str(Path(sys.base_prefix) / "bin" / "python3"), os.environ
    )


@pytest.fixture(scope="session")
def empty(runner: Runner, bare: Interpreter, tmp_path_factory: pytest.TempPathFactory) -> Interpreter:
    """An environment with nothing installed, not even pytest."""
    folder = tmp_path_factory.mktemp("empty environment") / ".venv"
    runner.run([bare.path, "-m", "venv", "--without-pip", folder], cwd=folder.parent, confined=False)
    return find_interpreter(runner, folder.parent, None, {})


@pytest.fixture(scope="session")
def light(runner: Runner, light_python: Path) -> Interpreter:
    """An environment with pytest and no plugin: it starts in a tenth of the time of `equipped`."""
    return find_interpreter(runner, light_python.parents[2], str(light_python), {})


@pytest.fixture(scope="session")
def equipped(runner: Runner) -> Interpreter:
    """An interpreter with pytest, pytest-benchmark and memray: this program's own, lent for the tests."""
    return find_interpreter(runner, Path(sys.prefix), sys.executable, os.environ)


@pytest.fixture
def example(tmp_path: Path) -> Path:
    """A copy of the bundled Python example, in a folder whose name needs care."""
    return Path(shutil.copytree(EXAMPLE, tmp_path / "täglich reports"))


@pytest.fixture(scope="session")
def go_top() -> Callable[[Path, str], str]:
    """What `go tool pprof -top` prints of one value of a file; it fails the test where go isn't installed."""
    go = shutil.which("go")
    assert go is not None, "go is not installed: install it from https://go.dev/dl"

    def run(path: Path, value: str) -> str:
        words = [go, "tool", "pprof", "-top", f"-sample_index={value}", str(path)]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run
