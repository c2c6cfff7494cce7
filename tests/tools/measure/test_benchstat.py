"""benchstat reads what we write, and its own figures are ours."""

from __future__ import annotations

import csv
import random
import re
import subprocess
from pathlib import Path

import pytest

from tools.measure.benchmark_format import BenchmarkLine, format_results, tidy_unit
from tools.measure.benchstat import benchstat_table
from tools.measure.statistics import median_interval
from tools.run.process import Runner
from tools.run.sandbox import NoSandbox

UNITS = [
    *("ns/op", "MB/s", "B/op", "allocs/op", "ns", "MB", "p99-ns", "ns/GC", "x-MB/op", "peak-RSS-B"),
    *("cpu-sec/op", "widgets", "MBx", "ns*s", "user-ns/op", "MB-x"),
]


def side(name: str, times: list[float]) -> str:
    lines = [BenchmarkLine(name="Report/size=100", iterations=3, values={"sec/op": t}) for t in times]
    return format_results(lines, {"goos": "linux", "side": name})


def noisy(median_s: float, seed: int, count: int = 12) -> list[float]:
    generator = random.Random(seed)
    return [median_s * generator.lognormvariate(0, 0.05) for _ in range(count)]


def csv_rows(benchstat: str, *files: Path) -> list[list[str]]:
    done = subprocess.run(
        [benchstat, "-format", "csv", "-ignore", "side", *files], capture_output=True, text=True, check=True
    )
    return list(csv.reader(done.stdout.splitlines()))


def test_benchstats_median_and_interval_are_ours(benchstat: str, tmp_path: Path) -> None:
    before, after = noisy(0.02, 1), noisy(0.01, 2, count=21)
    (tmp_path / "before").write_text(side("before", before))
    (tmp_path / "after").write_text(side("after", after))
    row = next(r for r in csv_rows(benchstat, tmp_path / "before", tmp_path / "after") if "size=100" in r[0])
    for times, shown in ((before, row[1:3]), (after, row[3:5])):
        ours = median_interval(times)
        assert float(shown[0]) == pytest.approx(ours.estimate, rel=1e-9)
        wider = max(ours.estimate - ours.low, ours.high - ours.estimate) / ours.estimate
        assert shown[1] == f"{100 * wider:.0f}%"


def test_benchstats_table_stands_beside_ours(benchstat: str) -> None:
    runner = Runner(NoSandbox())
    found = benchstat_table(runner, side("before", noisy(0.02, 1)), side("after", noisy(0.01, 2)))
    runner.close()
    assert benchstat
    assert found is not None
    assert "sec/op" in found.text
    assert re.search(r"Report/size=100\S*\s+\d.*-\d\d\.\d\d% \(p=0\.000 n=12\)", found.text)
    assert found.argv == ("benchstat", "before", "after")


def test_benchstat_sees_no_change_between_equal_sides(benchstat: str) -> None:
    runner = Runner(NoSandbox())
    times = noisy(0.02, 1)
    found = benchstat_table(runner, side("before", times), side("after", times[::-1]))
    runner.close()
    assert benchstat
    assert found is not None
    assert re.search(r"Report/size=100.*~ \(p=1\.000 n=12\)", found.text)


@pytest.mark.parametrize("unit", UNITS)
def test_units_are_tidied_as_benchstat_tidies_them(benchstat: str, tmp_path: Path, unit: str) -> None:
    (tmp_path / "a").write_text(f"BenchmarkX 1 5 {unit}\n")
    rows = csv_rows(benchstat, tmp_path / "a")
    shown = next(row for row in rows if row[:1] == ["X"])
    head = rows[rows.index(shown) - 1]
    value, tidied = tidy_unit(5.0, unit)
    assert tidied == head[1]
    assert value == pytest.approx(float(shown[1]))
