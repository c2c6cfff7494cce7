"""Reading and writing pprof files (gzipped or plain profile.proto), under limits.

Source: profile.proto and its doc/README.md in google/pprof. A location with several lines is a chain of
inlined calls, leaf first; each line becomes a frame of its own.
"""

from __future__ import annotations

import gzip
import itertools
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from google.protobuf.message import DecodeError

from tools.errors import UnreadableOutput
from tools.profiles.chains import Chains
from tools.profiles.inflating import MIB, inflated, read_inflated
from tools.profiles.pprof_encoding import encode_pprof
from tools.profiles.pprof_samples import (
    SampleLimits,
    TooMuch,
    check_depths,
    decode,
    label_columns,
    label_without_string,
    number_text,
)
from tools.profiles.pprof_schema import profile_message
from tools.profiles.profile import Function, IntArray, Profile, ValueType
from tools.profiles.wire import CHUNK


@dataclass(frozen=True, slots=True, kw_only=True)
class PprofLimits:
    """What a file may hold before it is refused.

    Bytes once decompressed, bytes of one string, samples, frames of one sample, frames of all samples.
    """

    decompressed_bytes: int = 1024 * MIB
    string_bytes: int = MIB
    samples: int = 20_000_000
    depth: int = 100_000
    frames: int = 300_000_000


def read_pprof(source: Path | bytes, limits: PprofLimits | None = None, *, name: str = "profile") -> Profile:
    """The profile in a file or in bytes, which errors call `name`.

    Raises: UnreadableOutput naming the file and the offset or field that is wrong; never a part of a profile.
    """
    limits = limits or PprofLimits()
    name = str(source) if isinstance(source, Path) else name
    # Nothing here keeps the content: it is as large as everything that is made of it.
    message = _parsed(_content(source, name, limits), name, packed_samples=True)
    fast = _Reader(message, name, limits).read_fast()
    if fast is not None:
        return fast
    return read_exactly(message.SerializeToString(), limits, name=name)


def read_exactly(content: bytes, limits: PprofLimits | None = None, *, name: str = "profile") -> Profile:
    """The profile in an uncompressed message, all of it decoded by the protobuf runtime: several times as slow.

    Raises: UnreadableOutput, as `read_pprof` does, which gives the same profile.
    """
    message = _parsed(content, name, packed_samples=False)
    return _Reader(message, name, limits or PprofLimits()).read()


def _content(source: Path | bytes, name: str, limits: PprofLimits) -> bytes:
    if isinstance(source, Path):
        return read_inflated(source, limits.decompressed_bytes)
    return inflated(source, name, limits.decompressed_bytes)


def _parsed(content: bytes, name: str, *, packed_samples: bool) -> Any:
    message = profile_message(packed_samples=packed_samples)()
    try:
        message.ParseFromString(content)
    except DecodeError as error:
        raise UnreadableOutput(f"{name}: not a pprof profile: {error}") from error
    return message


class _Reader:
    """Turns a decoded message into columns, checking every index on the way."""

    def __init__(self, message: Any, name: str, limits: PprofLimits) -> None:
        self._message = message
        self._name = name
        self._limits = limits
        self._sample_limits = SampleLimits(depth=limits.depth, frames=limits.frames)
        self._strings = self._texts()
        self._found: dict[Function, int] = {}

    def _texts(self) -> Sequence[str]:
        """The string table; what isn't UTF-8 in it becomes U+FFFD, as pprof shows it."""
        table = self._message.string_table
        for n, size in enumerate(map(len, table)):
            if size > self._limits.string_bytes:
                raise self._bad(f"string_table[{n}]", f"is {size} bytes long")
        return [text.decode(errors="replace") for text in table] or [""]

    def read(self) -> Profile:
        """The profile, its samples decoded by the protobuf runtime."""
        types = self._types()
        chains, ids = self._locations(self._functions())
        samples = self._message.sample
        offsets, frame_ids = self._stacks(samples, 0, chains, ids)
        values, labels = self._values(samples, 0, len(types)), self._labels(samples, 0)
        return self._profile(types, values, offsets, frame_ids, labels)

    def read_fast(self) -> Profile | None:
        """The profile of a message whose samples are still bytes; None where anything in them is unusual or wrong."""
        if len(self._message.sample) > self._limits.samples:
            raise self._bad(
                "sample", f"is there {len(self._message.sample)} times: record for a shorter time"
            )
        types = self._types()
        chains, ids = self._locations(self._functions())
        try:
            samples = decode(self._message.sample, len(types), chains, self._sample_limits)
        except TooMuch as error:
            raise self._bad(error.field, error.what) from error
        if isinstance(samples, int):
            self._look_at(samples, len(types), chains, ids)
            return None
        wrong = label_without_string(samples.labels, len(self._strings))
        if wrong is not None:
            self._look_at(wrong, len(types), chains, ids)
        labels = label_columns(samples.labels, len(samples.depths), self._strings)
        if labels is None:
            return None
        offsets = np.concatenate(([0], np.cumsum(samples.depths))).astype(np.int64)
        return self._profile(types, samples.values, offsets, samples.frame_ids, labels)

    def _look_at(self, first: int, types: int, chains: Chains, ids: dict[int, int]) -> None:
        """Look for a fault in the samples from `first` on that were decoded together.

        Decoding all of a large file exactly, only to refuse it, takes many times as long. Raises: UnreadableOutput.
        """
        parse = profile_message()().sample.add().FromString
        try:
            samples = [parse(sample) for sample in self._message.sample[first : first + CHUNK]]
        except DecodeError as error:
            raise UnreadableOutput(f"{self._name}: not a pprof profile: {error}") from error
        self._stacks(samples, first, chains, ids)
        self._values(samples, first, types)
        self._labels(samples, first)

    def _types(self) -> tuple[ValueType, ...]:
        types = tuple(self._value_type(t, "sample_type") for t in self._message.sample_type)
        if not types:
            raise self._bad("sample_type", "is missing: nothing was measured")
        return types

    def _profile(
        self,
        types: tuple[ValueType, ...],
        values: IntArray,
        offsets: IntArray,
        frame_ids: IntArray,
        labels: Mapping[str, tuple[str, ...]],
    ) -> Profile:
        message = self._message
        default = self._string(message.default_sample_type, "default_sample_type")
        return Profile(
            value_types=types,
            values=values,
            offsets=offsets,
            frame_ids=frame_ids,
            frame_function=self._frames[:, 0],
            frame_line=self._frames[:, 1],
            functions=tuple(self._found),
            labels=labels,
            duration_ns=message.duration_nanos,
            period=message.period,
            period_type=self._value_type(message.period_type, "period_type")
            if message.HasField("period_type")
            else None,
            time_ns=message.time_nanos,
            comments=tuple(self._string(c, "comment") for c in message.comment),
            default_value=default or types[-1].name,
        )

    def _bad(self, field: str, what: str) -> UnreadableOutput:
        return UnreadableOutput(f"{self._name}: {field} {what}")

    def _string(self, index: int, field: str) -> str:
        if not 0 <= index < len(self._strings):
            raise self._bad(field, f"names string {index} of {len(self._strings)}")
        return self._strings[index]

    def _value_type(self, message: Any, field: str) -> ValueType:
        return ValueType(
            name=self._string(message.type, f"{field}.type"), unit=self._string(message.unit, f"{field}.unit")
        )

    def _functions(self) -> dict[int, int]:
        found = self._found
        ids: dict[int, int] = {}
        for n, function in enumerate(self._message.function):
            field = f"function[{n}]"
            name = self._string(function.name, f"{field}.name")
            key = Function(
                name=name or self._string(function.system_name, f"{field}.system_name"),
                file=self._string(function.filename, f"{field}.filename"),
                start_line=max(function.start_line, 0),
            )
            if function.id in ids:
                raise self._bad(field, f"has id {function.id}, which another function has")
            ids[function.id] = found.setdefault(key, len(found))
        return ids

    def _locations(self, function_ids: dict[int, int]) -> tuple[Chains, dict[int, int]]:
        frames: dict[tuple[int, int], int] = {}
        chain: list[int] = []
        starts = [0]
        ids: dict[int, int] = {}
        for n, location in enumerate(self._message.location):
            if location.id in ids:
                raise self._bad(f"location[{n}]", f"has id {location.id}, which another location has")
            ids[location.id] = n
            for line in location.line:
                function = function_ids.get(line.function_id)
                if function is None:
                    raise self._bad(f"location[{n}]", f"names function {line.function_id}, which isn't there")
                chain.append(frames.setdefault((function, line.line), len(frames)))
            if not location.line:
                unknown = Function(name=f"{location.address:#x}", file="")
                function = self._found.setdefault(unknown, len(self._found))
                chain.append(frames.setdefault((function, 0), len(frames)))
            starts.append(len(chain))
        self._frames = np.array(list(frames), dtype=np.int64).reshape(len(frames), 2)
        return Chains(ids, np.array(starts, dtype=np.int64), np.array(chain, dtype=np.int64)), ids

    # Of the following, `first` is the number of the first of the samples.

    def _stacks(
        self, samples: Sequence[Any], first: int, chains: Chains, ids: dict[int, int]
    ) -> tuple[IntArray, IntArray]:
        locations = np.fromiter((len(s.location_id) for s in samples), dtype=np.int64, count=len(samples))
        flat = itertools.chain.from_iterable(s.location_id for s in samples)
        try:
            positions = np.fromiter((ids[i] for i in flat), dtype=np.int32, count=int(locations.sum()))
        except KeyError as error:
            raise self._bad("sample", f"names location {error.args[0]}, which isn't there") from error
        depths = chains.depths(positions, locations)
        try:
            check_depths(depths, first, int(depths.sum()), self._sample_limits)
        except TooMuch as error:
            raise self._bad(error.field, error.what) from error
        offsets = np.concatenate(([0], np.cumsum(depths))).astype(np.int64)
        return offsets, chains.frames(positions).astype(np.int64)

    def _values(self, samples: Sequence[Any], first: int, count: int) -> IntArray:
        for n, sample in enumerate(samples, first):
            if len(sample.value) != count:
                raise self._bad(f"sample[{n}]", f"has {len(sample.value)} values for {count} sample types")
        flat = itertools.chain.from_iterable(s.value for s in samples)
        values = np.fromiter(flat, dtype=np.int64, count=len(samples) * count)
        return values.reshape(len(samples), count)

    def _labels(self, samples: Sequence[Any], first: int) -> dict[str, tuple[str, ...]]:
        columns: dict[str, dict[int, str]] = {}
        for n, sample in enumerate(samples, first):
            for label in sample.label:
                field = f"sample[{n}].label"
                key = self._string(label.key, f"{field}.key")
                text = self._string(label.str, f"{field}.str")
                unit = self._string(label.num_unit, f"{field}.num_unit")
                columns.setdefault(key, {})[n] = text if label.str else number_text(label.num, unit)
        rows = range(first, first + len(samples))
        return {key: tuple(found.get(n, "") for n in rows) for key, found in columns.items()}


def write_pprof(profile: Profile, path: Path) -> None:
    """Write a gzipped pprof file, whole or not at all. Raises: OSError when it can't be written."""
    content = gzip.compress(encode_pprof(profile), compresslevel=6, mtime=0)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
