"""The difference of two captures of something that only adds up, stack by stack."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from tools.errors import UnreadableOutput
from tools.profiles.builder import ProfileBuilder
from tools.profiles.profile import IntArray, Profile
from tools.profiles.stacks import Stack, stacks_of

_Key = tuple[Stack, tuple[tuple[str, str], ...]]


def subtract(before: Profile, after: Profile) -> Profile:
    """What `after` has more than `before`, by stack and labels; stacks that are equal in both are left out.

    Values may be negative where less is held than before. Raises: UnreadableOutput when both don't measure the same.
    """
    if before.value_types != after.value_types:
        raise UnreadableOutput(
            "two captures of one kind measure different values: was the program replaced meanwhile?"
        )
    amounts: dict[_Key, IntArray] = {}
    for profile, sign in ((after, 1), (before, -1)):
        for row, key in enumerate(_keys(profile)):
            change = sign * profile.values[row]
            amounts[key] = amounts[key] + change if key in amounts else change
    builder = ProfileBuilder(after.value_types)
    for (stack, labels), change in amounts.items():
        if np.any(change):
            builder.add(stack, [int(n) for n in change], dict(labels))
    found = builder.build(
        period=after.period,
        period_type=after.period_type,
        time_ns=after.time_ns,
        default_value=after.default_value,
    )
    return replace(found, duration_ns=max(after.time_ns - before.time_ns, 0))


def _keys(profile: Profile) -> Iterator[_Key]:
    labels = sorted(profile.labels.items())
    for row, stack in enumerate(stacks_of(profile)):
        yield stack, tuple((key, column[row]) for key, column in labels if column[row])
