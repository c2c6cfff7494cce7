"""The Go benchmark format: every result is read with its units, a broken one is named by its line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.errors import UnreadableOutput
from tools.measure.benchmark_format import (
    BenchmarkLine,
    format_results,
    parse_results,
    without_processors,
)
from tools.measure.sizes import size_in_name

# go1.26 test -bench . -benchmem, with a log line and a custom metric
OUTPUT = """goos: linux
goarch: amd64
pkg: example.com/dailyreports
cpu: Example CPU
BenchmarkDailyReport/size=100-2         \t    3712\t    316028 ns/op\t  310225 B/op\t    4501 allocs/op
    report_test.go:12: Benchmark says hello
BenchmarkDailyReport/size=1000-2        \t     272\t   4423801 ns/op\t  22.50 MB/s\t 1.5e+06 p99-ns
BenchmarkEmpty
PASS
ok  \texample.com/dailyreports\t4.021s
"""


def test_the_output_of_go_test_is_read_in_base_units() -> None:
    small, large = parse_results(OUTPUT)
    assert small.name == "DailyReport/size=100-2"
    assert small.iterations == 3712
    assert small.values == pytest.approx({"sec/op": 316028e-9, "B/op": 310225, "allocs/op": 4501})
    assert large.values == pytest.approx({"sec/op": 4423801e-9, "B/s": 22.5e6, "p99-sec": 1.5e-3})


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("BenchmarkX 10 5", "has no value with a unit"),
        ("BenchmarkX 10 5 ns/op 7", "has no value with a unit"),
        ("BenchmarkX 10 NaN ns/op", "'NaN' ns/op is not a finite number"),
        ("BenchmarkX 10 +Inf ns/op", r"'\+Inf' ns/op is not a finite number"),
        ("BenchmarkX 10 many ns/op", "'many' ns/op is not a finite number"),
        ("BenchmarkX 0 5 ns/op", "ran 0 iterations"),
    ],
)
def test_a_broken_result_is_an_error_that_names_its_line(line: str, words: str) -> None:
    with pytest.raises(UnreadableOutput, match=f"line 3: .*{words}"):
        parse_results(f"goos: linux\nBenchmarkGood 1 2 ns/op\n{line}\n")


names = st.from_regex(r"[A-Z][A-Za-z]{0,8}(/[a-z]{1,6}=[0-9]{1,6}){0,2}", fullmatch=True)
units = st.sampled_from(["sec/op", "B/op", "allocs/op", "peak-RSS-B", "cpu-sec/op"])


@given(names, st.integers(1, 10**9), st.dictionaries(units, st.floats(1e-12, 1e15), min_size=1))
def test_what_is_written_is_read_again(name: str, iterations: int, values: dict[str, float]) -> None:
    line = BenchmarkLine(name=name, iterations=iterations, values=values)
    (read,) = parse_results(format_results([line], {"goos": "linux"}))
    assert (read.name, read.iterations) == (name, iterations)
    assert read.values == pytest.approx(values, rel=1e-9)


def test_the_number_of_processors_is_no_part_of_a_name() -> None:
    assert without_processors("Sort/size-10-2", 2) == "Sort/size-10"
    assert without_processors("Sort/size-2", 1) == "Sort/size-2"
    assert without_processors("Sort/size-20", 2) == "Sort/size-20"


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("Report/size=1000", 1000),
        ("Sort/10k", 10_000),
        ("Sort/n-5", 5),
        ("Load/records=2M", 2_000_000),
        ("Load/json/100/parallel", 100),
        ("Sha256", None),
        ("Hash/sha256", None),
        ("Sort", None),
        ("Sort/utf8", None),
    ],
)
def test_the_input_size_is_what_the_name_says(name: str, size: int | None) -> None:
    assert size_in_name(name) == size
