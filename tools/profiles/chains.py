"""From locations of a pprof file to frames: a location is a chain of inlined calls, each a frame of its own."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from tools.profiles.profile import IntArray
from tools.profiles.varints import Unsigned

DENSE = 8
"""Ids up to so many times their number are looked up in a table; else they are searched for."""


class Chains:
    """The locations of a file: location n is the frames `frames[starts[n]:starts[n + 1]]`, leaf first."""

    def __init__(self, location_ids: Mapping[int, int], starts: IntArray, frames: IntArray) -> None:
        self._starts, self._frames = starts, frames.astype(np.int32)
        self._lengths = np.diff(starts)
        self._all_single = bool((self._lengths == 1).all())
        ids = np.fromiter(location_ids, dtype=np.uint64, count=len(location_ids))
        positions = np.fromiter(location_ids.values(), dtype=np.int32, count=len(location_ids))
        order = np.argsort(ids)
        self._ids, self._positions = ids[order], positions[order]
        self._table: npt.NDArray[np.int32] | None = None
        if len(ids) and int(self._ids[-1]) <= DENSE * len(ids):
            self._table = np.full(int(self._ids[-1]) + 1, -1, dtype=np.int32)
            self._table[self._ids] = self._positions

    def positions(self, ids: Unsigned) -> npt.NDArray[np.int32] | None:
        """Where each location with such an id stands; None when one isn't there."""
        if not len(ids):
            return np.zeros(0, dtype=np.int32)
        if not len(self._ids) or ids.max() > self._ids[-1]:
            return None
        if self._table is not None:
            found = self._table[ids]
            return found if found.min() >= 0 else None
        at = np.searchsorted(self._ids, ids)
        if not np.array_equal(self._ids[at], ids):
            return None
        searched: npt.NDArray[np.int32] = self._positions[at]
        return searched

    def depths(self, positions: npt.NDArray[np.int32], depths: IntArray) -> IntArray:
        """How many frames each sample has that has so many locations, sample after sample."""
        if self._all_single:
            return depths
        ends = np.concatenate(([0], np.cumsum(self._lengths[positions])))
        frames: IntArray = np.diff(ends[np.concatenate(([0], np.cumsum(depths)))])
        return frames

    def frames(self, positions: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
        """The frames of these locations, one after the other."""
        if self._all_single:
            return self._frames[positions]
        lengths = self._lengths[positions]
        ends = np.cumsum(lengths)
        within = np.arange(int(lengths.sum()), dtype=np.int64) - np.repeat(ends - lengths, lengths)
        found: npt.NDArray[np.int32] = self._frames[np.repeat(self._starts[positions], lengths) + within]
        return found
