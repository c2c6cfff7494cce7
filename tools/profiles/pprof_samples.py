"""The samples of a pprof file as columns, from their bytes; None wherever a slower and more exact reader must look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tools.profiles.profile import IntArray
from tools.profiles.wire import LabelFields, Unsigned, decode_samples

DENSE = 8
"""Ids up to so many times their number are looked up in a table; else they are searched for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleColumns:
    """All samples: how many `locations` (by their position in the file) each has, its values, and all labels."""

    depths: IntArray
    locations: IntArray
    values: IntArray
    labels: LabelFields


def decode(
    samples: Sequence[bytes], types: int, location_ids: Mapping[int, int], most_deep: int
) -> SampleColumns | None:
    """All samples, each with a value for each of so many `types` and at most so many locations.

    `location_ids` maps a location's id to its position. None where a sample is anything but that.
    """
    find = _Finder(location_ids)
    depths, locations, values, labels = [], [], [], []
    first = 0
    for chunk in decode_samples(samples, types):
        if chunk is None or chunk.depths.max(initial=0) > most_deep:
            return None
        found = find.positions(chunk.locations)
        if found is None:
            return None
        depths.append(chunk.depths)
        locations.append(found)
        values.append(chunk.values)
        own = chunk.labels
        labels.append(np.stack([own.sample + first, own.key, own.text, own.number, own.unit]))
        first += len(chunk.depths)
    nothing = np.zeros(0, dtype=np.int64)
    sample, key, text, number, unit = np.concatenate([np.zeros((5, 0), dtype=np.int64), *labels], axis=1)
    return SampleColumns(
        depths=np.concatenate([nothing, *depths]),
        locations=np.concatenate([nothing, *locations]),
        values=np.concatenate([np.zeros((0, types), dtype=np.int64), *values]),
        labels=LabelFields(sample=sample, key=key, text=text, number=number, unit=unit),
    )


class _Finder:
    """From ids to positions, many at a time."""

    def __init__(self, location_ids: Mapping[int, int]) -> None:
        ids = np.fromiter(location_ids, dtype=np.uint64, count=len(location_ids))
        positions = np.fromiter(location_ids.values(), dtype=np.int64, count=len(location_ids))
        order = np.argsort(ids)
        self._ids, self._positions = ids[order], positions[order]
        self._table: IntArray | None = None
        if len(ids) and int(self._ids[-1]) <= DENSE * len(ids):
            self._table = np.full(int(self._ids[-1]) + 1, -1, dtype=np.int64)
            self._table[self._ids] = self._positions

    def positions(self, ids: Unsigned) -> IntArray | None:
        """Where each location stands; None when one isn't there."""
        if not len(ids):
            return np.zeros(0, dtype=np.int64)
        if not len(self._ids) or ids.max() > self._ids[-1]:
            return None
        if self._table is not None:
            found = self._table[ids]
            return found if found.min() >= 0 else None
        at = np.searchsorted(self._ids, ids)
        return self._positions[at] if np.array_equal(self._ids[at], ids) else None


def label_columns(
    labels: LabelFields, samples: int, strings: Sequence[str]
) -> dict[str, tuple[str, ...]] | None:
    """Each key's text for each sample, "" where absent; the last one counts where a sample has a key twice.

    A label without a string is its number. None when a string isn't there.
    """
    columns: dict[str, tuple[str, ...]] = {}
    if not len(labels.sample):
        return columns
    for indices in (labels.key, labels.text):
        if indices.min() < 0 or indices.max() >= len(strings):
            return None
    order = np.unique(labels.key, return_index=True)[1]
    for key in labels.key[np.sort(order)]:
        here = labels.key == key
        pairs = np.stack([labels.text[here], np.where(labels.text[here] == 0, labels.number[here], 0)])
        distinct, codes = np.unique(pairs, axis=1, return_inverse=True)
        texts = np.array(["", *(strings[t] if t else str(n) for t, n in distinct.T.tolist())], dtype=object)
        column = np.zeros(samples, dtype=np.int64)
        column[labels.sample[here]] = codes.reshape(-1) + 1
        name = strings[int(key)]
        if name in columns:  # two entries of the string table that are alike
            return None
        columns[name] = tuple(texts[column].tolist())
    return columns
