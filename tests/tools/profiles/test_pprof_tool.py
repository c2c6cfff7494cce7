"""`go tool pprof` opens every profile we write, and agrees with us about every function's cost."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tools.profiles.collapsed import read_collapsed
from tools.profiles.combine import combine
from tools.profiles.pprof import read_pprof, write_pprof
from tools.profiles.profile import Function, Profile
from tools.profiles.queries import line_costs, top

GoPprof = Callable[..., str]
ROW = re.compile(
    r"^\s*(-?\d+)(?:ns|B)?\s+[\d.-]+%\s+[\d.-]+%\s+(-?\d+)(?:ns|B)?\s+[\d.-]+%\s+(.+?)(?: \(inline\))?$"
)
ALL = ("-nodecount=100000", "-nodefraction=0", "-edgefraction=0")


def pprof_top(go_pprof: GoPprof, path: Path, value: str, unit: str) -> dict[str, tuple[int, int]]:
    """(self, cumulative) by function name, as `go tool pprof -top` prints them."""
    text = go_pprof("-top", f"-sample_index={value}", f"-unit={unit}", *ALL, path)
    rows = (ROW.match(line) for line in text.splitlines())
    return {row[3]: (int(row[1]), int(row[2])) for row in rows if row}


def our_top(profile: Profile, value: str) -> dict[str, tuple[int, int]]:
    found = top(profile, value=value, by="cumulative", limit=100_000)
    costs: dict[str, tuple[int, int]] = {}
    for cost in found:
        # pprof shows one row a name with type arguments; two functions of one name don't occur in these files.
        assert cost.function.name not in costs
        costs[cost.function.name] = (cost.self_value, cost.cumulative_value)
    return costs


@pytest.mark.parametrize(
    ("name", "value", "unit"),
    [
        ("go1.26-cpu", "cpu", "ns"),
        ("go1.26-heap", "alloc_space", "B"),
        ("go1.26-heap", "inuse_space", "B"),
        ("go1.26-goroutine", "goroutine", "count"),
    ],
)
def test_every_function_costs_what_pprof_says(
    data: Path, tmp_path: Path, go_pprof: GoPprof, name: str, value: str, unit: str
) -> None:
    path = data / f"{name}.pb.gz"
    profile = read_pprof(path)
    expected = pprof_top(go_pprof, path, value, unit)
    assert expected
    assert our_top(profile, value) == expected
    write_pprof(profile, tmp_path / "again.pb.gz")
    assert pprof_top(go_pprof, tmp_path / "again.pb.gz", value, unit) == expected


def test_lines_cost_what_pprof_says(data: Path, go_pprof: GoPprof) -> None:
    path = data / "go1.26-cpu.pb.gz"
    file = "example.com/dailyreports/summary/summary.go"
    text = go_pprof("-top", "-lines", "-unit=ns", *ALL, path)
    rows = [row for row in map(ROW.match, text.splitlines()) if row and f" {file}:" in row[3]]
    expected: dict[int, list[int]] = {}
    for row in rows:
        line = int(row[3].rpartition(":")[2])
        expected.setdefault(line, []).append(int(row[2]))
    ours = line_costs(read_pprof(path), value="cpu", file=file)
    assert expected
    assert {line: [cost.cumulative_value] for line, cost in ours.items()} == expected


def test_pprof_opens_a_python_profile_without_looking_for_a_binary(
    data: Path, tmp_path: Path, go_pprof: GoPprof
) -> None:
    profile = read_collapsed((data / "py-spy-0.4.3.raw.txt").read_text(), period_ns=5_000_000)
    write_pprof(profile, tmp_path / "py.pb.gz")
    text = go_pprof("-top", "-cum", "-unit=ns", *ALL, tmp_path / "py.pb.gz")
    assert f"of {profile.total('cpu')}ns total" in text
    assert re.search(r"^.*\d+ns .* Report\.build$", text, re.MULTILINE)
    assert f"Type: {profile.default_value}" in text
    assert "[FN][FL][LN][IN]" in go_pprof("-raw", tmp_path / "py.pb.gz")


def test_functions_start_where_pprof_says(data: Path, tmp_path: Path, go_pprof: GoPprof) -> None:
    path = data / "go1.26-cpu.pb.gz"
    profile = read_pprof(path)
    write_pprof(profile, tmp_path / "again.pb.gz")
    starts = re.compile(r" (\S+) \S+:\d+:\d+ s=(\d+)")
    expected = set(starts.findall(go_pprof("-raw", path)))
    assert len(expected) > 100
    assert {(f.name, str(f.start_line)) for f in profile.functions} >= expected
    assert set(starts.findall(go_pprof("-raw", tmp_path / "again.pb.gz"))) == expected


def test_pprof_opens_a_sum_of_profiles(data: Path, tmp_path: Path, go_pprof: GoPprof) -> None:
    one = read_pprof(data / "go1.26-cpu.pb.gz")
    write_pprof(combine([one, one]), tmp_path / "twice.pb.gz")
    once = pprof_top(go_pprof, data / "go1.26-cpu.pb.gz", "cpu", "ns")
    twice = pprof_top(go_pprof, tmp_path / "twice.pb.gz", "cpu", "ns")
    assert twice == {name: (2 * own, 2 * all_) for name, (own, all_) in once.items()}


def test_pprof_shows_hostile_names_as_they_are(
    tmp_path: Path, go_pprof: GoPprof, stacks: Callable[[str], Profile]
) -> None:
    name = '<img src=x onerror="alert(1)">&amp;'
    profile = stacks("main main.go:1 > PLACE a.go:2 = 40")
    renamed = tuple(Function(name=name, file=f.file) if f.name == "PLACE" else f for f in profile.functions)
    write_pprof(
        Profile(
            value_types=profile.value_types,
            values=profile.values,
            offsets=profile.offsets,
            frame_ids=profile.frame_ids,
            frame_function=profile.frame_function,
            frame_line=profile.frame_line,
            functions=renamed,
        ),
        tmp_path / "a.pb.gz",
    )
    assert name in go_pprof("-raw", tmp_path / "a.pb.gz")
