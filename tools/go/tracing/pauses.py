"""Collections and stops of the whole program in a trace."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from tools.go.tracing.events import TraceEvent
from tools.go.tracing.quoting import QUOTED, unquoted
from tools.go.tracing.summary import PauseKind

NS_PER_S = 1e9
ASSIST = "GC mark assist"
MARKING = "GC concurrent mark phase"
_STOP = "stop-the-world ("
"""Names of ranges. Source: runtime/trace (traceruntime.go, traceSTWReason and tracev2's ranges)."""
_RANGE = re.compile(rf" Name={QUOTED} Scope=(\w+(?:\((-?\d+)\))?)")


@dataclass(frozen=True, slots=True)
class EndedRange:
    """A range that has just ended: its name, the goroutine that it was about (-1 for none), how long it was."""

    name: str
    goroutine: int
    lasted_ns: int


@dataclass(slots=True)
class Ranges:
    """Takes the events of ranges in order. A range that was there before the trace counts from `begin_ns`."""

    begin_ns: int = 0
    cycles: int = 0
    collecting_ns: int = 0
    _open: dict[tuple[str, str], int] = field(default_factory=dict)
    _stops: dict[str, list[int]] = field(default_factory=dict)

    def take(self, event: TraceEvent) -> EndedRange | None:
        """One event; the range that ended with it, None when none did."""
        found = _RANGE.match(event.rest)
        if found is None:
            return None
        name, scope, number = unquoted(found[1]), found[2], found[3]
        if event.kind != "RangeEnd":
            # RangeActive tells again, later in a long trace, of what is still going on.
            is_new = (name, scope) not in self._open
            start = event.time_ns if event.kind == "RangeBegin" else self.begin_ns
            self._open.setdefault((name, scope), start)
            self.cycles += is_new and name == MARKING
            return None
        start_ns = self._open.pop((name, scope), None)
        return None if start_ns is None else self._end(name, number, event.time_ns - start_ns)

    def close(self, end_ns: int) -> tuple[EndedRange, ...]:
        """What was still going on when the trace ended counts until then."""
        rest, self._open = self._open, {}
        numbers = {scope: re.search(r"-?\d+", scope) for _, scope in rest}
        return tuple(
            self._end(name, found[0] if (found := numbers[scope]) else None, end_ns - start_ns)
            for (name, scope), start_ns in rest.items()
        )

    def pauses(self) -> tuple[PauseKind, ...]:
        """The stops of the whole program, by reason, the longest total first."""
        found = [
            PauseKind(
                reason=reason, count=len(times), total_s=sum(times) / NS_PER_S, max_s=max(times) / NS_PER_S
            )
            for reason, times in self._stops.items()
        ]
        return tuple(sorted(found, key=lambda p: -p.total_s))

    def _end(self, name: str, number: str | None, lasted_ns: int) -> EndedRange:
        if name == MARKING:
            self.collecting_ns += lasted_ns
        elif name.startswith(_STOP):
            self._stops.setdefault(name.removeprefix(_STOP).removesuffix(")"), []).append(lasted_ns)
        return EndedRange(name, -1 if number is None else int(number), lasted_ns)
