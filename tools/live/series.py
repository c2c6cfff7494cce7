"""Looking at an endpoint's goroutines and heap again and again: series by stack, and the exact totals beside them."""

from __future__ import annotations

import math
import re
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tools.errors import UnreadableOutput
from tools.live.endpoint import Endpoint
from tools.live.waiting import sleep_unless
from tools.profiles.profile import Profile
from tools.profiles.stacks import Stack, stacks_of

_LIVE_BYTES = re.compile(r"^# HeapAlloc = (\d+)$", re.MULTILINE)
COLLECTED_AND_COUNTED = "heap?gc=1&debug=1"
"""Has the garbage collected, and gives the exact bytes that are left, which the profile doesn't hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One look. `at_s` counts from the first; `requests` is None where no counter is known.

    `goroutines` are exact counts by stack; `heap` has by stack the bytes in use and how many samples they come from,
    both estimates; `heap_bytes` is exact.
    """

    at_s: float
    requests: float | None
    goroutines: Mapping[Stack, int]
    heap: Mapping[Stack, tuple[float, float]]
    heap_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Looks:
    """All looks in order, and the last profiles whole."""

    looks: tuple[Look, ...]
    goroutine_profile: Profile
    heap_profile: Profile


def look_again_and_again(
    endpoint: Endpoint,
    *,
    seconds: float,
    times: int,
    counter: str,
    say: Callable[[str], None] = lambda _: None,
) -> Looks:
    """So many looks, evenly over `seconds`. `counter` is expvar's name of what counts requests, "" for none.

    Raises: ToolError.
    """
    started = time.monotonic()
    found: list[Look] = []
    for number in range(times):
        sleep_unless(endpoint.is_cancelled, started + seconds * number / (times - 1) - time.monotonic())
        say(f"look {number + 1} of {times}")
        look, goroutines, heap = _look(endpoint, counter, started)
        found.append(look)
    return Looks(looks=tuple(found), goroutine_profile=goroutines, heap_profile=heap)


def _look(endpoint: Endpoint, counter: str, started: float) -> tuple[Look, Profile, Profile]:
    requests = endpoint.expvar().counter(counter) if counter else None
    at_s = time.monotonic() - started
    goroutines = endpoint.snapshot("goroutine")
    text = endpoint.text(COLLECTED_AND_COUNTED)
    held = _LIVE_BYTES.search(text)
    if held is None:
        raise UnreadableOutput(
            f"{endpoint.address.pprof}{COLLECTED_AND_COUNTED} doesn't say how much is in use"
        )
    heap = endpoint.snapshot("heap")
    look = Look(
        at_s=at_s,
        requests=requests,
        goroutines=_counts(goroutines),
        heap=_held(heap),
        heap_bytes=int(held[1]),
    )
    return look, goroutines, heap


def _counts(profile: Profile) -> Mapping[Stack, int]:
    column = profile.values[:, profile.column("goroutine")].tolist()
    found: Counter[Stack] = Counter()
    for stack, count in zip(stacks_of(profile), column, strict=True):
        found[stack] += count
    return found


def _held(profile: Profile) -> Mapping[Stack, tuple[float, float]]:
    """Bytes in use by stack, and how often the profiler saw one of these objects.

    The file holds estimates: of objects of `size` bytes a share of 1 - exp(-size / period) was seen.
    Source: runtime/pprof of Go 1.26, scaleHeapSample.
    """
    objects = profile.values[:, profile.column("inuse_objects")].astype(float)
    space = profile.values[:, profile.column("inuse_space")].astype(float)
    found: dict[Stack, tuple[float, float]] = {}
    for stack, count, held in zip(stacks_of(profile), objects.tolist(), space.tolist(), strict=True):
        if count > 0 and held > 0:
            before = found.get(stack, (0.0, 0.0))
            found[stack] = before[0] + held, before[1] + _seen(count, held, profile.period)
    return found


def _seen(count: float, held: float, period: int) -> float:
    return count if period <= 0 else -count * math.expm1(-held / count / period)
