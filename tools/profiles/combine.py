"""Several profiles of the same kind added up into one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tools.errors import UnreadableOutput
from tools.profiles.profile import Function, Profile


def combine(profiles: Sequence[Profile]) -> Profile:
    """All samples of `profiles` as one profile; durations add up, equal functions become one.

    Raises: UnreadableOutput when they don't measure the same values.
    """
    if len(profiles) == 1:
        return profiles[0]
    first = profiles[0]
    if any(p.value_types != first.value_types for p in profiles):
        raise UnreadableOutput("profiles that measure different values can't be added up")
    functions: dict[Function, int] = {}
    frame_functions, frame_ids, offsets = [], [], [np.zeros(1, dtype=np.int64)]
    frames = entries = 0
    for profile in profiles:
        ids = [functions.setdefault(f, len(functions)) for f in profile.functions]
        frame_functions.append(np.array(ids, dtype=np.int64)[profile.frame_function])
        frame_ids.append(profile.frame_ids + frames)
        offsets.append(profile.offsets[1:] + entries)
        frames += len(profile.frame_function)
        entries += len(profile.frame_ids)
    keys = {key for p in profiles for key in p.labels}
    return Profile(
        value_types=first.value_types,
        values=np.concatenate([p.values for p in profiles]),
        offsets=np.concatenate(offsets),
        frame_ids=np.concatenate(frame_ids),
        frame_function=np.concatenate(frame_functions),
        frame_line=np.concatenate([p.frame_line for p in profiles]),
        functions=tuple(functions),
        labels={
            key: tuple(text for p in profiles for text in p.labels.get(key, ("",) * p.samples))
            for key in keys
        },
        duration_ns=sum(p.duration_ns for p in profiles),
        period=first.period,
        period_type=first.period_type,
        time_ns=first.time_ns,
        comments=first.comments,
        default_value=first.default_value,
    )
