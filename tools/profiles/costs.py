"""What groups of frames cost, by themselves and with all they call: exact sums over any number of samples."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from tools.profiles.profile import IntArray

ENTRIES = 500_000
"""How many frames of stacks are looked at once: they stay in the processor's caches."""
NARROW = 2**31


def group_costs(
    offsets: IntArray, frame_ids: IntArray, group_of_frame: IntArray, amounts: IntArray, groups: int
) -> tuple[IntArray, IntArray]:
    """(self, cumulative) cost of each of so many groups; a group counts once per sample, however often it is there.

    Sample i is the frames `frame_ids[offsets[i]:offsets[i + 1]]`, leaf first, and costs `amounts[i]`.
    `group_of_frame` maps a frame to its group, -1 to none.
    """
    own = np.zeros(groups, dtype=np.int64)
    cumulative = np.zeros(groups, dtype=np.int64)
    # Sorting 32-bit numbers is several times as fast as sorting 64-bit ones.
    of_frame: npt.NDArray[np.signedinteger] = group_of_frame
    if groups < NARROW:
        of_frame = group_of_frame.astype(np.int32)
    for samples, stacks in _stacks(offsets, frame_ids):
        found = of_frame[stacks]
        paid = amounts[samples]
        leaves = found[:, 0]
        np.add.at(own, leaves[leaves >= 0], paid[leaves >= 0])
        found.sort(axis=1)
        counts = found >= 0
        counts[:, 1:] &= found[:, 1:] != found[:, :-1]
        np.add.at(cumulative, found[counts], np.repeat(paid, counts.sum(axis=1)))
    return own, cumulative


def _stacks(offsets: IntArray, frame_ids: IntArray) -> Iterator[tuple[IntArray, IntArray]]:
    """Samples of one depth and their stacks as rows, about ENTRIES frames at once; empty stacks are left out.

    Rows of one length are sorted one by one, each short: far less work than sorting them all together.
    """
    depths = np.diff(offsets)
    order = np.argsort(depths, kind="stable").astype(np.int64)
    order = order[np.count_nonzero(depths == 0) :]
    distinct, first, counts = np.unique(depths[order], return_index=True, return_counts=True)
    for depth, start, count in zip(distinct.tolist(), first.tolist(), counts.tolist(), strict=True):
        step = max(1, ENTRIES // depth)
        for low in range(start, start + count, step):
            samples = order[low : min(low + step, start + count)]
            places = offsets[samples][:, np.newaxis] + np.arange(depth, dtype=np.int64)
            yield samples, frame_ids[places]
