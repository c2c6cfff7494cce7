"""Small profiles written as text, the real ones of data/, and the go command's pprof."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tools.profiles.builder import ProfileBuilder
from tools.profiles.profile import Function, Profile, ValueType

Stacks = Callable[..., Profile]
DATA = Path(__file__).with_name("data")


@pytest.fixture
def data() -> Path:
    """Profiles that real programs wrote; the program's version is in the file's name."""
    return DATA


@pytest.fixture
def stacks() -> Stacks:
    """Makes a CPU profile of lines such as `main main.go:3 > sort.Sort sort/sort.go:9 = 5`, root first."""

    def make(text: str) -> Profile:
        builder = ProfileBuilder([ValueType(name="cpu", unit="nanoseconds")])
        for line in text.strip().splitlines():
            stack, _, amount = line.rpartition(" = ")
            frames = [_frame(part) for part in stack.split(" > ") if part.strip()]
            builder.add(frames[::-1], [int(amount)])
        return builder.build()

    return make


def _frame(text: str) -> tuple[Function, int]:
    name, _, place = text.strip().rpartition(" ")
    file, _, line = place.partition(":")
    return Function(name=name, file="" if file == "-" else file), int(line or 0)


@pytest.fixture
def go_pprof() -> Callable[..., str]:
    """Runs `go tool pprof` and gives what it prints; it fails the test where go isn't installed."""
    go = shutil.which("go")
    assert go is not None, "go is not installed: install it from https://go.dev/dl"

    def run(*words: str | Path) -> str:
        done = subprocess.run(
            [go, "tool", "pprof", *map(str, words)], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run
