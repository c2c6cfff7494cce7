"""Whether our statistics say what scipy's and benchstat's say of the same numbers."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import scipy.stats

from evals.bench.figure import Conditions, Figure
from tools.measure.benchmark_format import BenchmarkLine, format_results
from tools.measure.benchstat import find_benchstat
from tools.measure.statistics import FloatArray, holm, paired_interval, signed_rank_p
from tools.measure.unpaired import mann_whitney_p, median_with_interval
from tools.run.process import Runner
from tools.run.sandbox import NoSandbox

SAMPLES = 200
ALLOWED = 1e-9
SHOWN_P = 0.0005
"""benchstat prints p with three digits."""


def bench_agreement(conditions: Conditions) -> Iterator[Figure]:
    """The largest differences over random samples, with ties and without. Raises: ToolError."""
    random = np.random.default_rng(conditions.seed)
    samples = [_two_sides(random) for _ in range(conditions.trials or SAMPLES)]
    worst = {
        "signed-rank p": max(_signed_rank_difference(a, b) for a, b in samples),
        "Hodges-Lehmann estimate": max(_estimate_difference(a, b) for a, b in samples),
        "Mann-Whitney p": max(_mann_whitney_difference(a, b) for a, b in samples),
        "Holm's correction": _holm_difference(random),
    }
    words = ", ".join(f"{name} {difference:.1e}" for name, difference in worst.items())
    yield Figure(
        name=f"largest difference from scipy over {len(samples)} samples",
        found=words,
        goal=f"at most {ALLOWED:g}",
        is_met=max(worst.values()) <= ALLOWED,
        data=worst,
    )
    yield _beside_benchstat(samples, conditions.folder)


def _two_sides(random: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    """Two sides of the same length; every third with ties."""
    count = int(random.integers(6, 26))
    before, after = random.lognormal(0, 0.1, count), random.lognormal(-0.05, 0.1, count)
    if random.integers(3) == 0:
        return np.round(before, 1), np.round(after, 1)
    return before, after


def _signed_rank_difference(before: FloatArray, after: FloatArray) -> float:
    """From scipy's exact test, where that has one: without ties and zeros."""
    values = after - before
    if len(np.unique(np.abs(values))) < len(values) or not np.all(values):
        return 0.0
    return abs(signed_rank_p(values) - float(scipy.stats.wilcoxon(values, method="exact").pvalue))


def _estimate_difference(before: FloatArray, after: FloatArray) -> float:
    """From the definition: the median of the averages of every two, each with itself."""
    values = (after - before).tolist()
    averages = [(a + b) / 2 for n, a in enumerate(values) for b in values[n:]]
    return abs(paired_interval(after - before, 0.95, seed=1).estimate - float(np.median(averages)))


def _mann_whitney_difference(before: FloatArray, after: FloatArray) -> float:
    """From scipy's exact test, where that has one: without ties."""
    if len(np.unique([*before, *after])) < len(before) + len(after):
        return 0.0
    expected = float(scipy.stats.mannwhitneyu(before, after, method="exact").pvalue)
    return abs(mann_whitney_p(before.tolist(), after.tolist()) - expected)


def _holm_difference(random: np.random.Generator) -> float:
    """From the definition, step by step."""
    values: list[float] = sorted(random.random(7).tolist())
    steps = [min(1.0, (len(values) - n) * p) for n, p in enumerate(values)]
    expected = [max(steps[: n + 1]) for n in range(len(steps))]
    return max(abs(a - b) for a, b in zip(holm(values), expected, strict=True))


def _beside_benchstat(samples: list[tuple[FloatArray, FloatArray]], folder: Path) -> Figure:
    """benchstat's own words on the same files."""
    name = "largest difference from benchstat on the same files"
    program = find_benchstat()
    if program is None:
        return Figure(name=name, found="benchstat isn't installed", goal="a comparison", is_met=False)
    for side, number in (("before", 0), ("after", 1)):
        lines = [
            BenchmarkLine(name=f"S{n}", iterations=1, values={"sec/op": float(value)})
            for n, sample in enumerate(samples)
            for value in sample[number]
        ]
        (folder / side).write_text(format_results(lines, {}), encoding="utf-8")
    with closing(Runner(NoSandbox())) as runner:
        done = runner.run([program, "-format", "csv", "before", "after"], cwd=folder, confined=False)
    rows = {row[0]: row for row in csv.reader(done.stdout.splitlines()) if row and row[0].startswith("S")}
    medians = p_values = 0.0
    for n, (before, after) in enumerate(samples):
        row = rows[f"S{n}"]
        for values, shown in ((before, row[1]), (after, row[3])):
            ours = median_with_interval(values.tolist()).estimate
            medians = max(medians, abs(ours / float(shown) - 1))
        p = float(row[6].split()[0].removeprefix("p="))
        p_values = max(p_values, abs(p - mann_whitney_p(before.tolist(), after.tolist())))
    return Figure(
        name=name,
        found=f"medians {medians:.1e}, p {p_values:.1e} (it prints three digits) over {len(samples)} samples",
        goal=f"medians {ALLOWED:g}, p {SHOWN_P:g}",
        is_met=medians <= ALLOWED and p_values <= SHOWN_P + ALLOWED,
        data={"medians": medians, "p": p_values},
    )
