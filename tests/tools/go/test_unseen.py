"""Benchmarks and commands with inputs that nobody had seen: other sizes and seeds, alike in both copies."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tools.go.program import GoProgram
from tools.go.unseen import InputVariation, vary_command
from tools.go.varying.numbers import Number, choose_changes, find_numbers, with_changes
from tools.measure.workload import Benchmark, Workload
from tools.run.process import Runner

GO_MOD = "module example.com/sums\n\ngo 1.22\n"
SUMS = """package sums

func Sum(numbers []int) (sum int) {
	for _, n := range numbers {
		sum += n
	}
	return
}
"""
SUMS_TEST = """package sums

import (
	"fmt"
	"math/rand"
	"testing"
	"time"
)

const rounds = 500

var sides = []int{10, 20, 40}

func numbers(count int, seed int64, mask int) []int {
	random := rand.New(rand.NewSource(seed))
	found := make([]int, count)
	for i := range found {
		found[i] = random.Intn(1000) & 0xff & mask
	}
	return found
}

func TestSum(t *testing.T) {
	for _, test := range []struct{ count, want int }{{100, 4950}} {
		given := make([]int, test.count)
		for i := range given {
			given[i] = i
		}
		if got := Sum(given); got != 4950 {
			t.Errorf("%d is not %d", got, test.want)
		}
	}
}

func BenchmarkSum(b *testing.B) {
	for _, size := range []int{3, 200, 3000} {
		given := numbers(size, 42, 0x7f)
		b.Run(fmt.Sprintf("size=%d", size), func(b *testing.B) {
			for i := 0; i < b.N; i++ {
				Sum(given)
			}
		})
	}
}

func BenchmarkSquare(b *testing.B) {
	for _, side := range sides {
		given := numbers(side*side, 42, 1<<10)
		b.Run(fmt.Sprintf("size=%d", side*side), func(b *testing.B) {
			for i := 0; i < b.N; i++ {
				Sum(given)
			}
		})
	}
}

func BenchmarkTable(b *testing.B) {
	for _, test := range []struct {
		name string
		size int
		want int
	}{{"few", 60, 0}, {"many", 600, 77}} {
		given := numbers(test.size, 9, 0)
		b.Run(test.name, func(b *testing.B) {
			b.SetBytes(8)
			for i := 0; i < b.N; i++ {
				_ = Sum(given) == test.want
			}
		})
	}
}

func BenchmarkRounds(b *testing.B) {
	given := numbers(64, 7, 15)
	time.Sleep(100 * time.Nanosecond)
	for i := 0; i < b.N; i++ {
		for round := 0; round < rounds; round++ {
			Sum(given)
		}
	}
}
"""
NAMES = ("Sum", "Square", "Table", "Rounds")


def workload(*names: str) -> Workload:
    found = tuple(
        Benchmark(
            name=name,
            selector=(".",),
            size=int(size) if (size := name.rpartition("=")[2]).isdigit() else None,
        )
        for name in names
    )
    return Workload(language="go", kind="benchmarks", benchmarks=found, chosen_because="given")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    copy = tmp_path / "copy"
    copy.mkdir()
    for name, text in (("go.mod", GO_MOD), ("sums.go", SUMS), ("sums_test.go", SUMS_TEST)):
        (copy / name).write_text(text)
    return copy


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("numbers")


@pytest.fixture
def variation(runner: Runner, go: GoProgram, cache: Path) -> InputVariation:
    return InputVariation(runner, go, cache, 2)


def test_benchmarks_get_other_sizes_and_seeds_under_their_new_names(
    variation: InputVariation, root: Path
) -> None:
    seen = workload(
        "Sum/size=3",
        "Sum/size=200",
        "Sum/size=3000",
        "Square/size=100",
        "Square/size=400",
        "Square/size=1600",
    )
    found = variation.vary(root, seen, 7)
    assert found.workload is not None
    sizes = {b.name: b.size for b in found.workload.benchmarks}
    assert len(sizes) == 6
    assert not sizes.keys() & {b.name for b in seen.benchmarks}
    assert max(s for name, s in sizes.items() if s and name.startswith("Sum/")) <= 3600
    assert max(s for name, s in sizes.items() if s and name.startswith("Square/")) <= 2400
    assert any(words.startswith("size 3000 became ") for words in found.changes)
    assert any(words.startswith("seed 42 became ") for words in found.changes)


def test_the_same_number_gives_both_copies_the_same_inputs(
    variation: InputVariation, root: Path, tmp_path: Path
) -> None:
    other, third = (Path(shutil.copytree(root, tmp_path / name)) for name in ("other", "third"))
    (other / "sums.go").write_text(
        SUMS.replace("return", "if len(numbers) > 9 {\n\t\tpanic(sum)\n\t}\n\treturn")
    )
    seen = workload("Rounds")
    assert variation.vary(root, seen, 3) == variation.vary(other, seen, 3)
    assert (root / "sums_test.go").read_text() == (other / "sums_test.go").read_text()
    variation.vary(third, seen, 4)
    assert (root / "sums_test.go").read_text() != (third / "sums_test.go").read_text()


def test_code_that_fails_on_other_inputs_still_gets_them(variation: InputVariation, root: Path) -> None:
    (root / "sums.go").write_text(
        SUMS.replace("(sum int) {", "(sum int) {\n\tif len(numbers) != 200 {\n\t\tpanic(1)\n\t}")
    )
    found = variation.vary(root, workload("Sum/size=200"), 7)
    assert found.workload is not None
    assert found.changes


def found_in(runner: Runner, go: GoProgram, cache: Path, root: Path) -> tuple[Number, ...]:
    return find_numbers(runner, go, cache, root, ["sums_test.go"], NAMES)


def test_numbers_are_found_by_what_they_are_for(
    runner: Runner, go: GoProgram, cache: Path, root: Path
) -> None:
    found = found_in(runner, go, cache, root)
    assert sorted(n.value for n in found if n.role == "size") == [
        3,
        10,
        15,
        20,
        40,
        60,
        64,
        200,
        500,
        600,
        3000,
    ]
    assert sorted(n.value for n in found if n.role == "seed") == [7, 9, 42, 42]


def test_what_tests_expect_and_what_is_no_size_stays(
    runner: Runner, go: GoProgram, cache: Path, root: Path
) -> None:
    found = found_in(runner, go, cache, root)
    content = (root / "sums_test.go").read_bytes()
    changed = with_changes(content, choose_changes(found, 5)).decode()
    for text in (
        "{{100, 4950}}",
        "Intn(1000) & 0xff",
        "77}}",
        "SetBytes(8)",
        "100 * time.Nanosecond",
        "1<<10",
        "0x7f",
    ):
        assert text in changed
    assert "[]int{3, 200, 3000}" not in changed


def test_sizes_stay_near_the_seen_ones(runner: Runner, go: GoProgram, cache: Path, root: Path) -> None:
    found = found_in(runner, go, cache, root)
    for seed in range(50):
        for change in choose_changes(found, seed):
            if change.number.role == "size":
                assert change.value != change.number.value
                assert 0.5 < change.value / change.number.value < 1.7
            if change.number.value in (40, 3000):
                assert change.value <= 1.2 * change.number.value


def test_where_nothing_is_to_be_varied_it_says_why(variation: InputVariation, root: Path) -> None:
    (root / "sums_test.go").write_text(
        'package sums\n\nimport "testing"\n\nfunc BenchmarkSum(b *testing.B) {\n'
        "\tfor i := 0; i < b.N; i++ {\n\t\tSum(nil)\n\t}\n}\n"
    )
    found = variation.vary(root, workload("Sum"), 1)
    assert found.workload is None
    assert "no sizes or seeds" in found.why_not


def test_a_command_gets_another_size_where_it_takes_one() -> None:
    benchmarks = tuple(
        Benchmark(name=f"Command/report/size={size}", selector=("--rows", str(size)), size=size)
        for size in (100, 1000)
    )
    command = Workload(
        language="go",
        kind="command",
        benchmarks=benchmarks,
        chosen_because="given",
        command=("./cmd/report", "--rows", "{size}"),
    )
    found = vary_command(command, 3)
    assert found.workload is not None
    assert found == vary_command(command, 3)
    for old, new in zip(benchmarks, found.workload.benchmarks, strict=True):
        assert new.size is not None
        assert new.size != old.size
        assert new.selector == ("--rows", str(new.size))
        assert new.name == f"Command/report/size={new.size}"
    fixed = Workload(
        language="go",
        kind="command",
        benchmarks=benchmarks[:1],
        chosen_because="given",
        command=("./cmd/report", "--rows", "100"),
    )
    assert vary_command(fixed, 3).workload is None
