"""Costs of groups are those that counting sample by sample gives, exact to the last unit."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tools.profiles.costs import group_costs

GROUPS = 5
stacks = st.lists(
    st.tuples(st.lists(st.integers(0, 7), max_size=9), st.integers(-(2**50), 2**50)), max_size=12
)
maps = st.lists(st.integers(-1, GROUPS - 1), min_size=8, max_size=8)


def counted(found: list[tuple[list[int], int]], group_of_frame: list[int]) -> tuple[list[int], list[int]]:
    own, cumulative = [0] * GROUPS, [0] * GROUPS
    for stack, amount in found:
        groups = [group_of_frame[frame] for frame in stack]
        if groups and groups[0] >= 0:
            own[groups[0]] += amount
        for group in {g for g in groups if g >= 0}:
            cumulative[group] += amount
    return own, cumulative


@given(stacks, maps)
def test_a_group_counts_once_a_sample(found: list[tuple[list[int], int]], group_of_frame: list[int]) -> None:
    own, cumulative = group_costs(
        np.cumsum([0, *(len(stack) for stack, _ in found)]),
        np.array([frame for stack, _ in found for frame in stack], dtype=np.int64),
        np.array(group_of_frame, dtype=np.int64),
        np.array([amount for _, amount in found], dtype=np.int64),
        GROUPS,
    )
    assert (own.tolist(), cumulative.tolist()) == counted(found, group_of_frame)


def test_more_stacks_than_are_looked_at_at_once_and_one_deeper_than_that() -> None:
    """400,000 stacks of 3 frames each, and recursion 600,000 frames deep: the sums are exact beyond 2**53."""
    amount = 2**43 + 1
    frames = np.concatenate([np.tile(np.array([0, 1, 0]), 400_000), np.full(600_000, 1)])
    offsets = np.concatenate([np.arange(0, 1_200_001, 3), [1_800_000]])
    own, cumulative = group_costs(
        offsets, frames, np.array([0, 1], dtype=np.int64), np.full(400_001, amount, dtype=np.int64), 2
    )
    assert own.tolist() == [400_000 * amount, amount]
    assert cumulative.tolist() == [400_000 * amount, 400_001 * amount]
