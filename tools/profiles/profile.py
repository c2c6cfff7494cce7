"""A profile in columns: stack samples with one or more measured values, whatever tool made them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]
SAMPLES = "samples"
"""The value in which sampling profilers count how often they saw a stack."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueType:
    """What a value column measures: `cpu` in `nanoseconds`, `alloc_space` in `bytes`, …"""

    name: str
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """A function as its language's users name it. `file` is as recorded; `start_line` 0 when unknown."""

    name: str
    file: str
    start_line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """Samples in compressed rows: sample i is frames `frame_ids[offsets[i]:offsets[i + 1]]`, leaf first.

    A frame is a (function, line) pair: `frame_function[f]` indexes `functions`, `frame_line[f]` is the
    line executing (0 unknown). Inlined calls are frames of their own, leaf first like the rest.
    `values` has shape (samples, value types), int64, in each type's unit. `labels` maps a label key to
    one string per sample ("" where absent). `duration_ns` and `period` are 0 when unknown.
    """

    value_types: tuple[ValueType, ...]
    values: IntArray
    offsets: IntArray
    frame_ids: IntArray
    frame_function: IntArray
    frame_line: IntArray
    functions: tuple[Function, ...]
    labels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    duration_ns: int = 0
    period: int = 0
    period_type: ValueType | None = None
    time_ns: int = 0
    comments: tuple[str, ...] = ()
    default_value: str = ""

    @property
    def samples(self) -> int:
        """Number of rows: different stacks (and labels), each with what was added up for it."""
        return len(self.offsets) - 1

    def without_root(self, root: str) -> Profile:
        """The profile with files below `root` named relative to it, so that two copies of a program compare."""
        head = root.rstrip("/") + "/"
        named = tuple(replace(f, file=f.file.removeprefix(head)) for f in self.functions)
        return replace(self, functions=named)

    def times_seen(self) -> IntArray:
        """For each row how often a sampling profiler saw it; ones where the profile doesn't count that.

        Go's heap profile holds estimates: it samples once in `period` bytes, and an object at most once.
        """
        names = {v.name for v in self.value_types}
        if SAMPLES in names:
            return self.values[:, self.column(SAMPLES)]
        if {"alloc_objects", "alloc_space"} <= names and self.period > 0:
            sampled = self.values[:, self.column("alloc_space")] // self.period
            return np.maximum(np.minimum(sampled, self.values[:, self.column("alloc_objects")]), 1)
        return np.ones(self.samples, dtype=np.int64)

    def column(self, value: str) -> int:
        """Index of the value called `value` in `values`. Raises: KeyError naming those there are."""
        for index, value_type in enumerate(self.value_types):
            if value_type.name == value:
                return index
        names = ", ".join(v.name for v in self.value_types)
        raise KeyError(f"no value {value!r} in this profile; it has {names}")

    def total(self, value: str) -> int:
        """Sum of one value over all samples, in its unit."""
        return int(self.values[:, self.column(value)].sum())
