"""The service with known faults, the server that answers badly, and locks of each test's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tools.live.servers import bad_server
from tests.tools.live.services import binary as binary  # a fixture
from tests.tools.live.services import start as start  # a fixture
from tools.go.program import GoProgram, find_go
from tools.run.process import Runner
from tools.run.sandbox import NoSandbox


@pytest.fixture(autouse=True)
def _own_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Locks of this test's own, so that no test waits for another one's."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))


@pytest.fixture(scope="session")
def runner() -> Iterator[Runner]:
    runner = Runner(NoSandbox())
    yield runner
    runner.close()


@pytest.fixture(scope="session")
def go(runner: Runner) -> GoProgram:
    return find_go(runner)


@pytest.fixture(scope="module")
def bad() -> Iterator[tuple[int, list[tuple[str, str]]]]:
    """The port of the server that answers badly, and what it was asked."""
    with bad_server() as found:
        yield found
