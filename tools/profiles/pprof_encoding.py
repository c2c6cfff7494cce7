"""A profile as the bytes of a profile.proto message, its columns encoded many numbers at a time.

Source: profile.proto of google/pprof.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tools.profiles.pprof_schema import profile_message
from tools.profiles.profile import IntArray, Profile
from tools.profiles.varints import Unsigned, encode_varints, varint_sizes

CHUNK = 50_000
"""How many samples are encoded at once."""
SAMPLE, LOCATION, FUNCTION = 2 << 3 | 2, 4 << 3 | 2, 5 << 3 | 2
FIRST, SECOND, THIRD, FOURTH, FIFTH = (number << 3 for number in range(1, 6))
"""Tags of fields that hold one integer each."""
PACKED = 2
"""Added to such a tag: the field holds a length and so many bytes."""


def encode_pprof(profile: Profile) -> bytes:
    """The profile as an uncompressed profile.proto message."""
    strings = _Strings()
    tables = [_functions(profile, strings), _locations(profile)]
    samples = list(_samples(profile, strings))
    # Fields may stand in any order. The head is made last, when all strings are known, and says what a file is.
    return b"".join([_head(profile, strings), *tables, *samples])


class _Strings:
    """The string table: each text once, the empty one first."""

    def __init__(self) -> None:
        self.known = {"": 0}

    def index(self, text: str) -> int:
        return self.known.setdefault(text, len(self.known))


def _head(profile: Profile, strings: _Strings) -> bytes:
    """All fields but functions, locations and samples."""
    message = profile_message()()
    for value_type in profile.value_types:
        message.sample_type.add(type=strings.index(value_type.name), unit=strings.index(value_type.unit))
    # One mapping that says symbols are complete: else pprof looks for a binary to symbolise with.
    message.mapping.add(
        id=1, has_functions=True, has_filenames=True, has_line_numbers=True, has_inline_frames=True
    )
    if profile.period_type is not None:
        message.period_type.type = strings.index(profile.period_type.name)
        message.period_type.unit = strings.index(profile.period_type.unit)
    message.period = profile.period
    message.time_nanos = profile.time_ns
    message.duration_nanos = profile.duration_ns
    message.comment.extend(strings.index(c) for c in profile.comments)
    message.default_sample_type = strings.index(profile.default_value)
    message.string_table.extend(text.encode(errors="replace") for text in strings.known)
    return bytes(message.SerializeToString(deterministic=True))


def _functions(profile: Profile, strings: _Strings) -> bytes:
    names = np.array([strings.index(f.name) for f in profile.functions], dtype=np.int64)
    files = np.array([strings.index(f.file) for f in profile.functions], dtype=np.int64)
    starts = np.array([f.start_line for f in profile.functions], dtype=np.int64)
    ids = np.arange(1, len(names) + 1)
    return _records(FUNCTION, FIRST, ids, SECOND, names, THIRD, names, FOURTH, files, FIFTH, starts)


def _locations(profile: Profile) -> bytes:
    """A location for each frame, of the one mapping, with one line."""
    ids = np.arange(1, len(profile.frame_line) + 1)
    functions, lines = profile.frame_function + 1, profile.frame_line
    sizes = 2 + varint_sizes(_unsigned(functions)) + varint_sizes(_unsigned(lines))
    line = (FOURTH | PACKED, sizes, FIRST, functions, SECOND, lines)
    return _records(LOCATION, FIRST, ids, SECOND, 1, *line)


def _records(tag: int, *columns: IntArray | int) -> bytes:
    """Messages that hold the same integers each: a column is one of them for all, or the same for all."""
    count = max(len(column) for column in columns if not isinstance(column, int))
    numbers = np.empty((count, 2 + len(columns)), dtype=np.uint64)
    numbers[:, 0] = tag
    for n, column in enumerate(columns, 2):
        numbers[:, n] = column if isinstance(column, int) else _unsigned(column)
    sizes = varint_sizes(numbers[:, 2:].reshape(-1)).reshape(count, len(columns))
    numbers[:, 1] = sizes.sum(axis=1)
    return encode_varints(numbers.reshape(-1))


def _unsigned(numbers: IntArray) -> Unsigned:
    return np.ascontiguousarray(numbers, dtype=np.int64).view(np.uint64)


def _samples(profile: Profile, strings: _Strings) -> Iterator[bytes]:
    keys = np.array([strings.index(key) for key in profile.labels], dtype=np.int64)
    texts = np.zeros((profile.samples, len(keys)), dtype=np.int64)
    for n, column in enumerate(profile.labels.values()):
        texts[:, n] = [strings.index(text) for text in column]
    for first in range(0, profile.samples, CHUNK):
        last = min(first + CHUNK, profile.samples)
        yield _chunk(profile, first, last, keys, texts[first:last])


def _chunk(profile: Profile, first: int, last: int, keys: IntArray, texts: IntArray) -> bytes:
    """Samples from `first` to below `last`: `texts` has the strings of their labels, a column for each of `keys`."""
    count, types = last - first, len(profile.value_types)
    bounds = profile.offsets[first : last + 1]
    ids = _unsigned(profile.frame_ids[bounds[0] : bounds[-1]] + 1)
    bounds, depths = bounds - bounds[0], np.diff(bounds)
    values = _unsigned(profile.values[first:last])
    labels = _Labels(keys, texts)
    ids_size = _between(varint_sizes(ids), bounds)
    values_size = varint_sizes(values.reshape(-1)).reshape(count, types).sum(axis=1)
    size = 2 + _prefixed(ids_size) + _prefixed(values_size) + labels.sizes
    # Each sample as integers: its tag and size; tag and size of its ids, the ids; the same of values; labels.
    ends = np.cumsum(6 + depths + types + labels.WIDTH * labels.counts)
    at = np.concatenate(([0], ends[:-1]))
    numbers = np.empty(int(ends[-1]), dtype=np.uint64)
    numbers[at], numbers[at + 1] = SAMPLE, size
    numbers[at + 2], numbers[at + 3] = FIRST | PACKED, ids_size
    numbers[np.arange(len(ids)) + np.repeat(at + 4 - bounds[:-1], depths)] = ids
    at = at + 4 + depths
    numbers[at], numbers[at + 1] = SECOND | PACKED, values_size
    numbers[(at + 2)[:, np.newaxis] + np.arange(types)] = values
    labels.put(numbers, at + 2 + types)
    return encode_varints(numbers)


def _between(sizes: IntArray, bounds: IntArray) -> IntArray:
    """Sums of `sizes` from each bound to the next."""
    sums: IntArray = np.diff(np.concatenate(([0], np.cumsum(sizes)))[bounds])
    return sums


def _prefixed(sizes: IntArray) -> IntArray:
    """Bytes of so many bytes with their length ahead of them."""
    return sizes + varint_sizes(_unsigned(sizes))


class _Labels:
    """The labels of some samples as integers."""

    WIDTH = 6

    def __init__(self, keys: IntArray, texts: IntArray) -> None:
        owner, key = np.nonzero(texts)
        self._numbers = np.zeros((len(owner), self.WIDTH), dtype=np.uint64)
        self._numbers[:, [0, 2, 4]] = THIRD | PACKED, FIRST, SECOND
        self._numbers[:, 3], self._numbers[:, 5] = keys[key], texts[owner, key]
        sizes = 2 + varint_sizes(self._numbers[:, 3]) + varint_sizes(self._numbers[:, 5])
        self._numbers[:, 1] = sizes
        self.counts: IntArray = np.count_nonzero(texts, axis=1).astype(np.int64)
        """How many each sample has."""
        self._first = np.cumsum(self.counts) - self.counts
        self.sizes = _between(1 + _prefixed(sizes), np.concatenate(([0], np.cumsum(self.counts))))
        """Bytes of each sample's labels."""

    def put(self, numbers: Unsigned, at: IntArray) -> None:
        """Put each sample's labels into `numbers`, from its place in `at` on."""
        rank = np.arange(len(self._numbers)) - np.repeat(self._first, self.counts)
        start = np.repeat(at, self.counts) + self.WIDTH * rank
        numbers[start[:, np.newaxis] + np.arange(self.WIDTH)] = self._numbers
