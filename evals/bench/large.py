"""A large profile as a large program has it: walks through a call graph, always the same one."""

from __future__ import annotations

import numpy as np

from tools.profiles.profile import Function, IntArray, Profile, ValueType

CALLEES = (0.55, 0.25, 0.13, 0.07)
"""How often a function calls each of the functions that it calls."""
DEPTHS = (5, 45)
"""Frames of a stack, from and to, 25 on average."""
MOSTLY_AT = 997
"""Names of packages and files repeat: so many of them."""


def large_profile(samples: int, functions: int) -> Profile:
    """So many stacks over so many functions, each call a place in its caller; a CPU profile of 10 ms a sample."""
    random = np.random.default_rng(7)
    callees = random.integers(1, functions, (functions, len(CALLEES)))
    depths = random.integers(DEPTHS[0], DEPTHS[1] + 1, samples)
    offsets = np.concatenate(([0], np.cumsum(depths)))
    frames = np.empty(int(offsets[-1]), dtype=np.int64)
    here = np.zeros(samples, dtype=np.int64)
    places = len(CALLEES) + 1
    for level in range(DEPTHS[1]):
        going = np.flatnonzero(depths > level)
        called = random.choice(len(CALLEES), len(going), p=CALLEES)
        # The last place of a function is its own code, the others are its calls. Leaves come first in a stack.
        place = np.where(depths[going] == level + 1, len(CALLEES), called)
        frames[offsets[going + 1] - 1 - level] = here[going] * places + place
        here[going] = callees[here[going], called]
    return _named(frames, offsets, functions, places)


def _named(frames: IntArray, offsets: IntArray, functions: int, places: int) -> Profile:
    """The profile whose frames are places in functions; places that no stack has are left out."""
    met, frame_ids = np.unique(frames, return_inverse=True)
    samples = len(offsets) - 1
    return Profile(
        value_types=(ValueType(name="samples", unit="count"), ValueType(name="cpu", unit="nanoseconds")),
        values=np.tile(np.array([1, 10_000_000], dtype=np.int64), (samples, 1)),
        offsets=offsets.astype(np.int64),
        frame_ids=frame_ids.reshape(-1).astype(np.int64),
        frame_function=met // places,
        frame_line=met // places % 900 + 3 * (met % places) + 1,
        functions=tuple(
            Function(
                name=f"example.com/app/p{n % MOSTLY_AT}.(*Type{n % 31}).Method{n}",
                file=f"/src/app/p{n % MOSTLY_AT}/file{n % 7}.go",
                start_line=n % 900,
            )
            for n in range(functions)
        ),
        duration_ns=10_000_000_000,
        period=10_000_000,
        period_type=ValueType(name="cpu", unit="nanoseconds"),
        default_value="cpu",
    )
