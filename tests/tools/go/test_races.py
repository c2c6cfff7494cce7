"""A data race that a change brings is found; locks, waiting, and races that were there before are no objection."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.go.program import GoProgram
from tools.go.races import new_races
from tools.run.process import Runner

pytestmark = pytest.mark.slow  # the standard library is compiled once for the detector
CODE = """package sums

import "sync"

func Sum(parts [][]int) int {
	total := 0
	var mutex sync.Mutex
	var waiting sync.WaitGroup
	for _, part := range parts {
		waiting.Add(1)
		go func() {
			defer waiting.Done()
			for _, value := range part {
				mutex.Lock()
				total += value
				mutex.Unlock()
			}
		}()
	}
	waiting.Wait()
	return total
}
"""
TEST = """package sums

import "testing"

func TestSum(t *testing.T) {
	if Sum([][]int{{1, 2, 3}}) != 6 {
		t.Error("wrong")
	}
}

func BenchmarkSum(b *testing.B) {
	parts := make([][]int, 8)
	for i := range parts {
		parts[i] = make([]int, 20000)
	}
	for i := 0; i < b.N; i++ {
		Sum(parts)
	}
}
"""
RACING = (
    CODE.replace("\t\t\t\tmutex.Lock()\n", "")
    .replace("\t\t\t\tmutex.Unlock()\n", "")
    .replace("\tvar mutex sync.Mutex\n", "")
)
PER_PART = (
    RACING.replace(
        "\t\t\t\ttotal += value\n\t\t\t}\n",
        "\t\t\t\town += value\n\t\t\t}\n\t\t\tmutex.Lock()\n\t\t\ttotal += own\n\t\t\tmutex.Unlock()\n",
    )
    .replace("\t\t\tfor _, value", "\t\t\town := 0\n\t\t\tfor _, value")
    .replace("\ttotal := 0\n", "\ttotal := 0\n\tvar mutex sync.Mutex\n")
)
ALONE = """package sums

func Sum(parts [][]int) int {
	total := 0
	for _, part := range parts {
		for _, value := range part {
			total += value
		}
	}
	return total
}
"""


def module(root: Path, code: str) -> Path:
    root.mkdir()
    (root / "go.mod").write_text("module example.com/sums\n\ngo 1.22\n")
    (root / "sums.go").write_text(code)
    (root / "sums_test.go").write_text(TEST)
    return root


def test_a_lock_that_is_left_out_is_found_though_the_test_passes(
    runner: Runner, go: GoProgram, tmp_path: Path
) -> None:
    found = new_races(runner, go, module(tmp_path / "a", CODE), module(tmp_path / "b", RACING))
    assert found.looked
    assert found.found[0].startswith("sums.Sum.func1 (sums.go:")


@pytest.mark.parametrize("code", [CODE, PER_PART], ids=["as it was", "a sum for each part"])
def test_code_that_locks_is_no_objection(runner: Runner, go: GoProgram, tmp_path: Path, code: str) -> None:
    found = new_races(runner, go, module(tmp_path / "a", CODE), module(tmp_path / "b", code))
    assert (found.looked, found.found, found.why_not) == (True, (), "")


def test_a_race_that_was_there_before_is_no_objection_and_is_told(
    runner: Runner, go: GoProgram, tmp_path: Path
) -> None:
    found = new_races(runner, go, module(tmp_path / "a", RACING), module(tmp_path / "b", RACING + "\n"))
    assert (found.found, found.why_not) == ((), "the code as it was has data races, too")


def test_code_without_goroutines_is_not_looked_at(runner: Runner, go: GoProgram, tmp_path: Path) -> None:
    found = new_races(runner, go, module(tmp_path / "a", CODE), module(tmp_path / "b", ALONE))
    assert (found.looked, found.found, found.why_not) == (False, (), "")
