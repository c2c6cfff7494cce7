from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tools.run.process import Runner
from tools.run.sandbox import BubblewrapSandbox, NoSandbox, Sandbox


@pytest.fixture(params=["bubblewrap", "none"])
def sandbox(request: pytest.FixtureRequest) -> Sandbox:
    return BubblewrapSandbox() if request.param == "bubblewrap" else NoSandbox()


@pytest.fixture
def runner(sandbox: Sandbox) -> Iterator[Runner]:
    runner = Runner(sandbox)
    yield runner
    runner.close()


@pytest.fixture
def plain_runner() -> Iterator[Runner]:
    runner = Runner(NoSandbox())
    yield runner
    runner.close()


@pytest.fixture
def alive() -> Callable[[str], list[int]]:
    """The living processes whose arguments hold a word; waits a moment for the kernel to end them."""

    def find(word: str) -> list[int]:
        found = []
        for folder in Path("/proc").iterdir():
            if folder.name.isdigit() and int(folder.name) != os.getpid():
                try:
                    if word.encode() in (folder / "cmdline").read_bytes():
                        found.append(int(folder.name))
                except OSError:
                    continue
        return found

    def settle(word: str) -> list[int]:
        for _ in range(20):
            if not find(word):
                break
            time.sleep(0.01)
        return find(word)

    return settle
