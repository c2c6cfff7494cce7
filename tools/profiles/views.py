"""What a profile's values look at, whatever program wrote it: time, memory, goroutines, contention, threads."""

from __future__ import annotations

from collections.abc import Mapping

from tools.measure.toolchain import ProfileView
from tools.profiles.profile import SAMPLES, Profile

_VALUES: Mapping[ProfileView, tuple[str, ...]] = {
    "cpu": ("cpu", "wall", "time", SAMPLES),
    "memory": (
        "alloc_space", "inuse_space", "peak_space", "leaked_space", "space", "memory", "alloc_objects",
        "inuse_objects", "objects",
    ),
    "goroutines": ("goroutine", "goroutines", "goroutineleak"),
    "contention": ("delay", "contentions"),
    "threads": ("threadcreate",),
}  # fmt: skip
"""The values of each view, the one that tells most first."""
_KEPT = ("inuse_space", "leaked_space", "peak_space")
"""What tells which memory is held, for questions about leaks and size."""


def views_of(profile: Profile, *, about_kept_memory: bool = False) -> dict[ProfileView, str]:
    """The views that a profile has and the value that each is about; its default value decides where it can.

    Values that nothing is known of are looked at as time where their unit is one, else left out; a profile with
    nothing but such values is looked at as time, by its default value. `about_kept_memory` prefers memory in use.
    """
    names = [v.name for v in profile.value_types]
    found: dict[ProfileView, str] = {}
    for view, values in _VALUES.items():
        wanted = (*_KEPT, *values) if view == "memory" and about_kept_memory else values
        here = [name for name in wanted if name in names]
        if here:
            usual = profile.default_value
            found[view] = usual if usual in here and view != "memory" else here[0]
    timed = [
        v.name
        for v in profile.value_types
        if v.unit in ("nanoseconds", "microseconds", "milliseconds", "seconds")
    ]
    if "cpu" not in found and "contention" not in found and timed:
        found["cpu"] = profile.default_value if profile.default_value in timed else timed[0]
    return found or {"cpu": profile.default_value}


_BASE: Mapping[str, tuple[float, str]] = {
    "nanoseconds": (1e-9, "s"), "microseconds": (1e-6, "s"), "milliseconds": (1e-3, "s"), "seconds": (1.0, "s"),
    "bytes": (1.0, "B"), "kilobytes": (1024.0, "B"), "megabytes": (1024.0**2, "B"),
}  # fmt: skip


def base_unit(unit: str) -> tuple[float, str]:
    """(factor, base unit) of a profile's unit: seconds, bytes, or a count."""
    return _BASE.get(unit, (1.0, "count"))
