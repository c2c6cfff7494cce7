"""Profiles as collapsed stacks and as speedscope JSON, and what each of these can't hold.

Source: Brendan Gregg's FlameGraph, stackcollapse; speedscope 1.25, src/lib/file-format-spec.ts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tools.profiles.profile import Profile

SCHEMA = "https://www.speedscope.app/file-format-schema.json"
UNITS = ("nanoseconds", "microseconds", "milliseconds", "seconds", "bytes")
THREAD = "thread"
_PARTING = re.compile(r"[;\r\n]|(?<=^#)(?: |$)")
"""What ends a frame or a line, or begins a comment."""
UNNAMED = "?"


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A file's content, and in a few words each what of the profile isn't in it."""

    content: bytes
    lost: tuple[str, ...]


def as_collapsed(profile: Profile, value: str) -> Written:
    """One value as `root;…;leaf amount`, a line for each different stack of names, sorted.

    Raises: ValueError when an amount is below zero.
    """
    names = [_PARTING.sub(":", f.name.strip()) or UNNAMED for f in profile.functions]
    found: dict[str, int] = {}
    for row, stack in _stacks(profile, value):
        text = ";".join([names[function] for function, _ in reversed(stack)])
        found[text] = found.get(text, 0) + row
    lines = [f"{stack} {amount}\n" for stack, amount in sorted(found.items()) if amount]
    lost = [*_lost(profile, value), "files and lines", *_lost_labels(profile, ())]
    if any(name != f.name for name, f in zip(names, profile.functions, strict=True)):
        lost.append("names as they are: semicolons and line ends became colons")
    return Written(content="".join(lines).encode(errors="replace"), lost=tuple(lost))


def as_speedscope(profile: Profile, value: str, name: str) -> Written:
    """One value as sampled profiles, one for each thread where threads are told apart; `name` is shown.

    Raises: ValueError when an amount is below zero.
    """
    unit = profile.value_types[profile.column(value)].unit
    threads = profile.labels.get(THREAD)
    places: dict[tuple[int, int], int] = {}
    parts: dict[str, tuple[list[list[int]], list[int]]] = {}
    rows = _rows(profile, value)
    for (amount, stack), row in zip(_stacks(profile, value), rows, strict=True):
        samples, weights = parts.setdefault(threads[row] if threads else "", ([], []))
        samples.append([places.setdefault(frame, len(places)) for frame in reversed(stack)])
        weights.append(amount)
    functions = profile.functions
    document = {
        "$schema": SCHEMA,
        "name": name,
        "exporter": "ask-profiler",
        "activeProfileIndex": 0,
        "shared": {"frames": [_frame(functions[f].name, functions[f].file, line) for f, line in places]},
        "profiles": [
            {
                "type": "sampled",
                "name": thread or value,
                "unit": unit if unit in UNITS else "none",
                "startValue": 0,
                "endValue": sum(weights),
                "samples": samples,
                "weights": weights,
            }
            for thread, (samples, weights) in (parts or {"": ([], [])}).items()
        ],
    }
    lost = [*_lost(profile, value), *_lost_labels(profile, (THREAD,)), "where functions start"]
    return Written(content=json.dumps(document, separators=(",", ":")).encode(), lost=tuple(lost))


def _frame(name: str, file: str, line: int) -> Mapping[str, str | int]:
    known: dict[str, str | int] = {"name": name}
    if file:
        known["file"] = file
    if line > 0:
        known["line"] = line
    return known


def _rows(profile: Profile, value: str) -> list[int]:
    """The samples that have a stack and cost anything."""
    amounts = profile.values[:, profile.column(value)].tolist()
    offsets = profile.offsets.tolist()
    return [n for n, amount in enumerate(amounts) if amount and offsets[n] < offsets[n + 1]]


def _stacks(profile: Profile, value: str) -> Iterator[tuple[int, list[tuple[int, int]]]]:
    """(amount, stack as (function, line), leaf first) of each of `_rows`."""
    column = profile.values[:, profile.column(value)]
    if column.min(initial=0) < 0:
        raise ValueError(f"{value} is below zero in places, as in a difference: only pprof holds that")
    amounts, offsets, ids = column.tolist(), profile.offsets.tolist(), profile.frame_ids.tolist()
    frames = list(zip(profile.frame_function.tolist(), profile.frame_line.tolist(), strict=True))
    for n in _rows(profile, value):
        yield amounts[n], [frames[i] for i in ids[offsets[n] : offsets[n + 1]]]


def _lost(profile: Profile, value: str) -> list[str]:
    """What neither form holds of this profile."""
    lost = []
    others = [v.name for v in profile.value_types if v.name != value]
    if others:
        lost.append(f"the values {', '.join(others)}")
    empty = int(profile.values[profile.offsets[:-1] == profile.offsets[1:], profile.column(value)].sum())
    if empty:
        lost.append(f"{empty} of {value} without a stack")
    if profile.duration_ns or profile.time_ns or profile.comments:
        lost.append("when and how long was recorded")
    return lost


def _lost_labels(profile: Profile, kept: tuple[str, ...]) -> list[str]:
    labels = [key for key in profile.labels if key not in kept]
    return [f"the labels {', '.join(labels)}"] if labels else []
