"""What an execution trace tells: goroutines and what they waited for, collections, pauses, scheduling, spans."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

SYNC_WORDS = ("chan", "sync", "select")
"""A reason with one of these is waiting for another goroutine. Source: cmd/trace/pprof.go, computePprofBlock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GoroutineGroup:
    """All goroutines that began in `function` and were started at `created_at` (function and line).

    `created_at` is "" for those that were there before the trace. Seconds are summed over the group; the first four
    kinds don't overlap, `assist_s` (helping the collector) overlaps with them. `blocked_s` is by the runtime's reason.
    """

    function: str
    created_at: str
    count: int
    execution_s: float
    scheduler_wait_s: float
    syscall_s: float
    blocked_s: Mapping[str, float]
    assist_s: float

    @property
    def sync_blocked_s(self) -> float:
        """Waiting for channels, locks and other goroutines."""
        return sum(s for reason, s in self.blocked_s.items() if any(word in reason for word in SYNC_WORDS))

    @property
    def is_runtime(self) -> bool:
        """Whether these are the runtime's own. Source: internal/trace, IsSystemGoroutine."""
        return self.function == "" or (
            self.function != "runtime.main" and self.function.startswith("runtime.")
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseKind:
    """The times the whole program stood still for one `reason`; `total_s` and `max_s` from stopping to starting."""

    reason: str
    count: int
    total_s: float
    max_s: float

    @property
    def is_collection(self) -> bool:
        """Whether the garbage collector asked for it."""
        return self.reason.startswith("GC ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """How long goroutines that could run waited for a processor; zeros when none did.

    Those that stepped aside themselves (runtime.Gosched, as runtime.GC does thousands of times) aren't counted.
    """

    count: int
    total_s: float
    p50_s: float
    p99_s: float
    max_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A runtime/trace task in seconds since the trace's start; `parent` is another task's id, None for none.

    `is_complete` is False when its start or its end lies outside of the trace, which then bounds it.
    """

    id: int
    name: str
    start_s: float
    end_s: float
    goroutine: int
    parent: int | None
    is_complete: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """A runtime/trace region of one goroutine, times as in `Task`; `task` is the id of the task it is part of.

    `parent` is the index (in `TraceSummary.regions`) of the region around it on the same goroutine, None for none.
    """

    name: str
    start_s: float
    end_s: float
    goroutine: int
    task: int | None
    parent: int | None
    is_complete: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceSummary:
    """An execution trace, read whole.

    `goroutines` come by execution time, the longest first; `pauses` by total time. `collecting_s` is how long the
    collector was marking beside the program. `created` counts goroutines that began within the trace.
    """

    duration_s: float
    events: int
    goroutines: tuple[GoroutineGroup, ...]
    created: int
    gc_cycles: int
    collecting_s: float
    pauses: tuple[PauseKind, ...]
    scheduling: Latency
    tasks: tuple[Task, ...] = ()
    regions: tuple[Region, ...] = ()
    warnings: tuple[str, ...] = field(default=())

    @property
    def gc_pause_s(self) -> float:
        """Seconds for which the collector stopped the whole program."""
        return sum(p.total_s for p in self.pauses if p.is_collection)

    @property
    def gc_pause_max_s(self) -> float:
        """The longest stop by the collector, 0 without any."""
        return max((p.max_s for p in self.pauses if p.is_collection), default=0.0)

    @property
    def gc_pause_share(self) -> float:
        """The collector's stops as a part (0-1) of the trace."""
        return self.gc_pause_s / self.duration_s if self.duration_s else 0.0
