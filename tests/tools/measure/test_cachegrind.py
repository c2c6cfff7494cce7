"""Counting instructions of real programs under valgrind, in the sandbox."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tools.errors import ProgramFailed, ProgramTimedOut, UnreadableOutput
from tools.measure.cachegrind import count_instructions, unavailable
from tools.run.process import Access, Limits, Runner
from tools.run.sandbox import BubblewrapSandbox

WORK = "n = 0\nwhile n < 20000:\n    n += 1\n"
Count = Callable[[str], float]


@pytest.fixture(scope="module")
def runner() -> Iterator[Runner]:
    runner = Runner(BubblewrapSandbox())
    yield runner
    runner.close()


@pytest.fixture
def count(runner: Runner, tmp_path: Path) -> Count:
    """The instructions of a shell script; `python` stands for an interpreter in it."""
    base = Path(sys.base_prefix)
    python = f"{base}/bin/python3 -I -S"

    def run(script: str, timeout_s: float = 60.0) -> float:
        out = tmp_path / f"out{len(list(tmp_path.iterdir()))}"
        out.mkdir()
        return count_instructions(
            runner,
            ["/bin/sh", "-c", script.replace("python", python)],
            cwd=tmp_path,
            env={"PYTHONHASHSEED": "0"},
            access=Access(readable=(base,)),
            limits=Limits(timeout_s=timeout_s),
            out=out,
            program="a script",
        )

    return run


def test_a_host_without_valgrind_is_told_how_to_get_it() -> None:
    assert "apt-get install valgrind" in (unavailable(lambda _name, path: None) or "")


def test_this_host_has_valgrind() -> None:
    assert unavailable() is None


def test_the_same_work_counts_the_same_and_more_work_counts_more(count: Count) -> None:
    loop = "i=0; while [ $i -lt {} ]; do i=$((i+1)); done"
    once, again, twice = count(loop.format(3000)), count(loop.format(3000)), count(loop.format(6000))
    assert once == pytest.approx(again, rel=0.002)
    assert twice - once > 3000 * 100


def test_what_a_program_starts_is_counted_with_it(count: Count) -> None:
    alone = count("python -c 'pass'")
    both = count("python -c 'pass'; python -c 'pass'; true")
    assert both == pytest.approx(2 * alone, rel=0.1)


def test_a_program_that_fails_is_no_count(count: Count) -> None:
    with pytest.raises(ProgramFailed, match="a script under valgrind ended with exit code 3"):
        count("exit 3")


def test_a_program_that_takes_too_long_is_ended(count: Callable[[str, float], float]) -> None:
    with pytest.raises(ProgramTimedOut):
        count("sleep 60", 0.5)


@pytest.mark.parametrize(
    "left",
    [
        "echo 'summary: 1' > {}",
        "ln -s /etc/passwd {}",
        "mkfifo {}",
        "printf 'events: Ir\\nsummary: many\\n' > {}",
    ],
)
def test_what_the_program_left_in_valgrinds_place_is_no_count(
    count: Count, tmp_path: Path, left: str
) -> None:
    place = tmp_path / f"out{len(list(tmp_path.iterdir()))}" / "cachegrind.77"
    with pytest.raises(UnreadableOutput):
        count(left.format(place))
