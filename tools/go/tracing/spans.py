"""The program's own spans in a trace: runtime/trace tasks and regions."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from tools.errors import UnreadableOutput
from tools.go.tracing.events import TraceEvent
from tools.go.tracing.quoting import QUOTED, unquoted
from tools.go.tracing.summary import Region, Task

NS_PER_S = 1e9
MAX_SPANS = 1_000_000
_TASK = re.compile(rf" ID=(\d+) Parent=(\d+) Type={QUOTED}")
_REGION = re.compile(rf" Task=(\d+) Type={QUOTED}")
_NO_TASKS = frozenset({"0", str(2**64 - 1)})
"""The background task and none at all. Source: internal/trace/event.go, BackgroundTask and NoTask."""


@dataclass(slots=True, kw_only=True)
class _Open:
    """A task or region from its begin on; `start_ns` and `end_ns` are None where the trace doesn't have them."""

    name: str
    goroutine: int
    task: int | None
    parent: int | None
    start_ns: int | None
    end_ns: int | None = None


@dataclass(slots=True)
class UserSpans:
    """Takes the events of tasks and regions in order. Raises: UnreadableOutput where there are too many to hold."""

    _tasks: dict[int, _Open] = field(default_factory=dict)
    _regions: list[_Open] = field(default_factory=list)
    _active: dict[int, list[int]] = field(default_factory=dict)

    def task(self, event: TraceEvent) -> None:
        """A task's begin or end."""
        found = _TASK.match(event.rest)
        if found is None:
            return
        number, parent, name = int(found[1]), _task_id(found[2]), unquoted(found[3])
        one = self._tasks.get(number)
        if one is None:
            self._check(len(self._tasks))
            one = _Open(name=name, goroutine=event.goroutine, task=None, parent=parent, start_ns=None)
            self._tasks[number] = one
        if event.kind == "TaskBegin":
            one.start_ns, one.goroutine = event.time_ns, event.goroutine
        else:
            one.end_ns = event.time_ns

    def region(self, event: TraceEvent) -> None:
        """A region's begin or end; regions of a goroutine nest."""
        found = _REGION.match(event.rest)
        if found is None:
            return
        stack = self._active.setdefault(event.goroutine, [])
        if event.kind == "RegionEnd" and stack:
            self._regions[stack.pop()].end_ns = event.time_ns
            return
        self._check(len(self._regions))
        one = _Open(name=unquoted(found[2]), goroutine=event.goroutine, task=_task_id(found[1]),
                    parent=stack[-1] if stack else None, start_ns=None)  # fmt: skip
        if event.kind == "RegionBegin":
            one.start_ns = event.time_ns
            stack.append(len(self._regions))
        else:  # it began before the trace did
            one.end_ns = event.time_ns
        self._regions.append(one)

    def tasks(self, begin_ns: int, end_ns: int) -> tuple[Task, ...]:
        """The tasks in the order in which they were first seen."""
        found = []
        for number, one in self._tasks.items():
            start_s, end_s, complete = _bounds(one, begin_ns, end_ns)
            found.append(Task(id=number, name=one.name, start_s=start_s, end_s=end_s, goroutine=one.goroutine,
                              parent=one.parent, is_complete=complete))  # fmt: skip
        return tuple(found)

    def regions(self, begin_ns: int, end_ns: int) -> tuple[Region, ...]:
        """The regions in the order in which they were first seen."""
        found = []
        for one in self._regions:
            start_s, end_s, complete = _bounds(one, begin_ns, end_ns)
            found.append(Region(name=one.name, start_s=start_s, end_s=end_s, goroutine=one.goroutine,
                                task=one.task, parent=one.parent, is_complete=complete))  # fmt: skip
        return tuple(found)

    def _check(self, count: int) -> None:
        if count >= MAX_SPANS:
            raise UnreadableOutput(
                f"the trace has more than {MAX_SPANS} tasks or regions: record it for a shorter time"
            )


def _task_id(text: str) -> int | None:
    return None if text in _NO_TASKS else int(text)


def _bounds(one: _Open, begin_ns: int, end_ns: int) -> tuple[float, float, bool]:
    start = begin_ns if one.start_ns is None else one.start_ns
    end = end_ns if one.end_ns is None else one.end_ns
    return (
        (start - begin_ns) / NS_PER_S,
        (end - begin_ns) / NS_PER_S,
        one.start_ns is not None and one.end_ns is not None,
    )
