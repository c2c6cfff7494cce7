"""A profile's stacks one by one, for what has few of them: goroutines, threads, waits."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from tools.profiles.profile import Function, Profile

Stack = tuple[tuple[Function, int], ...]
"""Functions with the line executing, leaf first."""


def stacks_of(profile: Profile) -> Iterator[Stack]:
    """The stack of each row."""
    functions, offsets = profile.functions, profile.offsets.tolist()
    owners, lines = profile.frame_function.tolist(), profile.frame_line.tolist()
    frames = [(functions[f], line) for f, line in zip(owners, lines, strict=True)]
    ids = profile.frame_ids.tolist()
    for start, end in itertools.pairwise(offsets):
        yield tuple(frames[i] for i in ids[start:end])
