"""Real programs: a function that is small today and quadratic is named, and one among equals never is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.doors.conftest import Answered, Cli

pytestmark = [pytest.mark.slow, pytest.mark.alone]
ATTEMPTS = 3

SETTINGS = (
    "measure: {capture_s: 2.5, process_s: 0.1, calibration_pairs: 4, pairs_min: 7, pairs_max: 7}\n"
    "budgets: {attempts_per_bottleneck: 1, run_s: 280}\n"
)
PYTHON = """
import sys


def numbers(size):
    return [(number * 7919 + number * number % 10007) % 65521 for number in range(size)]


def score(values):
    total = 0
    for value in values:
        for step in range(60):
            total += (value ^ step) & 15
    return total


def digits(values):
    total = 0
    for value in values:
        for place in range(18):
            total += value // (place + 1) % 10
    return total


def inversions(values):
    found = 0
    few = values[:: {step}]
    for at in range(len(few)):
        here = few[at]
        for other in range({others}):
            if few[other] > here:
                found += 1
    return found


if __name__ == "__main__":
    values = numbers(int(sys.argv[1]))
    print(score(values), digits(values), inversions(values))
"""
GO = """package planted

func Score(values []int) (total int) {
	for _, value := range values {
		for step := range 60 {
			total += (value ^ step) & 15
		}
	}
	return total
}

func Digits(values []int) (total int) {
	for _, value := range values {
		for place := range 6 {
			total += value / (place + 1) % 10
		}
	}
	return total
}

//go:noinline
func Inversions(values []int) (found int) {
	for at := 0; at < len(values); at += STEP {
		for other := 0; other < OTHERS; other += STEP {
			if values[other] > values[at] {
				found++
			}
		}
	}
	return found
}

func All(values []int) int { return Score(values) + Digits(values) + Inversions(values) }
"""
GO_TEST = """package planted

import (
	"fmt"
	"testing"
)

func BenchmarkAll(b *testing.B) {
	for _, size := range []int{400, 10000} {
		values := make([]int, size)
		for n := range values {
			values[n] = (n*7919 + n*n%10007) % 65521
		}
		b.Run(fmt.Sprintf("size=%d", size), func(b *testing.B) {
			for b.Loop() {
				All(values)
			}
		})
	}
}
"""


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    path = tmp_path / "growth.yaml"
    path.write_text(SETTINGS)
    return path


def python_target(root: Path, *, step: int, others: str) -> Path:
    root.mkdir()
    (root / "app.py").write_text(PYTHON.replace("{step}", str(step)).replace("{others}", others))
    return root


def go_target(root: Path, *, step: int, others: str) -> Path:
    root.mkdir()
    (root / "go.mod").write_text("module example.com/planted\n\ngo 1.22\n")
    (root / "planted.go").write_text(GO.replace("STEP", str(step)).replace("OTHERS", others))
    (root / "planted_test.go").write_text(GO_TEST)
    return root


def the_family(report: Any) -> Any:
    (family,) = report["scaling"]
    return family


def value(report: Any, reference: Any) -> Any:
    (evidence,) = [e for e in report["evidence"] if e["id"] == reference["evidence_id"]]
    (quantity,) = [q for q in evidence["quantities"] if q["name"] == reference["name"]]
    return quantity


def assert_planted_is_named(ask: Callable[[], Answered], name: str, measured: int) -> None:
    """In one of three runs, and never another: a busy host's profiles may hold too few samples to name anything, or
    to tell how steeply it grows.
    """
    exponents = []
    for _ in range(ATTEMPTS):
        report = ask().report
        family = the_family(report)
        assert {t["function"]["function"] for t in family["tomorrow"]} <= {name}
        for found in family["tomorrow"]:
            assert found["measured_size"] == measured
            assert measured < value(report, found["size"])["value"] < 1_000 * measured
            exponents.append(value(report, found["function"]["exponent"])["value"])
        if max(exponents, default=0.0) > 1.4:
            return
    raise AssertionError(f"it grows with the square of the size, and was told to by the powers {exponents}")


def test_a_small_quadratic_function_of_a_python_command_is_named(
    cli: Cli, tmp_path: Path, settings: Path
) -> None:
    target = python_target(tmp_path / "target", step=16, others="at")
    words = ("--cmd", "python app.py {size}", "--sizes", "2000,20000", "--settings", settings, "--json")
    assert_planted_is_named(lambda: cli.ask(target, *words), "inversions", 20_000)


def test_a_small_quadratic_function_of_a_go_benchmark_is_named(
    cli: Cli, tmp_path: Path, settings: Path
) -> None:
    target = go_target(tmp_path / "target", step=16, others="at")
    words = ("--settings", settings, "--json")
    assert_planted_is_named(lambda: cli.ask(target, *words), "example.com/planted.Inversions", 10_000)


def test_where_all_grow_alike_none_is_named(cli: Cli, tmp_path: Path, settings: Path) -> None:
    target = go_target(tmp_path / "target", step=1, others="16")
    answered = cli.ask(target, "--settings", settings, "--json")
    family = the_family(answered.report)
    assert family["tomorrow"] == []
    assert len(family["functions"]) >= 2
    assert value(answered.report, family["before"]["exponent"])["value"] == pytest.approx(1.0, abs=0.3)
