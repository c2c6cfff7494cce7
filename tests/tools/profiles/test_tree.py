"""Trees of calls: the same as adding stacks up one by one, whatever the stacks are."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.profiles import tree as tree_module
from tools.profiles.builder import ProfileBuilder
from tools.profiles.matching import functions_named
from tools.profiles.pprof import read_pprof
from tools.profiles.profile import Function, Profile, ValueType
from tools.profiles.queries import rank
from tools.profiles.tree import Cut, TreeNode, call_tree, sandwich

Stacks = Callable[..., Profile]
Path_ = tuple[str, ...]
EVERYTHING = Cut(share=0, depth=1000)
TREE = """
main main.go:3 > build build.go:5 > sort sort.go:9 = 50
main main.go:4 > build build.go:6 = 30
main main.go:4 > walk walk.go:2 > walk walk.go:3 > sort sort.go:3 = 20
"""


def paths(nodes: Iterable[TreeNode]) -> dict[Path_, tuple[int, int]]:
    """(value, own value) by the names that lead to a node."""
    found: dict[Path_, tuple[int, int]] = {}
    here: list[str] = []
    for node in nodes:
        del here[max(node.depth - 1, 0) :]
        if node.function is not None:
            here.append(node.function.name)
        assert tuple(here) not in found
        found[tuple(here)] = node.value, node.own_value
    return found


def added(stacks: list[tuple[list[str], int]]) -> dict[Path_, tuple[int, int]]:
    """The same one by one; stacks from the tree's beginning on."""
    found: dict[Path_, tuple[int, int]] = {(): (0, 0)}
    for stack, amount in stacks:
        for depth in range(len(stack) + 1):
            value, own = found.get(tuple(stack[:depth]), (0, 0))
            found[tuple(stack[:depth])] = value + amount, own + (amount if depth == len(stack) else 0)
    return found


def built(stacks: list[tuple[list[str], int]]) -> Profile:
    """Stacks from the root on."""
    builder = ProfileBuilder([ValueType(name="cpu", unit="nanoseconds")])
    for n, (stack, amount) in enumerate(stacks):
        builder.add([(Function(name=name, file=""), n % 3) for name in stack[::-1]], [amount])
    return builder.build()


STACKS = st.lists(st.tuples(st.lists(st.sampled_from("abcd"), max_size=6), st.integers(1, 100)), max_size=12)


@given(stacks=STACKS)
def test_any_stacks_make_the_tree_that_adding_them_up_makes(stacks: list[tuple[list[str], int]]) -> None:
    assert paths(call_tree(built(stacks), "cpu", EVERYTHING)) == added(stacks)


@given(stacks=STACKS)
def test_above_and_below_a_function_is_what_stands_there_at_its_outermost_call(
    stacks: list[tuple[list[str], int]],
) -> None:
    profile = built(stacks)
    found = sandwich(profile, functions_named(profile, "a"), "cpu", EVERYTHING)
    with_it = [(stack, amount) for stack, amount in stacks if "a" in stack]
    assert found.value == sum(amount for _, amount in with_it)
    assert paths(found.callees) == added([(s[s.index("a") + 1 :], n) for s, n in with_it])
    assert paths(found.callers) == added([(s[: s.index("a")][::-1], n) for s, n in with_it])


def test_many_functions_are_numbered_by_sorting_with_the_same_result(
    stacks: Stacks, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_table = call_tree(stacks(TREE), "cpu", EVERYTHING)
    monkeypatch.setattr(tree_module, "TABLE_ENTRIES", 1)
    assert call_tree(stacks(TREE), "cpu", EVERYTHING) == by_table


def test_the_costliest_call_comes_first_and_what_is_cut_is_told(stacks: Stacks) -> None:
    whole = call_tree(stacks(TREE), "cpu", EVERYTHING)
    names = [(n.depth, n.function.name if n.function else "all", n.value) for n in whole]
    assert names == [(0, "all", 100), (1, "main", 100), (2, "build", 80), (3, "sort", 50), (2, "walk", 20),
                     (3, "walk", 20), (4, "sort", 20)]  # fmt: skip
    main = call_tree(stacks(TREE), "cpu", Cut(share=0.3))[1]
    assert (main.value, main.cut, main.cut_value) == (100, 1, 20)
    shallow = call_tree(stacks(TREE), "cpu", Cut(share=0, depth=1))
    assert [(n.cut, n.cut_value) for n in shallow] == [(0, 0), (2, 100)]


@pytest.mark.parametrize("name", ["go1.26-cpu.pb.gz", "go1.26-heap.pb.gz"])
def test_nothing_of_a_real_profile_is_lost(data: Path, name: str) -> None:
    profile = read_pprof(data / name)
    value = profile.default_value
    for cut in (EVERYTHING, Cut(share=0.02), Cut(share=0, depth=3)):
        nodes = call_tree(profile, value, cut)
        assert sum(n.own_value + n.cut_value for n in nodes) == profile.total(value)
    for cost in rank(profile, value=value, by="cumulative", limit=20).costs:
        wanted = functions_named(profile, cost.function.name)
        both = sandwich(profile, wanted, value, EVERYTHING)
        assert both.value == both.callers[0].value == both.callees[0].value == cost.cumulative_value
        assert both.callees[0].own_value <= cost.self_value


def test_an_empty_profile_and_a_function_that_is_not_there_make_no_tree(stacks: Stacks) -> None:
    empty = ProfileBuilder([ValueType(name="cpu", unit="nanoseconds")]).build()
    assert [(n.value, n.own_value) for n in call_tree(empty, "cpu")] == [(0, 0)]
    profile = stacks(TREE)
    none = sandwich(profile, functions_named(profile, "nothing"), "cpu")
    assert (none.value, len(none.callers), len(none.callees)) == (0, 1, 1)


def test_a_whole_name_means_that_function_alone(stacks: Stacks) -> None:
    profile = stacks("main main.go:1 > work work.go:1 = 1\nmain main.go:1 > worker work.go:9 = 2")
    wanted = functions_named(profile, "work")
    assert [f.name for f, meant in zip(profile.functions, wanted, strict=True) if meant] == ["work"]
    assert functions_named(profile, "^wor").sum() == 2
    with pytest.raises(re.error):
        functions_named(profile, "(")
