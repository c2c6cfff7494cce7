"""Two profiles function by function: what each costs before and after, and what may be sampling's chance."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import Literal

import numpy as np

from tools.errors import UnreadableOutput
from tools.profiles.profile import SAMPLES, IntArray, Profile, ValueType
from tools.profiles.queries import function_costs

TWO_SIDED = 1.96
"""Standard deviations of a normal value that 95 % lie within."""
OTHER_DURATION = 1.1
CostKind = Literal["self", "cumulative"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionChange:
    """One function in both profiles, in the value's unit; shares (0-1) are of each profile's total.

    `beyond_chance` is False where two samplings of the same program would differ as much in 1 of 20 cases.
    """

    function: str
    file: str
    before: int
    after: int
    before_share: float
    after_share: float
    beyond_chance: bool

    @property
    def change(self) -> int:
        """After less before."""
        return self.after - self.before


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileDifference:
    """Two profiles in one value. Durations are 0 where the profile doesn't tell; `functions` counts all that cost.

    `normalised`: amounts before are scaled to the total after, `before_total` isn't.
    """

    value: ValueType
    by: CostKind
    before_total: int
    after_total: int
    before_duration_s: float
    after_duration_s: float
    functions: int
    changes: tuple[FunctionChange, ...]
    warnings: tuple[str, ...]
    normalised: bool = False


def compare_profiles(
    before: Profile,
    after: Profile,
    *,
    value: str | None = None,
    by: CostKind = "self",
    limit: int = 20,
    normalised: bool = False,
) -> ProfileDifference:
    """Functions by how much their cost changed, largest first, at most `limit`.

    A function is the same when its name and its file's name are. Without a `value` it is the one the first profile
    is about. `normalised` compares parts of equal totals, not amounts. Raises: UnreadableOutput when both don't
    measure that value in the same unit.
    """
    wanted = _common_value(before, after, value)
    left, right = _costs(before, wanted.name, by), _costs(after, wanted.name, by)
    totals = before.total(wanted.name), after.total(wanted.name)
    seen = (_seen(before, by), _seen(after, by))
    scale = totals[1] / totals[0] if normalised and totals[0] else 1.0
    chances = _scale_of_counts(before, after) if normalised else 1.0
    found = []
    for key in {**left, **right}:
        amounts = left.get(key, 0), right.get(key, 0)
        if normalised:
            amounts = round(scale * amounts[0]), amounts[1]
        if any(amounts):
            found.append(
                FunctionChange(
                    function=key[0],
                    file=key[1],
                    before=amounts[0],
                    after=amounts[1],
                    before_share=left.get(key, 0) / (totals[0] or 1),
                    after_share=amounts[1] / (totals[1] or 1),
                    beyond_chance=_beyond_chance(seen[0], seen[1], key, chances),
                )
            )
    found.sort(key=lambda c: (-abs(c.change), -c.after, c.function, c.file))
    return ProfileDifference(
        value=wanted,
        by=by,
        before_total=totals[0],
        after_total=totals[1],
        before_duration_s=before.duration_ns / 1e9,
        after_duration_s=after.duration_ns / 1e9,
        functions=len(found),
        changes=tuple(found[:limit]),
        warnings=_warnings(before, after, wanted, normalised=normalised),
        normalised=normalised,
    )


def _common_value(before: Profile, after: Profile, wanted: str | None) -> ValueType:
    mine, theirs = ({v.name: v for v in p.value_types} for p in (before, after))
    name = wanted or before.default_value
    if name in mine and mine[name] == theirs.get(name):
        return mine[name]
    raise UnreadableOutput(
        f"the profiles don't both measure {name!r} in one unit: the first has {_named(before)}, "
        f"the second {_named(after)}; choose one with --value"
    )


def _named(profile: Profile) -> str:
    return ", ".join(f"{v.name} ({v.unit})" for v in profile.value_types)


def _costs(profile: Profile, value: str, by: CostKind) -> dict[tuple[str, str], int]:
    own, cumulative = function_costs(profile, value)
    chosen: IntArray = own if by == "self" else cumulative
    found: dict[tuple[str, str], int] = {}
    for function, amount in zip(profile.functions, chosen.tolist(), strict=True):
        key = (function.name, PurePath(function.file).name)
        found[key] = found.get(key, 0) + amount
    return found


def _seen(profile: Profile, by: CostKind) -> dict[tuple[str, str], int] | None:
    """How often each function was seen; None where the profile holds everything and no sample."""
    names = {v.name for v in profile.value_types}
    if SAMPLES not in names and not ({"alloc_objects", "alloc_space"} <= names and profile.period > 0):
        return None
    counts = profile.times_seen().astype(np.int64).reshape(-1, 1)
    counted = replace(profile, value_types=(ValueType(name="seen", unit="count"),), values=counts)
    return _costs(counted, "seen", by)


def _scale_of_counts(before: Profile, after: Profile) -> float:
    """How many samples the later profile has for each of the earlier one."""
    counts = int(before.times_seen().sum()), int(after.times_seen().sum())
    return counts[1] / counts[0] if counts[0] else 1.0


def _beyond_chance(
    before: dict[tuple[str, str], int] | None,
    after: dict[tuple[str, str], int] | None,
    key: tuple[str, str],
    scale: float,
) -> bool:
    """Whether two counts differ by more than chance, the earlier one scaled; a count's variance is the count."""
    if before is None or after is None:
        return True
    counts = before.get(key, 0), after.get(key, 0)
    spread = math.sqrt(counts[1] + scale * scale * counts[0])
    return abs(counts[1] - scale * counts[0]) > TWO_SIDED * spread


def _warnings(before: Profile, after: Profile, value: ValueType, *, normalised: bool) -> tuple[str, ...]:
    found = []
    durations = before.duration_ns, after.duration_ns
    if not normalised and min(durations) > 0 and max(durations) > OTHER_DURATION * min(durations):
        found.append(
            f"the profiles ran for {durations[0] / 1e9:.3g} s and {durations[1] / 1e9:.3g} s: "
            "compare shares, not totals"
        )
    if not normalised and value.unit == "nanoseconds":
        found.append(
            "a profile covers a time, not an amount of work: a smaller total is no proof of a faster program"
        )
    for side, profile in (("first", before), ("second", after)):
        if profile.total(value.name) == 0:
            found.append(f"the {side} profile holds no {value.name} at all")
    return tuple(found)
