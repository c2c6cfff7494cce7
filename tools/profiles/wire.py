"""Samples of a pprof file decoded many at a time, straight from their bytes.

All that a Sample holds is variable-length integers (varints), tags and lengths included. So the integers of thousands
of samples are decoded at once, and the fields are walked in rounds: the first field of every sample, the second, and
so on. Whatever is unusual or wrong isn't decoded here: None says so, and the protobuf runtime says what it is.

Source: https://protobuf.dev/programming-guides/encoding; profile.proto of google/pprof.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tools.profiles.profile import IntArray
from tools.profiles.varints import Unsigned

CHUNK = 10_000
"""How many samples are decoded at once: about a megabyte, so that what is made of it stays in the caches."""
MAX_ROUNDS = 64
MAX_VARINT = 10
PACKED, SINGLE = 2, 0
LOCATIONS, VALUES, LABELS = 1, 2, 3
SAMPLE_FIELDS = {LOCATIONS: (PACKED, SINGLE), VALUES: (PACKED, SINGLE), LABELS: (PACKED,)}
LABEL_FIELDS = dict.fromkeys((1, 2, 3, 4), (SINGLE,))


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelFields:
    """The labels of some samples: whose they are, and each one's four fields (0 where absent)."""

    sample: IntArray
    key: IntArray
    text: IntArray
    number: IntArray
    unit: IntArray


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodedSamples:
    """Some samples: `locations` are the ids of all, sample after sample, `depths` how many are of each; `values`
    has a row for each sample.
    """

    depths: IntArray
    locations: Unsigned
    values: IntArray
    labels: LabelFields


@dataclass(frozen=True, slots=True)
class _Ranges:
    """Integers that belong to a sample: those numbered from `low` to below `high`."""

    sample: IntArray
    low: IntArray
    high: IntArray


class _Integers:
    """Every varint in some bytes."""

    def __init__(self, content: bytes) -> None:
        data = np.frombuffer(content, dtype=np.uint8)
        ends = data < 0x80
        self.last = np.flatnonzero(ends)
        """The position of each integer's last byte."""
        self.before = np.concatenate(([0], np.cumsum(ends)))
        """How many integers end before a position."""
        self.closed = np.concatenate(([True], ends))
        """Whether an integer ends just before a position."""
        first = np.concatenate(([0], self.last[:-1] + 1)) if len(self.last) else self.last
        length = self.last - first + 1
        self.longest = int(length.max(initial=0))
        self.values = (data[first] & 0x7F).astype(np.uint64)
        for k in range(1, min(self.longest, MAX_VARINT)):
            more = np.flatnonzero(length > k)
            part = (data[first[more] + k] & 0x7F).astype(np.uint64)
            self.values[more] |= part << np.uint64(7 * k)


def decode_samples(samples: Sequence[bytes], types: int) -> Iterator[DecodedSamples | None]:
    """The samples of a file, a chunk at a time, each with a value for each of so many `types`; None ends it."""
    for start in range(0, len(samples), CHUNK):
        found = _decode(samples[start : start + CHUNK], types)
        yield found
        if found is None:
            return


def _decode(samples: Sequence[bytes], types: int) -> DecodedSamples | None:
    sizes = np.fromiter(map(len, samples), dtype=np.int64, count=len(samples))
    ends = np.cumsum(sizes)
    content = b"".join(samples)
    integers = _Integers(content)
    if integers.longest > MAX_VARINT or not integers.closed[ends].all():
        return None
    fields = _walk(integers, ends - sizes, ends, SAMPLE_FIELDS)
    if fields is None:
        return None
    locations = _joined(fields.get(LOCATIONS, []))
    values = _joined(fields.get(VALUES, []))
    count = len(samples)
    if not np.array_equal(_per_sample(values, count), np.full(count, types)):
        return None
    labels = _labels(integers, _joined(fields.get(LABELS, [])))
    if labels is None:
        return None
    return DecodedSamples(
        depths=_per_sample(locations, count),
        locations=integers.values[_flat(locations)],
        values=integers.values[_flat(values)].view(np.int64).reshape(count, types),
        labels=labels,
    )


def _walk(
    integers: _Integers, starts: IntArray, ends: IntArray, kinds: Mapping[int, Collection[int]]
) -> dict[int, list[_Ranges]] | None:
    """The fields between each start and end by number, in the order in which they stand; None if one is unusual.

    `kinds` has the wire types that a field may have. A single integer is a range of one.
    """
    found: dict[int, list[_Ranges]] = {}
    active = np.flatnonzero(starts < ends)
    position = starts.copy()
    for _ in range(MAX_ROUNDS):
        if not len(active):
            return found
        at = integers.before[position[active]]
        tags = integers.values[at]
        if not np.isin(tags, [number << 3 | wire for number, wires in kinds.items() for wire in wires]).all():
            return None
        packed = (tags & np.uint64(7)) == PACKED
        # The integer after the tag: the value itself, or the length of what is packed.
        if (at + 1 >= len(integers.last)).any() or (integers.last[at + 1] >= ends[active]).any():
            return None
        stop = integers.last[at + 1] + 1
        length = np.where(packed, integers.values[at + 1], np.uint64(0))
        if (length > (ends[active] - stop).astype(np.uint64)).any():
            return None
        stop = stop + length.astype(np.int64)
        if not integers.closed[stop].all():
            return None
        low, high = at + 1 + packed, integers.before[stop]
        field = (tags >> np.uint64(3)).astype(np.int64)
        for number in np.unique(field):
            here = field == number
            found.setdefault(int(number), []).append(_Ranges(active[here], low[here], high[here]))
        position[active] = stop
        active = active[stop < ends[active]]
    return None


def _joined(parts: list[_Ranges]) -> _Ranges:
    """All ranges by sample, those of one sample in the order of the rounds."""
    if not parts:
        nothing = np.zeros(0, dtype=np.int64)
        return _Ranges(nothing, nothing, nothing)
    if len(parts) == 1:
        return parts[0]
    sample = np.concatenate([p.sample for p in parts])
    order = np.argsort(sample, kind="stable")
    low, high = np.concatenate([p.low for p in parts]), np.concatenate([p.high for p in parts])
    return _Ranges(sample[order], low[order], high[order])


def _per_sample(ranges: _Ranges, count: int) -> IntArray:
    totals = np.zeros(count, dtype=np.int64)
    np.add.at(totals, ranges.sample, ranges.high - ranges.low)
    return totals


def _flat(ranges: _Ranges) -> IntArray:
    """The numbers of all integers in the ranges, one range after the other."""
    lengths = ranges.high - ranges.low
    offsets = np.cumsum(lengths) - lengths
    flat: IntArray = np.arange(int(lengths.sum()), dtype=np.int64) + np.repeat(ranges.low - offsets, lengths)
    return flat


def _labels(integers: _Integers, ranges: _Ranges) -> LabelFields | None:
    """Each label's fields; None if one holds anything but single integers of the four that are known."""
    count = len(ranges.sample)
    columns = np.zeros((5, count), dtype=np.int64)
    if count:
        ends = np.where(ranges.high > 0, integers.last[ranges.high - 1] + 1, 0)
        starts = np.where(ranges.low > 0, integers.last[ranges.low - 1] + 1, 0)
        fields = _walk(integers, starts, np.maximum(starts, ends), LABEL_FIELDS)
        if fields is None:
            return None
        for number, parts in fields.items():
            for part in parts:
                columns[number, part.sample] = integers.values[part.low].view(np.int64)
    return LabelFields(
        sample=ranges.sample, key=columns[1], text=columns[2], number=columns[3], unit=columns[4]
    )
