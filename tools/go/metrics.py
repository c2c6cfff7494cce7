"""What a Go process says of its own runtime at its end: collections, pauses, heap, scheduling, locks.

Source: package runtime/metrics (names, units and kinds in its documentation). Histograms come as buckets that hold
something; a quantile is its bucket's upper bound, as the bucket says no more.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tools.errors import UnreadableOutput

MAX_BUCKETS = 10_000
Quantities = dict[str, tuple[float, str]]

COUNTERS = {
    "gc_cycles": ("/gc/cycles/automatic:gc-cycles", "count"),
    "gc_forced_cycles": ("/gc/cycles/forced:gc-cycles", "count"),
    "gc_cpu": ("/cpu/classes/gc/total:cpu-seconds", "s"),
    "allocated": ("/gc/heap/allocs:bytes", "B"),
    "mutex_wait": ("/sync/mutex/wait/total:seconds", "s"),
}
"""What adds up over processes. Collections that the program (or a benchmark's harness) asked for are `forced`.
The runtime sees one in eight waits for locks and scales: `mutex_wait` is rough where there are few.
"""
LEVELS = {
    "heap_live": ("/gc/heap/live:bytes", "B"),
    "heap_goal": ("/gc/heap/goal:bytes", "B"),
    "all_goroutines_at_end": ("/sched/goroutines:goroutines", "count"),
    "threads_at_end": ("/sched/threads/total:threads", "count"),
    "gomaxprocs": ("/sched/gomaxprocs:threads", "count"),
}
"""What a process has; of several processes the largest. `all` goroutines are those with the runtime's own."""
HISTOGRAMS = {
    "gc_pause": ("/sched/pauses/total/gc:seconds", "/gc/pauses:seconds"),
    "sched_latency": ("/sched/latencies:seconds",),
}
"""The first name that a runtime knows counts."""
_TOTAL_CPU, _IDLE_CPU = "/cpu/classes/total:cpu-seconds", "/cpu/classes/idle:cpu-seconds"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """`count` values from `low` to `high`; None is no bound."""

    low: float | None
    high: float | None
    count: int

    @property
    def bound(self) -> float:
        """The largest value that may be in it, as far as it is known."""
        return self.high if self.high is not None else self.low or 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RuntimeMetrics:
    """Numbers and histograms (buckets in ascending order) by the runtime's names."""

    numbers: Mapping[str, float]
    histograms: Mapping[str, tuple[Bucket, ...]]


def read_metrics(found: object) -> RuntimeMetrics:
    """The JSON value that a process left. Raises: UnreadableOutput naming the metric that isn't understood."""
    if not isinstance(found, dict):
        raise UnreadableOutput("metrics.json: no object")
    numbers, histograms = {}, {}
    for name, value in found.items():
        if isinstance(value, list):
            histograms[name] = tuple(_bucket(name, entry) for entry in value[:MAX_BUCKETS])
        elif isinstance(value, int | float) and math.isfinite(value):
            numbers[name] = float(value)
        elif value is not None:
            raise UnreadableOutput(f"metrics.json: {name!r} is neither a number nor a histogram")
    return RuntimeMetrics(numbers=numbers, histograms=histograms)


def _bucket(name: str, entry: object) -> Bucket:
    match entry:
        case [None | int() | float() as low, None | int() | float() as high, int() as count] if count >= 0:
            return Bucket(low=low, high=high, count=count)
    raise UnreadableOutput(f"metrics.json: {name!r} has a bucket that isn't two bounds and a count")


def add_up(processes: Sequence[RuntimeMetrics]) -> RuntimeMetrics:
    """Several processes as one: counters and histograms added, levels at their largest."""
    levels = {name for name, _ in LEVELS.values()}
    numbers: dict[str, float] = {}
    histograms: dict[str, list[Bucket]] = {}
    for one in processes:
        for name, value in one.numbers.items():
            old = numbers.get(name, 0.0)
            numbers[name] = max(old, value) if name in levels else old + value
        for name, buckets in one.histograms.items():
            histograms.setdefault(name, []).extend(buckets)
    ordered = {name: tuple(sorted(found, key=lambda b: b.bound)) for name, found in histograms.items()}
    return RuntimeMetrics(numbers=numbers, histograms=ordered)


def metric_quantities(metrics: RuntimeMetrics) -> Quantities:
    """The figures that matter; what this runtime doesn't know is left out.

    `gc_cpu_share` (0-1) is of the CPU time that was used, up to the last collection; `mutex_wait` the seconds that
    goroutines waited for locks, all added up.
    """
    found: Quantities = {
        label: (metrics.numbers[name], unit)
        for label, (name, unit) in (COUNTERS | LEVELS).items()
        if name in metrics.numbers
    }
    used_s = metrics.numbers.get(_TOTAL_CPU, 0.0) - metrics.numbers.get(_IDLE_CPU, 0.0)
    if used_s > 0 and "gc_cpu" in found:
        found["gc_cpu_share"] = (min(found["gc_cpu"][0] / used_s, 1.0), "ratio")
    for label, names in HISTOGRAMS.items():
        name = next((n for n in names if n in metrics.histograms), None)
        if name is not None:
            found |= _histogram(label, metrics.histograms[name])
    return found


def _histogram(label: str, buckets: Sequence[Bucket]) -> Quantities:
    total = sum(b.count for b in buckets)
    found: Quantities = {f"{label}_count": (float(total), "count")}
    if total:
        found |= {f"{label}_p{percent}": (quantile(buckets, percent / 100), "s") for percent in (50, 99)}
        found[f"{label}_max"] = (quantile(buckets, 1.0), "s")
    return found


def quantile(buckets: Sequence[Bucket], part: float) -> float:
    """The upper bound of the bucket in which `part` (0-1] of the values is reached; buckets hold at least one."""
    wanted = max(math.ceil(part * sum(b.count for b in buckets)), 1)
    for bucket in buckets:
        wanted -= bucket.count
        if wanted <= 0:
            return bucket.bound
    raise ValueError("no values")
