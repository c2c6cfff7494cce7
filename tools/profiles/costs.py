"""What groups of frames cost, by themselves and with all they call: exact sums over any number of samples."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tools.profiles.profile import IntArray

ENTRIES = 500_000
"""How many frames of stacks are sorted at once: they stay in the processor's caches."""


def group_costs(
    offsets: IntArray, groups_of_entries: IntArray, amounts: IntArray, groups: int
) -> tuple[IntArray, IntArray]:
    """(self, cumulative) cost of each of so many groups; a group counts once per sample, however often it is there.

    Sample i is the groups `groups_of_entries[offsets[i]:offsets[i + 1]]`, leaf first; -1 is none. Its cost is
    `amounts[i]`.
    """
    own = np.zeros(groups, dtype=np.int64)
    cumulative = np.zeros(groups, dtype=np.int64)
    filled = np.flatnonzero(np.diff(offsets) > 0)
    leaves = groups_of_entries[offsets[filled]]
    np.add.at(own, leaves[leaves >= 0], amounts[filled][leaves >= 0])
    for first, last in _parts(offsets):
        entries = groups_of_entries[offsets[first] : offsets[last]]
        samples = np.repeat(np.arange(last - first, dtype=np.int64), np.diff(offsets[first : last + 1]))
        keys = samples * groups + entries
        keys = keys[entries >= 0]
        keys.sort()
        keys = keys[np.concatenate(([True], keys[1:] != keys[:-1]))] if len(keys) else keys
        samples = keys // groups
        np.add.at(cumulative, keys - samples * groups, amounts[first:last][samples])
    return own, cumulative


def _parts(offsets: IntArray) -> Iterator[tuple[int, int]]:
    """Ranges of samples (first, after the last) with about ENTRIES frames each; one sample at least."""
    samples, first = len(offsets) - 1, 0
    while first < samples:
        last = int(np.searchsorted(offsets, offsets[first] + ENTRIES, side="right")) - 1
        last = min(max(last, first + 1), samples)
        yield first, last
        first = last
