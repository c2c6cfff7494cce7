"""Adding up what each goroutine of a trace did: ran, waited for a processor, was blocked, was in a system call.

Source: the summarizer of `go tool trace` (internal/trace/summary.go), but that a system call's time isn't parted by
whether it kept its processor.
"""

from __future__ import annotations

import re
from array import array
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from tools.errors import UnreadableOutput
from tools.go.tracing.events import TraceEvent
from tools.go.tracing.quoting import QUOTED
from tools.go.tracing.summary import GoroutineGroup, Latency

NS_PER_S = 1e9
_TRANSITION = re.compile(rf" GoID=(\d+) (\w+)->(\w+) Reason={QUOTED}")
_ENDED = "NotExist"
_FOREVER = "forever"
_YIELD = "runtime.Gosched"


@dataclass(slots=True)
class _Goroutine:
    """One goroutine: the state it is in, since when, and the nanoseconds that it has spent in each."""

    created_at: str
    function: str = ""
    state: str = ""
    reason: str = ""
    since_ns: int = 0
    is_yielding: bool = False
    spent: Counter[tuple[str, str]] = field(default_factory=Counter)

    def leave(self, now_ns: int) -> int:
        """Count the time in the present state; how long that was."""
        lasted = now_ns - self.since_ns if self.state else 0
        if lasted:
            self.spent[self.state, self.reason] += lasted
        return lasted

    def enter(self, state: str, reason: str, now_ns: int) -> None:
        """Be in `state` from now on; what ended or waits forever is in none."""
        is_over = state == _ENDED or (state == "Waiting" and reason == _FOREVER)
        self.state, self.reason, self.since_ns = ("" if is_over else state), reason, now_ns


@dataclass(slots=True)
class GoroutineTimes:
    """Takes a trace's events in order. `begin_ns` is the last moment at which the trace told every state anew."""

    begin_ns: int = 0
    created: int = 0
    _found: dict[int, _Goroutine] = field(default_factory=dict)
    _waits_ns: array[int] = field(default_factory=lambda: array("q"))
    _assists: Counter[int] = field(default_factory=Counter)

    @property
    def seen(self) -> int:
        """How many goroutines there were."""
        return len(self._found)

    def transition(self, event: TraceEvent) -> None:
        """A state transition; those of processors are passed over. Raises: UnreadableOutput."""
        found = _TRANSITION.match(event.rest)
        if found is None:
            return
        number, old, new, quoted = found.groups()
        if old == new:
            return
        reason = quoted if new == "Waiting" else ""
        one = self._goroutine(int(number), old, event, new, reason)
        lasted = one.leave(event.time_ns)
        if lasted < 0:
            raise UnreadableOutput(f"the trace's time runs backwards at {event.time_ns} ns: record it again")
        if old == "Runnable" and new == "Running" and not one.is_yielding:
            self._waits_ns.append(lasted)
        one.is_yielding = quoted == _YIELD
        one.enter(new, reason, event.time_ns)

    def assisted(self, number: int, lasted_ns: int) -> None:
        """A goroutine helped the collector for so long."""
        self._assists[number] += lasted_ns

    def _goroutine(self, number: int, old: str, event: TraceEvent, new: str, reason: str) -> _Goroutine:
        one = self._found.get(number)
        if one is None:
            one = self._found[number] = _Goroutine(event.place if old == _ENDED else "")
            self.created += old == _ENDED
            if old != _ENDED:
                # It was there before: in the state that it is in now, as long as nothing else is known.
                one.enter(new if old == "Undetermined" else old, reason, self.begin_ns)
        if not one.function:
            one.function = event.entry
        return one

    def groups(self, end_ns: int) -> tuple[GoroutineGroup, ...]:
        """Goroutines by where they began and who started them, the longest running first. Call it once, at the end."""
        grouped: dict[tuple[str, str], list[tuple[_Goroutine, int]]] = {}
        for number, one in self._found.items():
            one.leave(end_ns)
            grouped.setdefault((one.function, one.created_at), []).append((one, self._assists[number]))
        found = [_group(function, place, members) for (function, place), members in grouped.items()]
        return tuple(sorted(found, key=lambda g: (-g.execution_s, g.function, g.created_at)))

    def latency(self) -> Latency:
        """How long goroutines that could run waited."""
        waits = np.frombuffer(self._waits_ns, dtype=np.int64) / NS_PER_S
        if not len(waits):
            return Latency(count=0, total_s=0.0, p50_s=0.0, p99_s=0.0, max_s=0.0)
        p50, p99 = np.quantile(waits, (0.5, 0.99))
        return Latency(count=len(waits), total_s=float(waits.sum()), p50_s=float(p50), p99_s=float(p99),
                       max_s=float(waits.max()))  # fmt: skip


def _group(function: str, created_at: str, members: Iterable[tuple[_Goroutine, int]]) -> GoroutineGroup:
    spent: Counter[tuple[str, str]] = Counter()
    count = assist_ns = 0
    for one, assisted_ns in members:
        spent.update(one.spent)
        count += 1
        assist_ns += assisted_ns
    blocked = {
        reason or "unknown": ns / NS_PER_S for (state, reason), ns in spent.items() if state == "Waiting"
    }
    return GoroutineGroup(
        function=function,
        created_at=created_at,
        count=count,
        execution_s=spent["Running", ""] / NS_PER_S,
        scheduler_wait_s=spent["Runnable", ""] / NS_PER_S,
        syscall_s=spent["Syscall", ""] / NS_PER_S,
        blocked_s=dict(sorted(blocked.items(), key=lambda item: -item[1])),
        assist_s=assist_ns / NS_PER_S,
    )
