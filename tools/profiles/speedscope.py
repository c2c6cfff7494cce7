"""Speedscope's JSON: sampled and evented profiles. Source: speedscope 1.2x, src/lib/file-format-spec.ts."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from tools.errors import UnreadableOutput
from tools.profiles.builder import ProfileBuilder
from tools.profiles.profile import Function, Profile, ValueType

UNITS: Mapping[str, tuple[str, float]] = {
    "nanoseconds": ("nanoseconds", 1.0),
    "microseconds": ("nanoseconds", 1e3),
    "milliseconds": ("nanoseconds", 1e6),
    "seconds": ("nanoseconds", 1e9),
    "bytes": ("bytes", 1.0),
    "none": ("count", 1.0),
}
"""The unit in a profile of ours, and what a value is multiplied with."""
_LARGEST = 2.0**62
MAX_FRAMES = 20_000_000
"""Frames of all different stacks together."""
MAX_STEPS = 500_000_000
"""Frames that are open at all events together: what walking through them costs."""


def read_speedscope(content: bytes, name: str) -> Profile:
    """The profiles in a file as one: each is a thread, its name the label `thread`.

    Times become the value `wall` in nanoseconds, memory `space` in bytes, and what has no unit `samples`. Evented
    profiles are added up by stack. Raises: UnreadableOutput naming the file and the field.
    """
    try:
        document = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise UnreadableOutput(f"{name}: not JSON: {error}") from error
    return _Reader(document, name).read()


class _Reader:
    """Reads one document, checking every index on the way."""

    def __init__(self, document: Any, name: str) -> None:
        self._document = document
        self._name = name
        self._kept = self._steps = self._new = 0
        self._total = 0.0

    def read(self) -> Profile:
        shared = self._field(self._document, "shared", dict, "the document")
        listed = self._field(shared, "frames", list, "shared")
        self._frames = [self._frame(frame, n) for n, frame in enumerate(listed)]
        profiles = self._field(self._document, "profiles", list, "the document")
        if not profiles:
            raise self._bad("profiles", "is empty: nothing was recorded")
        units = {self._unit(profile, n)[0] for n, profile in enumerate(profiles)}
        if len(units) > 1:
            raise self._bad(
                "profiles", f"measure different things ({', '.join(sorted(units))}): save them one by one"
            )
        unit = units.pop()
        value = {"nanoseconds": "wall", "bytes": "space"}.get(unit, "samples")
        self._builder = ProfileBuilder([ValueType(name=value, unit=unit)])
        for n, profile in enumerate(profiles):
            self._add(profile, n, several=len(profiles) > 1)
        return self._builder.build(default_value=value)

    def _bad(self, field: str, what: str) -> UnreadableOutput:
        return UnreadableOutput(f"{self._name}: {field} {what}")

    def _field(self, record: Any, key: str, kind: type, where: str) -> Any:
        found = record.get(key) if isinstance(record, dict) else None
        if not isinstance(found, kind):
            raise self._bad(f"{where}.{key}", f"is missing or no {kind.__name__}: no speedscope profile")
        return found

    def _unit(self, profile: Any, n: int) -> tuple[str, float]:
        unit = self._field(profile, "unit", str, f"profiles[{n}]")
        if unit not in UNITS:
            raise self._bad(f"profiles[{n}].unit", f"is {unit[:40]!r}, which isn't one of {', '.join(UNITS)}")
        return UNITS[unit]

    def _frame(self, frame: Any, n: int) -> tuple[Function, int]:
        name = self._field(frame, "name", str, f"shared.frames[{n}]")
        file, line = frame.get("file"), frame.get("line")
        return (
            Function(name=name, file=file if isinstance(file, str) else ""),
            line if isinstance(line, int) and 0 <= line < _LARGEST else 0,
        )

    def _add(self, profile: Any, n: int, *, several: bool) -> None:
        where = f"profiles[{n}]"
        factor = self._unit(profile, n)[1]
        kind = self._field(profile, "type", str, where)
        thread = profile.get("name")
        labels = {"thread": thread} if several and isinstance(thread, str) else {}
        if kind == "sampled":
            stacks = self._sampled(profile, where)
        elif kind == "evented":
            stacks = self._evented(profile, where)
        else:
            raise self._bad(f"{where}.type", f"is {kind[:40]!r}: neither sampled nor evented")
        for stack, weight in stacks.items():
            self._kept += len(stack)
            self._total += abs(weight) * factor
            if self._kept > MAX_FRAMES:
                raise self._bad(
                    where, f"has more than {MAX_FRAMES} frames in its stacks: record for less time"
                )
            if self._total >= _LARGEST:
                raise self._bad(where, "adds up to more than can be counted")
            self._builder.add([self._frames[f] for f in reversed(stack)], [round(weight * factor)], labels)

    def _sampled(self, profile: Any, where: str) -> dict[tuple[int, ...], float]:
        samples = self._field(profile, "samples", list, where)
        weights = self._field(profile, "weights", list, where)
        if len(samples) != len(weights):
            raise self._bad(f"{where}.weights", f"has {len(weights)} entries for {len(samples)} samples")
        found: dict[tuple[int, ...], float] = {}
        for k, (sample, weight) in enumerate(zip(samples, weights, strict=True)):
            stack = self._stack(sample, f"{where}.samples[{k}]")
            found[stack] = found.get(stack, 0.0) + self._number(weight, f"{where}.weights[{k}]")
        return found

    def _stack(self, sample: Any, where: str) -> tuple[int, ...]:
        if not isinstance(sample, list):
            raise self._bad(where, "is no list of frames")
        return tuple(self._index(frame, where) for frame in sample)

    def _index(self, frame: Any, where: str) -> int:
        if not isinstance(frame, int) or isinstance(frame, bool) or not 0 <= frame < len(self._frames):
            raise self._bad(where, f"names frame {str(frame)[:40]} of {len(self._frames)}")
        return frame

    def _number(self, value: Any, where: str) -> float:
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) < _LARGEST:
            raise self._bad(where, f"is no usable number: {str(value)[:40]}")
        return float(value)

    def _evented(self, profile: Any, where: str) -> dict[tuple[int, ...], float]:
        """Time between two events belongs to the stack that is open meanwhile."""
        events: Sequence[Any] = self._field(profile, "events", list, where)
        last = self._number(profile.get("startValue"), f"{where}.startValue")
        end = self._number(profile.get("endValue"), f"{where}.endValue")
        found: dict[tuple[int, ...], float] = {}
        open_: list[int] = []
        for k, event in enumerate(events):
            here = f"{where}.events[{k}]"
            at = self._number(event.get("at") if isinstance(event, dict) else None, f"{here}.at")
            if at < last:
                raise self._bad(f"{here}.at", "is before the event ahead of it")
            self._pass(found, open_, at - last)
            last = at
            frame = self._index(event.get("frame"), here)
            if event.get("type") == "O":
                open_.append(frame)
            elif event.get("type") == "C" and open_ and open_[-1] == frame:
                open_.pop()
            else:
                raise self._bad(here, "closes a frame that isn't the last one opened")
        if open_:
            raise self._bad(f"{where}.events", f"leave {len(open_)} frames open: the recording is cut off")
        self._pass(found, open_, max(0.0, end - last))
        return found

    def _pass(self, found: dict[tuple[int, ...], float], open_: list[int], amount: float) -> None:
        if amount > 0 and open_:
            self._steps += len(open_)
            stack = tuple(open_)
            self._new += len(open_) if stack not in found else 0
            if self._steps > MAX_STEPS or self._new > MAX_FRAMES:
                raise self._bad(
                    "events", "hold more and deeper stacks than can be kept: record for less time"
                )
            found[stack] = found.get(stack, 0.0) + amount
