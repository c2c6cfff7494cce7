"""Recorded benchmark files: what they hold is read with its place, what is broken is named, nothing is made up."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tools.errors import UnreadableOutput
from tools.measure.recorded import RecordedName, Recording, read_go, read_text
from tools.measure.recorded_comparison import RecordedComparison, compare_recordings
from tools.measure.recorded_json import read_json

HEAD = "goos: linux\ngoarch: amd64\npkg: example.org/x\ncpu: Some CPU\n"
X = RecordedName(package="example.org/x", name="X-8")


def go(path: Path, text: str, side: str | None = None) -> Recording:
    path.write_text(text)
    return read_go(path, read_text(path), side)


def lines(values: list[float], name: str = "X-8", unit: str = "ns/op") -> str:
    return "".join(f"Benchmark{name} 100 {v} {unit}\n" for v in values)


def compared(tmp_path: Path, old: str, new: str) -> RecordedComparison:
    return compare_recordings(go(tmp_path / "old.txt", old), go(tmp_path / "new.txt", new))


def test_values_come_with_unit_iterations_place_and_what_the_file_says_of_its_host(tmp_path: Path) -> None:
    found = go(
        tmp_path / "old.txt", HEAD + "BenchmarkX-8 200 1500 ns/op 64 B/op 2 allocs/op\n" + lines([1400])
    )
    first, second = found.series[X, "sec/op"]
    assert (first.value, first.iterations, first.place) == (1.5e-6, 200, "old.txt:5")
    assert second.value == pytest.approx(1.4e-6)
    assert found.units == ("sec/op", "B/op", "allocs/op")
    assert found.configuration["cpu"] == ("Some CPU",)
    assert found.warnings == ()


def test_a_side_of_a_runs_own_file_can_be_taken_alone(tmp_path: Path) -> None:
    text = "side: before\n" + lines([10, 11]) + "\nside: after\n" + lines([5, 6])
    assert go(tmp_path / "b.txt", text).sides == ("before", "after")
    (values,) = go(tmp_path / "b.txt", text, "after").series.values()
    assert [v.value for v in values] == pytest.approx([5e-9, 6e-9])
    with pytest.raises(UnreadableOutput, match="holds no benchmark result"):
        go(tmp_path / "b.txt", text, "none")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("--- FAIL: BenchmarkY-8\n    x_test.go:3: no\n", "old.txt:2: BenchmarkY-8 failed"),
        ("--- SKIP: BenchmarkY-8\n", "old.txt:2: BenchmarkY-8 was skipped"),
        ("BenchmarkY-8 \n", "BenchmarkY-8 started and printed no result"),
        ("panic: oh no\n", "panicked here"),
        ("FAIL\texample.org/x\t0.1s\n", "example.org/x failed"),
        (lines([1e9]), "varies 10000000-fold, between old.txt:1 and old.txt:2"),
    ],
)
def test_what_failed_was_skipped_or_says_nothing_is_a_warning_with_its_line(
    tmp_path: Path, more: str, said: str
) -> None:
    (warning,) = go(tmp_path / "old.txt", lines([100]) + more).warnings
    assert said in warning


def test_the_name_alone_that_verbose_output_prints_first_is_no_warning(tmp_path: Path) -> None:
    assert go(tmp_path / "old.txt", "BenchmarkX\n" + lines([100])).warnings == ()


@pytest.mark.parametrize(
    "line",
    [
        "BenchmarkX-8 100 NaN ns/op\n",
        "BenchmarkX-8 0 5 ns/op\n",
        "BenchmarkX-8 100 5\n",
        "BenchmarkX-8 100 +Inf ns/op\n",
    ],
)
def test_a_broken_result_is_an_error_with_file_and_line(tmp_path: Path, line: str) -> None:
    with pytest.raises(UnreadableOutput, match=r"old\.txt, .*(line )?2"):
        go(tmp_path / "old.txt", lines([100]) + line)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "holds no benchmark result"),
        (b"ok example.org/x 1.2s\n", "holds no benchmark result"),
        (b"--- FAIL: BenchmarkX\n", "BenchmarkX failed"),
        ("BenchmarkX 1 5 ns/op\n".encode("utf-16"), "PowerShell"),
        (b"BenchmarkX\xff 1 5 ns/op\n", "not UTF-8"),
    ],
)
def test_a_file_without_a_result_is_an_error_that_says_why(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "old.txt"
    path.write_bytes(content)
    with pytest.raises(UnreadableOutput, match=said):
        read_go(path, read_text(path))


def test_a_change_beyond_doubt_is_one_and_noise_is_none(tmp_path: Path) -> None:
    noise = [100, 102, 98, 101, 99, 103, 97, 100.5]
    found = compared(tmp_path, lines(noise), lines([v / 2 for v in noise])).units[0].changes[0]
    assert found.changed and found.ratio == pytest.approx(0.5)
    assert found.ratio_low is not None and found.ratio_high is not None
    assert found.ratio_low < 0.5 < found.ratio_high < 0.6
    same = compared(tmp_path, lines(noise), lines(noise[::-1])).units[0].changes[0]
    assert not same.changed


def test_many_benchmarks_are_corrected_together(tmp_path: Path) -> None:
    old = "".join(lines([100 + k for k in range(5)], f"B{n}-8") for n in range(20))
    new = "".join(lines([(90 if n == 0 else 100) + k for k in range(5)], f"B{n}-8") for n in range(20))
    first = compared(tmp_path, old, new).units[0].changes[0]
    assert first.p_value < 0.05 < first.adjusted_p
    assert not first.changed
    assert any("too few samples" in w for w in first.warnings)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("cpu: A\n", "cpu: B\n", "cpu differs (A; B)"),
        ("goos: linux\n", "goos: darwin\n", "goos differs"),
    ],
)
def test_what_speaks_against_comparing_is_said(tmp_path: Path, old: str, new: str, said: str) -> None:
    found = compared(tmp_path, old + lines([100, 101]), new + lines([100, 102]))
    assert any(said in w for w in found.warnings)
    assert any("not in pairs" in w for w in found.warnings)


def test_other_processors_and_packages_are_matched_with_a_doubt(tmp_path: Path) -> None:
    found = compared(tmp_path, "pkg: a\n" + lines([5]), "pkg: b\n" + lines([5], "X-16"))
    assert any("package and GOMAXPROCS differ" in w for w in found.warnings)


def test_what_only_one_side_has_is_named_and_nothing_in_common_is_an_error(tmp_path: Path) -> None:
    found = compared(tmp_path, lines([5]) + lines([5], "Old-8"), lines([5]) + lines([5], "New-8"))
    assert (found.only_before, found.only_after) == (("Old-8",), ("New-8",))
    with pytest.raises(UnreadableOutput, match="no benchmark in common"):
        compared(tmp_path, lines([5], "A"), lines([5], "B"))
    with pytest.raises(UnreadableOutput, match="no values in widgets in common"):
        compare_recordings(go(tmp_path / "a", lines([5])), go(tmp_path / "b", lines([5])), ("widgets",))


def _json(tmp_path: Path, value: object) -> Recording:
    path = tmp_path / "b.json"
    path.write_text(json.dumps(value))
    return read_json(path, read_text(path))


PYPERF = {
    "version": "1.0",
    "metadata": {"unit": "second", "cpu_model_name": "Some CPU", "python_version": "3.12.1"},
    "benchmarks": [
        {
            "metadata": {"name": "load"},
            "runs": [
                {"metadata": {"loops": 8}, "warmups": [[8, 0.5]]},
                {"metadata": {"loops": 8}, "values": [0.1, 0.3, 0.2]},
                {"metadata": {"loops": 8}, "values": [0.2, 0.2, 0.4]},
            ],
        }
    ],
}


def test_pyperf_gives_one_value_a_process_and_leaves_calibration_out(tmp_path: Path) -> None:
    found = _json(tmp_path, PYPERF)
    (values,) = found.series.values()
    assert [(v.value, v.iterations) for v in values] == [(0.2, 8), (0.2, 8)]
    assert found.configuration["cpu"] == ("Some CPU",)


def test_pytest_benchmark_gives_every_round_and_says_that_they_are_of_one_process(tmp_path: Path) -> None:
    stats = {"data": [0.1, 0.2], "iterations": 3}
    found = _json(tmp_path, {"machine_info": {}, "benchmarks": [{"fullname": "t.py::t", "stats": stats}]})
    (values,) = found.series.values()
    assert [v.value for v in values] == [0.1, 0.2]
    assert any("come from one process" in w for w in found.warnings)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({}, "no list `benchmarks`"),
        ([], "no list `benchmarks`"),
        ({"benchmarks": []}, "is empty"),
        ({"benchmarks": [{"name": "t", "stats": {"mean": 1}}]}, "no rounds, only their summary"),
        ({"benchmarks": [{"name": "t"}]}, "no `stats`"),
        ({"benchmarks": [{"name": "t", "stats": {"data": []}}]}, "ran 0 rounds"),
        ({"benchmarks": [{"name": "t", "stats": {"data": [1, "x"]}}]}, r"stats\.data\[1\] is 'x'"),
        ({"benchmarks": [{"name": "t", "stats": {"data": [True]}}]}, "not a finite number"),
        ({"benchmarks": [{"runs": [{"values": [-1]}]}]}, "not a finite number"),
        ({"benchmarks": [{"runs": 3}]}, "runs is no list"),
        ({"benchmarks": [{"runs": [{"metadata": {}}]}]}, "only calibrated"),
        ({"metadata": {"unit": "parsec"}, "benchmarks": [{"runs": []}]}, "parsec"),
    ],
)
def test_json_that_is_no_recording_is_an_error_that_names_the_field(
    tmp_path: Path, value: object, said: str
) -> None:
    with pytest.raises(UnreadableOutput, match=said):
        _json(tmp_path, value)


@pytest.mark.parametrize(
    "text", ["{", '{"benchmarks": [{"name": "t", "stats": {"data": [NaN]}}]}', "[" * 100_000]
)
def test_broken_json_is_an_error(tmp_path: Path, text: str) -> None:
    path = tmp_path / "b.json"
    path.write_text(text)
    with pytest.raises(UnreadableOutput):
        read_json(path, text)
