"""The go command in the sandbox, and the rewriter with its helper built once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.go.program import GoProgram, find_go
from tools.go.rewrites.rewriter import GoRewriter
from tools.run.process import Runner
from tools.run.sandbox import BubblewrapSandbox

EXAMPLE = Path(__file__).parents[3] / "examples" / "daily-reports-go"


@pytest.fixture(scope="session")
def runner() -> Iterator[Runner]:
    runner = Runner(BubblewrapSandbox())
    yield runner
    runner.close()


@pytest.fixture(scope="session")
def go(runner: Runner) -> GoProgram:
    return find_go(runner)


@pytest.fixture(scope="session")
def rewriter(runner: Runner, go: GoProgram, tmp_path_factory: pytest.TempPathFactory) -> GoRewriter:
    return GoRewriter(runner, go, tmp_path_factory.mktemp("rewriter"))


@pytest.fixture(scope="session")
def example() -> Path:
    """The bundled Go example; copy it before building in it."""
    return EXAMPLE
