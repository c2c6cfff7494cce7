"""Questions to a profile: a function counts once a sample, however often it stands on the stack."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from tools.errors import UnreadableOutput
from tools.profiles.builder import ProfileBuilder
from tools.profiles.combine import combine
from tools.profiles.profile import Profile, ValueType
from tools.profiles.queries import callees, callers, line_costs, top

Stacks = Callable[[str], Profile]
TREE = """
main main.go:3 > build build.go:5 > sort sort.go:9 = 50
main main.go:4 > build build.go:6 = 30
main main.go:4 > walk walk.go:2 > walk walk.go:3 > walk walk.go:3 = 20
"""


def named(costs: dict[str, int], found: object) -> None:
    assert {f.name: amount for f, amount in dict(found).items()} == costs  # type: ignore[call-overload]


def test_top_by_own_and_by_cumulative_cost(stacks: Stacks) -> None:
    profile = stacks(TREE)
    own = [(c.function.name, c.self_value, c.self_share) for c in top(profile, value="cpu")]
    assert own == [("sort", 50, 0.5), ("build", 30, 0.3), ("walk", 20, 0.2)]
    all_ = [(c.function.name, c.cumulative_value) for c in top(profile, value="cpu", by="cumulative")]
    assert all_ == [("main", 100), ("build", 80), ("sort", 50), ("walk", 20)]
    assert len(top(profile, value="cpu", by="cumulative", limit=2)) == 2


def test_a_recursive_function_never_costs_more_than_everything(stacks: Stacks) -> None:
    walk = next(c for c in top(stacks(TREE), value="cpu") if c.function.name == "walk")
    assert walk.cumulative_value == 20
    assert line_costs(stacks(TREE), value="cpu", file="walk.go")[3].cumulative_value == 20


def test_callers_and_callees_tell_how_much_comes_each_way(stacks: Stacks) -> None:
    profile = stacks(TREE)
    named({"main": 80}, callers(profile, "build", "cpu"))
    named({"build": 80, "walk": 20}, callees(profile, "main", "cpu"))
    named({"main": 20, "walk": 20}, callers(profile, "walk", "cpu"))
    named({}, callers(profile, "main", "cpu"))
    named({}, callees(profile, "sort", "cpu"))


def test_lines_cost_by_themselves_and_with_what_they_call(stacks: Stacks) -> None:
    costs = line_costs(stacks(TREE), value="cpu", file="build.go")
    assert {n: (c.self_value, c.cumulative_value) for n, c in costs.items()} == {5: (0, 50), 6: (30, 30)}


def test_a_value_that_was_not_measured_is_an_error_that_names_those_there_are(stacks: Stacks) -> None:
    with pytest.raises(KeyError, match="no value 'alloc_space' in this profile; it has cpu"):
        top(stacks(TREE), value="alloc_space")


def test_an_empty_profile_answers_with_nothing() -> None:
    profile = ProfileBuilder([ValueType(name="cpu", unit="nanoseconds")]).build()
    assert top(profile, value="cpu") == ()
    assert line_costs(profile, value="cpu", file="a.go") == {}
    assert callers(profile, "main", "cpu") == {}


def test_samples_without_a_stack_cost_no_function() -> None:
    builder = ProfileBuilder([ValueType(name="cpu", unit="nanoseconds")])
    builder.add([], [5])
    profile = builder.build()
    assert top(profile, value="cpu") == ()
    assert profile.total("cpu") == 5


def test_profiles_add_up(stacks: Stacks) -> None:
    one, other = stacks(TREE), stacks("main main.go:3 > new new.go:1 = 7")
    both = combine([one, other])
    assert both.total("cpu") == 107
    assert both.samples == 4
    assert next(c for c in top(both, value="cpu", by="cumulative")).cumulative_value == 107
    assert np.array_equal(np.sort(both.values[:, 0]), [7, 20, 30, 50])


def test_profiles_of_different_values_do_not_add_up(stacks: Stacks) -> None:
    heap = ProfileBuilder([ValueType(name="alloc_space", unit="bytes")]).build()
    with pytest.raises(UnreadableOutput, match="can't be added up"):
        combine([stacks(TREE), heap])


def test_a_sample_needs_one_value_of_each_type() -> None:
    builder = ProfileBuilder([ValueType(name="cpu", unit="nanoseconds")])
    with pytest.raises(ValueError, match="needs 1 values, not 2"):
        builder.add([], [1, 2])
