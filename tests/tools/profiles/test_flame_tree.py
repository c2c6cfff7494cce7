"""The tree of a flame graph: equal to one built frame by frame, exact in its totals, honest about what it cuts."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tools.profiles.flame_oracle import FlameNode
from tests.tools.profiles.flame_oracle import flame_tree as simple_tree
from tools.profiles.builder import ProfileBuilder
from tools.profiles.flame import tree as rooms
from tools.profiles.flame.grouping import group_keys
from tools.profiles.flame.tree import FlameTree, flame_tree
from tools.profiles.profile import Function, Profile, ValueType

Stacks = Callable[..., Profile]
Path = tuple[str, ...]
NAMES = st.sampled_from(["a", "b", "c", "d", "e"])
SAMPLES = st.lists(
    st.tuples(st.lists(NAMES, max_size=6), st.sampled_from([0, 1, 2, 7, 1000, 2**40])), max_size=25
)


def profile_of(samples: list[tuple[list[str], int]]) -> Profile:
    """A profile of stacks, root first."""
    builder = ProfileBuilder([ValueType(name="cpu", unit="nanoseconds")])
    for stack, amount in samples:
        builder.add([(Function(name=n, file=f"{n}.go"), 1) for n in reversed(stack)], [amount])
    return builder.build()


def paths(tree: FlameTree) -> list[Path]:
    """For each frame the names from the root down to it."""
    found: list[Path] = []
    for parent, function in zip(tree.parent.tolist(), tree.function.tolist(), strict=True):
        found.append((*found[parent], tree.functions[function].name) if parent >= 0 else ())
    return found


def simple_paths(node: FlameNode, path: Path = ()) -> Iterator[tuple[Path, FlameNode]]:
    yield path, node
    for child in node.children.values():
        yield from simple_paths(child, (*path, child.name))


def told(tree: FlameTree) -> dict[Path, tuple[int, float, float]]:
    found = paths(tree)
    assert len(set(found)) == len(found)
    return dict(
        zip(
            found,
            zip(tree.value.tolist(), tree.base.tolist(), tree.extent.tolist(), strict=True),
            strict=True,
        )
    )


@given(SAMPLES)
def test_it_is_the_tree_built_frame_by_frame(samples: list[tuple[list[str], int]]) -> None:
    profile = profile_of(samples)
    expected = dict(simple_paths(simple_tree(profile, "cpu")))
    found = told(flame_tree(profile, "cpu"))
    assert found.keys() == expected.keys()
    for path, (value, base, extent) in found.items():
        assert value == expected[path].value
        assert base == 0
        assert extent == expected[path].extent


@given(SAMPLES, SAMPLES, st.sampled_from([1.0, 0.5, 3.0]))
def test_a_difference_is_the_tree_built_frame_by_frame(
    samples: list[tuple[list[str], int]], before: list[tuple[list[str], int]], ratio: float
) -> None:
    profile, base = profile_of(samples), profile_of(before)
    expected = dict(simple_paths(simple_tree(profile, "cpu", base, ratio)))
    scale = ratio * profile.total("cpu") / (base.total("cpu") or 1)
    found = told(flame_tree(profile, "cpu", base, scale))
    expected = {p: n for p, n in expected.items() if n.value or n.base or not p}
    assert found.keys() == expected.keys()
    whole = profile.total("cpu") or 1
    for path, (value, base_value, extent) in found.items():
        assert value == expected[path].value
        assert base_value == pytest.approx(expected[path].base, abs=1e-9 * whole)
        assert extent == pytest.approx(expected[path].extent, abs=1e-9 * whole)


@given(SAMPLES, st.integers(min_value=1, max_value=12))
def test_with_room_for_few_the_widest_are_kept_and_the_rest_is_counted(
    samples: list[tuple[list[str], int]], room: int
) -> None:
    profile = profile_of(samples)
    everything = dict(simple_paths(simple_tree(profile, "cpu")))
    tree = flame_tree(profile, "cpu", frames=room)
    found = told(tree)
    assert len(found) <= max(room, 1)
    narrowest = min((v for v, _, _ in found.values()), default=0)
    for path, node in everything.items():
        if path in found:
            assert found[path] == (node.value, 0, node.extent)
        else:
            assert node.value <= narrowest
    left_out = [p for p in everything if p not in found and p[:-1] in found]
    assert tree.cut_frames.sum() == len(left_out)
    assert tree.cut_extent.sum() == sum(everything[p].extent for p in left_out)


@given(SAMPLES, SAMPLES, st.integers(min_value=1, max_value=12))
def test_a_frame_is_never_narrower_than_what_is_above_it(
    samples: list[tuple[list[str], int]], before: list[tuple[list[str], int]], room: int
) -> None:
    tree = flame_tree(profile_of(samples), "cpu", profile_of(before), frames=room)
    above = tree.cut_extent.copy()
    np.add.at(above, tree.parent[1:], tree.extent[1:])
    assert (tree.extent >= above * (1 - 1e-12)).all()


def test_totals_are_exact_where_floats_would_not_be() -> None:
    """2^53 + 1 is the first whole number that a float can't hold."""
    tree = flame_tree(profile_of([(["a", "b"], 2**53), (["a", "c"], 1)]), "cpu")
    assert tree.value.tolist()[:2] == [2**53 + 1, 2**53 + 1]


def test_functions_are_one_whatever_their_line_and_two_in_other_files(stacks: Stacks) -> None:
    tree = flame_tree(stacks("m a.go:1 = 1\nm a.go:2 = 2\nm b.go:1 = 4"), "cpu")
    assert sorted(tree.value.tolist()) == [3, 4, 7]


def test_amounts_below_zero_have_no_width() -> None:
    tree = flame_tree(profile_of([(["a"], 5), (["b"], -3)]), "cpu")
    assert told(tree) == {(): (5, 0, 5), ("a",): (5, 0, 5)}


def test_a_stack_deeper_than_can_be_kept_is_cut_and_counted() -> None:
    depth = rooms.LEVELS + 50
    tree = flame_tree(profile_of([(["f"] * depth, 3)]), "cpu")
    assert len(tree.value) == rooms.LEVELS + 1
    assert tree.cut_frames.tolist()[-1] == 1
    assert tree.cut_extent.tolist()[-1] == 3


def test_frames_as_wide_as_the_first_that_has_no_room_are_left_out_together() -> None:
    tree = flame_tree(profile_of([([f"f{n}"], 2) for n in range(9)] + [(["wide"], 3)]), "cpu", frames=5)
    assert told(tree).keys() == {(), ("wide",)}
    assert tree.cut_frames.tolist() == [9, 0]


@given(st.lists(st.integers(min_value=0, max_value=2**62), max_size=60).map(lambda keys: keys + keys[::2]))
def test_equal_keys_get_one_number(keys: list[int]) -> None:
    found, places = group_keys(np.array(keys, dtype=np.int64))
    assert sorted(found.tolist()) == sorted(set(keys))
    assert found[places].tolist() == keys


def test_many_keys_that_meet_in_the_table_are_told_apart() -> None:
    keys = np.arange(300_000, dtype=np.int64) * 2**20
    found, places = group_keys(keys)
    assert len(found) == len(keys)
    assert (found[places] == keys).all()
