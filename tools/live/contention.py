"""How much of the time goroutines waited for locks, and where the locks were held: from a mutex profile."""

from __future__ import annotations

import re
from collections import Counter

from tools.errors import UnreadableOutput
from tools.live.findings import Finding, Measured
from tools.live.kinds import KINDS, LiveKind
from tools.profiles.profile import Profile
from tools.profiles.stacks import Stack, stacks_of

MUTEX, BLOCK = KINDS["mutex"], KINDS["block"]
WORTH_TELLING = 0.05
"""Seconds waited in a second of wall time, from which contention is a finding."""
ENABLE_MUTEX = "the program doesn't sample locks: call runtime.SetMutexProfileFraction(100) at its start"
NOTHING_MUTEX = "no lock was waited for"
NOTHING_BLOCK = (
    "no wait was seen: if the program never calls runtime.SetBlockProfileRate, none is ever sampled"
)
_PERIOD = re.compile(r"^sampling period=(\d+)$", re.MULTILINE)


def waiting_share(profile: Profile) -> float:
    """Seconds that goroutines waited in each second of wall time; may exceed 1.

    Raises: UnreadableOutput when the profile doesn't say how long it covers.
    """
    if profile.duration_ns <= 0:
        raise UnreadableOutput("the profile doesn't say which time it covers: capture it with seconds")
    return profile.total(MUTEX.value) / profile.duration_ns


def contention_of(kind: LiveKind, profile: Profile) -> dict[str, tuple[float, str]]:
    """The figures of a capture of waits, empty for other kinds: how many goroutines waited at a time, on average."""
    if kind not in (MUTEX, BLOCK) or profile.duration_ns <= 0:
        return {}
    return {"mean_waiting_goroutines": (waiting_share(profile), "count")}


def sampling_doubts(kind: LiveKind, profile: Profile, mutex_text: str) -> tuple[str, ...]:
    """Why a profile of waits is empty. `mutex_text` is what the endpoint says of locks as text, "" if not asked."""
    if profile.total(kind.value) or kind not in (MUTEX, BLOCK):
        return ()
    if kind == BLOCK:
        return (NOTHING_BLOCK,)
    period = _PERIOD.search(mutex_text)
    return (ENABLE_MUTEX,) if period is not None and int(period[1]) == 0 else (NOTHING_MUTEX,)


def contention_finding(profile: Profile) -> Finding | None:
    """The place that made others wait most, None where waiting isn't worth telling. Raises: UnreadableOutput.

    The stack is that of the holder at the moment of unlocking: what it did while it held the lock is near there.
    """
    share = waiting_share(profile)
    if share < WORTH_TELLING:
        return None
    delays: Counter[Stack] = Counter()
    counts: Counter[Stack] = Counter()
    delay, contentions = profile.column(MUTEX.value), profile.column("contentions")
    for row, stack in enumerate(stacks_of(profile)):
        delays[stack] += int(profile.values[row, delay])
        counts[stack] += int(profile.values[row, contentions])
    stack, most = delays.most_common(1)[0]
    seconds = profile.duration_ns / 1e9
    return Finding(
        kind="contention",
        stack=stack,
        quantities={
            "waited_per_second": Measured(value=share, unit="ratio"),
            "waited_per_second_here": Measured(value=most / profile.duration_ns, unit="ratio"),
            "share_of_waiting_here": Measured(value=most / delays.total(), unit="ratio"),
            "waits_per_second_here": Measured(value=counts[stack] / seconds, unit="count/s"),
            "watched": Measured(value=seconds, unit="s"),
        },
    )
