"""Building a columnar profile sample by sample, equal functions and frames merged."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from tools.profiles.profile import Function, Profile, ValueType


class ProfileBuilder:
    """Collects samples; `build` gives the profile. Functions are equal when name, file and start line are."""

    def __init__(self, value_types: Iterable[ValueType]) -> None:
        self._value_types = tuple(value_types)
        self._functions: dict[Function, int] = {}
        self._frames: dict[tuple[int, int], int] = {}
        self._offsets = [0]
        self._frame_ids: list[int] = []
        self._values: list[Sequence[int]] = []
        self._labels: dict[str, dict[int, str]] = {}

    def add(
        self,
        stack: Iterable[tuple[Function, int]],
        values: Sequence[int],
        labels: Mapping[str, str] | None = None,
    ) -> None:
        """Add one sample: its stack as (function, line), leaf first, and one value for each value type."""
        if len(values) != len(self._value_types):
            raise ValueError(f"a sample needs {len(self._value_types)} values, not {len(values)}")
        for function, line in stack:
            function_id = self._functions.setdefault(function, len(self._functions))
            self._frame_ids.append(self._frames.setdefault((function_id, line), len(self._frames)))
        for key, label in (labels or {}).items():
            self._labels.setdefault(key, {})[len(self._values)] = label
        self._offsets.append(len(self._frame_ids))
        self._values.append(values)

    def build(
        self,
        *,
        duration_ns: int = 0,
        period: int = 0,
        period_type: ValueType | None = None,
        time_ns: int = 0,
        comments: tuple[str, ...] = (),
        default_value: str = "",
    ) -> Profile:
        """The profile of everything added so far."""
        samples = len(self._values)
        frames = list(self._frames)
        return Profile(
            value_types=self._value_types,
            values=np.array(self._values, dtype=np.int64).reshape(samples, len(self._value_types)),
            offsets=np.array(self._offsets, dtype=np.int64),
            frame_ids=np.array(self._frame_ids, dtype=np.int64),
            frame_function=np.array([f for f, _ in frames], dtype=np.int64),
            frame_line=np.array([line for _, line in frames], dtype=np.int64),
            functions=tuple(self._functions),
            labels={
                key: tuple(found.get(n, "") for n in range(samples)) for key, found in self._labels.items()
            },
            duration_ns=duration_ns,
            period=period,
            period_type=period_type,
            time_ns=time_ns,
            comments=comments,
            default_value=default_value or self._value_types[-1].name,
        )
