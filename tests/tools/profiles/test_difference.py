"""Two profiles function by function: amounts, shares, chance, and profiles that can't be compared."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from tests.tools.profiles.pprof_rows import GoPprof, pprof_top
from tools.errors import UnreadableOutput
from tools.profiles.builder import ProfileBuilder
from tools.profiles.difference import CostKind, compare_profiles
from tools.profiles.filters import Filters, filtered
from tools.profiles.pprof import read_pprof, write_pprof
from tools.profiles.profile import SAMPLES, Function, Profile, ValueType

DATA = Path(__file__).with_name("data")


def profile(costs: Mapping[str, int], *, folder: str = "/a", period: int = 10) -> Profile:
    """`main` calls each function; each sample weighs `period` nanoseconds."""
    builder = ProfileBuilder(
        [ValueType(name=SAMPLES, unit="count"), ValueType(name="cpu", unit="nanoseconds")]
    )
    main = Function(name="main", file=f"{folder}/main.go", start_line=1)
    for name, count in costs.items():
        called = Function(name=name, file=f"{folder}/{name}.go", start_line=1)
        for _ in range(count):
            builder.add([(called, 2), (main, 3)], [1, period])
    return builder.build(default_value="cpu")


def test_the_largest_change_comes_first_with_amounts_and_shares_of_each_profile() -> None:
    found = compare_profiles(profile({"a": 60, "b": 40}), profile({"a": 10, "b": 40}, folder="/other"))
    first, second = found.changes
    assert (first.function, first.file, first.before, first.after, first.change) == (
        "a",
        "a.go",
        600,
        100,
        -500,
    )
    assert (first.before_share, first.after_share) == (0.6, 0.2)
    assert (second.function, second.change, second.after_share) == ("b", 0, 0.8)
    assert (found.before_total, found.after_total, found.functions) == (1000, 500, 2)
    assert first.beyond_chance and not second.beyond_chance


def test_what_a_function_calls_counts_when_cumulative_costs_are_compared() -> None:
    found = compare_profiles(profile({"a": 60}), profile({"a": 10}), by="cumulative")
    assert {c.function: (c.before, c.after) for c in found.changes} == {"a": (600, 100), "main": (600, 100)}


def test_a_function_that_is_new_or_gone_is_there_with_zero() -> None:
    found = compare_profiles(profile({"old": 50}), profile({"new": 50}))
    assert {c.function: (c.before, c.after) for c in found.changes} == {"old": (500, 0), "new": (0, 500)}


@pytest.mark.parametrize(("before", "after", "beyond"), [(100, 110, False), (100, 170, True), (0, 3, False)])
def test_what_sampling_alone_may_do_is_marked(before: int, after: int, beyond: bool) -> None:
    found = compare_profiles(profile({"a": before, "b": 9}), profile({"a": after, "b": 9}))
    assert next(c for c in found.changes if c.function == "a").beyond_chance is beyond


def test_at_most_so_many_functions_are_given_and_all_are_counted() -> None:
    many = {f"f{n}": n + 1 for n in range(30)}
    found = compare_profiles(profile(many), profile({}), limit=3)
    assert [c.function for c in found.changes] == ["f29", "f28", "f27"]
    assert found.functions == 30


def test_profiles_of_another_length_or_without_cost_are_said() -> None:
    before = replace(profile({"a": 5}), duration_ns=1_000_000_000)
    after = replace(profile({}), duration_ns=2_000_000_000)
    warnings = " ".join(compare_profiles(before, after).warnings)
    assert "ran for 1 s and 2 s" in warnings
    assert "no proof of a faster program" in warnings
    assert "the second profile holds no cpu at all" in warnings


def test_a_value_that_both_do_not_measure_is_an_error_that_names_what_they_do() -> None:
    with pytest.raises(UnreadableOutput, match=r"'wall'.*samples \(count\), cpu \(nanoseconds\).*--value"):
        compare_profiles(profile({"a": 1}), profile({"a": 1}), value="wall")
    heap = read_pprof(DATA / "go1.26-heap.pb.gz")
    with pytest.raises(UnreadableOutput, match="don't both measure 'cpu'"):
        compare_profiles(profile({"a": 1}), heap)


@pytest.mark.parametrize("name", ["go1.26-cpu.pb.gz", "go1.26-heap.pb.gz", "go1.26-goroutine.pb.gz"])
@pytest.mark.parametrize("by", ["self", "cumulative"])
def test_a_real_profile_does_not_differ_from_itself(name: str, by: str) -> None:
    found = read_pprof(DATA / name)
    difference = compare_profiles(found, found, by=by, limit=10_000)  # type: ignore[arg-type] # from a literal list
    assert difference.before_total == difference.after_total > 0
    assert all(c.change == 0 for c in difference.changes)
    if by == "self":
        assert sum(c.before for c in difference.changes) == difference.before_total


@pytest.mark.parametrize(
    ("name", "value", "unit", "part"),
    [
        ("go1.26-cpu.pb.gz", "cpu", "ns", "regexp"),
        ("go1.26-heap.pb.gz", "alloc_space", "B", "report"),
        ("go1.26-heap.pb.gz", "alloc_objects", "count", "report"),
    ],
)
@pytest.mark.parametrize("by", [0, 1])
def test_the_difference_is_pprofs(
    tmp_path: Path, go_pprof: GoPprof, name: str, value: str, unit: str, part: str, by: int
) -> None:
    after = read_pprof(DATA / name)
    before = filtered(after, Filters(ignore=re.compile(part))).profile
    write_pprof(before, tmp_path / "base.pb.gz")
    base = f"-diff_base={tmp_path / 'base.pb.gz'}"
    expected = {n: costs[by] for n, costs in pprof_top(go_pprof, DATA / name, value, unit, base).items()}
    kind: CostKind = "self" if by == 0 else "cumulative"
    found = compare_profiles(before, after, value=value, by=kind, limit=100_000)
    ours = {c.function: c.change for c in found.changes if c.change}
    assert ours == {n: change for n, change in expected.items() if change}
    assert ours


def test_parts_of_equal_totals_are_compared_where_profiles_differ_in_length() -> None:
    before, after = profile({"a": 60, "b": 40}), profile({"a": 120, "b": 80})
    assert {c.change for c in compare_profiles(before, after, normalised=True).changes} == {0}
    found = compare_profiles(before, profile({"a": 20, "b": 180}), normalised=True)
    first, second = found.changes
    assert (first.function, first.change) == ("b", 1000)
    assert (second.function, second.before, second.after, second.before_share) == ("a", 1200, 200, 0.6)
    assert first.beyond_chance and found.normalised and found.before_total == 1000
    assert not found.warnings
    few = compare_profiles(profile({"a": 6, "b": 4}), profile({"a": 10, "b": 10}), normalised=True)
    assert not any(c.beyond_chance for c in few.changes)
    assert compare_profiles(profile({}), after, normalised=True).changes[0].before == 0
