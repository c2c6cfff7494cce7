"""Leaks of goroutines and of memory under steady load: what grows without end, where, and how much with each request.

Goroutines are counted, so each place that starts them is judged by itself. Go's heap profile sees one object in half
a megabyte, too few to judge a place: there the exact total is judged, and the profile says which places grow.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from tools.errors import ToolError
from tools.live.bounds import LEAST_GROWTH_SECONDS
from tools.live.endpoint import Endpoint, whole_seconds
from tools.live.findings import Finding, FindingKind, Measured
from tools.live.growth import CONFIDENCE, Growth, judge_growth
from tools.live.series import Look, Looks, look_again_and_again
from tools.measure.rates import rate_ratio
from tools.profiles.profile import Function, Profile
from tools.profiles.stacks import Stack, stacks_of

LOOKS = 30
LEAST_GOROUTINES = 10.0
LEAST_BYTES = 256 * 1024.0
"""Growth below these is none: what a server needs for one burst more."""
MANY_GOROUTINES = 10_000
FEW_SAMPLES = 4.0
"""A place with fewer more samples than that isn't said to grow."""
SUSPECTED = (
    "it grew all the time, but too short or unevenly to tell a leak from what fills up: watch for longer"
)
SLEEPERS = (
    "the runtime doesn't call these goroutines leaked: they sleep, retry, or wait for what may still come"
)
NO_LEAK_PROFILE = "the program has no goroutine-leak profile, so whether they could ever go on isn't known"
NO_PLACE = "no single place could be told: set runtime.MemProfileRate lower at the program's start, or watch for longer"
NO_COUNTER = "growth for each request isn't known: no variable of expvar counts requests, or none was named"


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What was found, with the verdict on both totals; `leaked_by_runtime` is None without such a profile."""

    findings: tuple[Finding, ...]
    goroutines: Growth
    heap: Growth
    looks: tuple[Look, ...]
    goroutine_profile: Profile
    heap_profile: Profile
    leaked_by_runtime: int | None
    doubts: tuple[str, ...]


def watch_for_leaks(
    endpoint: Endpoint,
    *,
    seconds: float = 60.0,
    counter: str = "",
    say: Callable[[str], None] = lambda _: None,
) -> Watched:
    """Look at an endpoint for so long, under load that somebody else makes. Each look collects its garbage once.

    `counter` names the variable that counts requests; "" takes the one whose name says so. Raises: ToolError.
    """
    if seconds < LEAST_GROWTH_SECONDS:
        raise ToolError(
            f"leaks can't be told within {seconds:g} s: watch for at least {LEAST_GROWTH_SECONDS:g} s"
        )
    whole_seconds(seconds)
    with endpoint.alone():
        counted = counter or _usual_counter(endpoint)
        found = look_again_and_again(endpoint, seconds=seconds, times=LOOKS, counter=counted, say=say)
        leaked = endpoint.snapshot("goroutineleak") if "goroutineleak" in endpoint.kinds() else None
    return judge_looks(found, leaked)


def judge_looks(found: Looks, leaked: Profile | None) -> Watched:
    """The verdicts on looks that were taken; `leaked` is the runtime's own profile of leaked goroutines."""
    looks = found.looks
    counts = [float(sum(look.goroutines.values())) for look in looks]
    held = [float(look.heap_bytes) for look in looks]
    requests = _requests(looks)
    findings = [
        *_many(looks[-1], found.goroutine_profile),
        *_goroutine_findings(looks, requests, leaked),
        *_heap_findings(looks, held, requests),
    ]
    axis = requests or [look.at_s for look in looks]
    return Watched(
        findings=tuple(findings),
        goroutines=judge_growth(axis, counts, least=LEAST_GOROUTINES),
        heap=judge_growth(axis, held, least=LEAST_BYTES),
        looks=looks,
        goroutine_profile=found.goroutine_profile,
        heap_profile=found.heap_profile,
        leaked_by_runtime=None if leaked is None else leaked.total("goroutineleak"),
        doubts=() if requests else (NO_COUNTER,),
    )


def _usual_counter(endpoint: Endpoint) -> str:
    try:
        return endpoint.expvar().request_counter()
    except ToolError:
        return ""


def _requests(looks: Sequence[Look]) -> list[float]:
    """The counter at each look; empty where there is none, or it didn't move on between two looks."""
    found = [look.requests for look in looks if look.requests is not None]
    moved = all(later > earlier for earlier, later in itertools.pairwise(found))
    return found if len(found) == len(looks) and moved else []


def _many(look: Look, profile: Profile) -> Iterator[Finding]:
    count = sum(look.goroutines.values())
    if count > MANY_GOROUTINES:
        stack, most = max(look.goroutines.items(), key=lambda item: item[1])
        yield Finding(
            kind="many-goroutines",
            stack=stack,
            quantities={
                "goroutines": Measured(value=float(count), unit="count"),
                "goroutines_here": Measured(value=float(most), unit="count"),
            },
        )


def _goroutine_findings(
    looks: Sequence[Look], requests: Sequence[float], leaked: Profile | None
) -> Iterator[Finding]:
    """One for each function that goroutines start with, and of which there are ever more."""
    counted = [_by_start(look.goroutines) for look in looks]
    starts = {start for counts in counted for start in counts}
    grown = {s for s in starts if counted[-1][s] - counted[0][s] >= LEAST_GOROUTINES}
    for start in sorted(grown, key=lambda s: (s.name, s.file)):
        series = [float(counts[start]) for counts in counted]
        found = _judge(looks, requests, series, LEAST_GOROUTINES, len(grown), "goroutine")
        if found is None:
            continue
        here = {stack: n for stack, n in looks[-1].goroutines.items() if stack and stack[-1][0] == start}
        before = looks[0].goroutines
        stack = max(here, key=lambda s: here[s] - before.get(s, 0))
        quantities = {**found.quantities, "goroutines_here": Measured(value=series[-1], unit="count")}
        doubts = found.doubts
        if leaked is None:
            doubts = (*doubts, NO_LEAK_PROFILE)
        else:
            known = _by_start(_leaked_counts(leaked))[start]
            quantities["leaked_by_runtime"] = Measured(value=float(known), unit="count")
            doubts = (*doubts, SLEEPERS) if known < series[-1] / 2 else doubts
        yield replace(found, stack=stack, quantities=quantities, doubts=doubts)


def _heap_findings(
    looks: Sequence[Look], held: Sequence[float], requests: Sequence[float]
) -> Iterator[Finding]:
    found = _judge(looks, requests, held, LEAST_BYTES, 1, "memory")
    if found is None:
        return
    place = _growing_place(looks)
    if place is None:
        yield replace(found, doubts=(*found.doubts, NO_PLACE))
        return
    stack, share = place
    yield replace(found, stack=stack, quantities={**found.quantities, "share_of_growth_here": share})


def _judge(
    looks: Sequence[Look],
    requests: Sequence[float],
    series: Sequence[float],
    least: float,
    count: int,
    what: str,
) -> Finding | None:
    """A finding without its place, None where nothing grows. What comes with each request is judged by requests."""
    at = [look.at_s for look in looks]
    by_time = judge_growth(at, series, least=least, series=count)
    by_request = judge_growth(requests, series, least=least, series=count) if requests else None
    verdict = (by_request or by_time).verdict
    if verdict not in ("leak", "growing"):
        return None
    unit = "B" if what == "memory" else "count"
    quantities = {"growth": _measured(by_time, f"{unit}/s"), "watched": Measured(value=at[-1], unit="s")}
    if by_request is not None:
        quantities["growth_per_request"] = _measured(by_request, f"{unit}/request")
    kind: FindingKind = _LEAKS[what] if verdict == "leak" else _GROWING[what]
    return Finding(
        kind=kind, stack=(), quantities=quantities, doubts=() if verdict == "leak" else (SUSPECTED,)
    )


_LEAKS: Mapping[str, FindingKind] = {"memory": "memory-leak", "goroutine": "goroutine-leak"}
_GROWING: Mapping[str, FindingKind] = {"memory": "growing-memory", "goroutine": "growing-goroutines"}


def _measured(growth: Growth, unit: str) -> Measured:
    return Measured(value=growth.slope.estimate, unit=unit, low=growth.slope.low, high=growth.slope.high)


def _growing_place(looks: Sequence[Look]) -> tuple[Stack, Measured] | None:
    """The place that holds most more at the end than after the warm-up, and its share of what all hold more.

    None where its samples are too few: those of other places could be as many by chance.
    """
    start, end = looks[len(looks) // 3].heap, looks[-1].heap
    more = {
        stack: (end[stack][0] - start.get(stack, _NOTHING)[0], end[stack][1] - start.get(stack, _NOTHING)[1])
        for stack in end
    }
    growing = {stack: amounts for stack, amounts in more.items() if amounts[0] > 0 and amounts[1] > 0}
    if not growing:
        return None
    stack = max(growing, key=lambda s: growing[s][0])
    held, samples = growing[stack]
    if samples < FEW_SAMPLES:
        return None
    others = round(sum(seen for s, (_, seen) in growing.items() if s != stack))
    odds = rate_ratio(round(samples), others, 1.0, 1.0, CONFIDENCE)
    share = held / sum(amount for amount, _ in growing.values())
    high = odds.high / (1 + odds.high) if odds.high < float("inf") else 1.0
    low = odds.low / (1 + odds.low)
    return stack, Measured(value=share, unit="ratio", low=min(low, share), high=max(high, share))


_NOTHING = (0.0, 0.0)


def _by_start(counts: Mapping[Stack, int]) -> Counter[Function]:
    """Goroutines by the function that they began with; those without a stack are left out."""
    found: Counter[Function] = Counter()
    for stack, count in counts.items():
        if stack:
            found[stack[-1][0]] += count
    return found


def _leaked_counts(profile: Profile) -> Mapping[Stack, int]:
    column = profile.values[:, profile.column("goroutineleak")].tolist()
    return dict(zip(stacks_of(profile), column, strict=True))
