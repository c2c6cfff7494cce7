"""Statistics of samples that aren't pairs: they are scipy's, and those that benchstat prints on the same files."""

from __future__ import annotations

import csv
import math
import random
import subprocess
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from tools.measure.recorded import Recording, read_go, read_text
from tools.measure.recorded_comparison import compare_recordings
from tools.measure.unpaired import mann_whitney_p, median_with_interval, shift_interval


def times(seed: int, count: int, *, scale: float = 1.0, digits: int | None = None) -> list[float]:
    found = random.Random(seed)
    values = [scale * found.lognormvariate(0, 0.1) for _ in range(count)]
    return values if digits is None else [round(v, digits) for v in values]


@pytest.mark.parametrize(("first", "second"), [(1, 1), (2, 3), (6, 6), (10, 12), (20, 20), (50, 50), (50, 7)])
@pytest.mark.parametrize("scale", [1.0, 1.1, 2.0])
def test_p_is_scipys_exact_one_without_ties(first: int, second: int, scale: float) -> None:
    before, after = times(first, first), times(second + 100, second, scale=scale)
    expected = stats.mannwhitneyu(before, after, method="exact").pvalue
    assert mann_whitney_p(before, after) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(("first", "second"), [(51, 51), (80, 60), (60, 7), (200, 100)])
@pytest.mark.parametrize("digits", [1, 2, None])
def test_p_is_scipys_normal_approximation_for_many(first: int, second: int, digits: int | None) -> None:
    before, after = times(first, first, digits=digits), times(second + 100, second, scale=1.03, digits=digits)
    expected = stats.mannwhitneyu(before, after, method="asymptotic").pvalue
    assert mann_whitney_p(before, after) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("seed", range(10))
def test_p_with_ties_counts_every_way_to_draw_the_sides(seed: int) -> None:
    from itertools import combinations

    before, after = times(seed, 5, digits=1), times(seed + 50, 6, digits=1)
    values = np.array([*before, *after])
    ranks = stats.rankdata(values)

    def away(chosen: tuple[int, ...]) -> float:
        return abs(float(ranks[list(chosen)].sum()) - len(before) * (len(values) + 1) / 2)

    seen = away(tuple(range(len(before))))
    draws = [away(c) for c in combinations(range(len(values)), len(before))]
    # Twice the smaller tail, as benchstat does; the distribution is symmetric only without ties.
    assert mann_whitney_p(before, after) == pytest.approx(_twice_the_tail(ranks, before, draws, seen))


def _twice_the_tail(ranks: np.ndarray, before: list[float], draws: list[float], seen: float) -> float:
    from itertools import combinations

    middle = len(before) * (len(ranks) + 1) / 2
    own = float(ranks[: len(before)].sum())
    if seen == 0:
        return 1.0
    sums = [float(ranks[list(c)].sum()) for c in combinations(range(len(ranks)), len(before))]
    low = middle - abs(own - middle)
    return min(1.0, 2 * sum(s <= low + 1e-9 for s in sums) / len(draws))


def test_equal_values_have_p_one_and_an_empty_side_is_an_error() -> None:
    assert mann_whitney_p([1.0] * 8, [1.0] * 8) == 1.0
    with pytest.raises(ValueError, match="both sides"):
        mann_whitney_p([], [1.0])


@pytest.mark.parametrize(("first", "second"), [(8, 8), (12, 9), (60, 70), (2100, 2000)])
def test_the_shift_is_the_median_difference_and_its_interval_leaves_out_what_the_test_rejects(
    first: int, second: int
) -> None:
    before, after = times(1, first), [v + 0.08 for v in times(2, second)]
    found = shift_interval(before, after)
    differences = np.subtract.outer(np.array(after), np.array(before))
    assert found.estimate == pytest.approx(float(np.median(differences)), rel=1e-6)
    assert found.low < found.estimate < found.high
    rejected = mann_whitney_p(before, after) <= 0.05
    assert rejected == (not found.low <= 0 <= found.high)


def test_an_interval_of_too_few_values_is_open() -> None:
    assert shift_interval([1.0, 2.0], [3.0, 4.0]).low == -math.inf
    assert median_with_interval([1.0, 2.0, 3.0]).high == math.inf


@pytest.mark.parametrize("count", [1, 2, 5, 6, 7, 10, 11, 20, 25, 30, 31, 40, 61])
@pytest.mark.parametrize("digits", [3, None])
def test_medians_intervals_changes_and_p_are_those_that_benchstat_prints(
    benchstat: str, tmp_path: Path, count: int, digits: int | None
) -> None:
    sides = {
        "old": times(count, count, digits=digits),
        "new": times(count + 7, count + 1, scale=0.9, digits=digits),
    }
    for name, values in sides.items():
        lines = [f"BenchmarkX-8 100 {1e6 * v:.6f} ns/op\n" for v in values]
        (tmp_path / name).write_text("goos: linux\n" + "".join(lines))
    row = _row(benchstat, tmp_path / "old", tmp_path / "new")
    found = compare_recordings(_read(tmp_path / "old"), _read(tmp_path / "new"))
    (change,) = found.units[0].changes
    assert float(row[1]) == pytest.approx(change.before.estimate, rel=1e-8)
    assert float(row[3]) == pytest.approx(change.after.estimate, rel=1e-8)
    from agent.rendering.comparison import half_width

    assert [row[2], row[4]] == [half_width(s).replace(" ", "") for s in (change.before, change.after)]
    assert f"p={change.p_value:.3f}" in row[6]


def _read(path: Path) -> Recording:
    return read_go(path, read_text(path))


def _row(benchstat: str, *files: Path) -> list[str]:
    done = subprocess.run([benchstat, "-format", "csv", *files], capture_output=True, text=True, check=True)
    return next(row for row in csv.reader(done.stdout.splitlines()) if row and row[0].startswith("X"))
