"""The events in the text that `go tool trace -d=parsed` writes.

Source: internal/trace/event.go, Event.String, of Go 1.22 to 1.26: one line for an event, then its stacks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tools.errors import UnreadableOutput

_HEAD = re.compile(r"M=-?\d+ P=-?\d+ G=(-?\d+) (\w+) Time=(-?\d+)(.*)")
_FRAME = re.compile(r"\t(\S.*) @ 0x[0-9a-f]+$")


@dataclass(slots=True)
class TraceEvent:
    """One event. `rest` is what follows its time; `goroutine` is -1 when none was running.

    Stacks are most of the text and rarely asked for: three of their lines are kept as they are.
    """

    kind: str
    time_ns: int
    goroutine: int
    rest: str
    number: int
    outermost: str = ""
    innermost: str = ""
    innermost_file: str = ""

    @property
    def entry(self) -> str:
        """The function in which the goroutine of a transition began, "" unknown. Raises: UnreadableOutput."""
        return _function(self.outermost, self.number) if self.outermost else ""

    @property
    def place(self) -> str:
        """Where it happened, as `function (file.go:12)`, "" unknown. Raises: UnreadableOutput."""
        if not self.innermost:
            return ""
        return f"{_function(self.innermost, self.number)} ({self.innermost_file.strip().rpartition('/')[2]})"


def parse_events(lines: Iterable[str]) -> Iterator[TraceEvent]:
    """The events in their order. Raises: UnreadableOutput with the number of a line that is no event's."""
    event: TraceEvent | None = None
    in_transition = in_stack = False
    for number, line in enumerate(lines, 1):
        start = line[:1]
        if start == "\t":
            # The outermost frame of a transition names its goroutine, the innermost one of a stack its place.
            if event is None:
                raise _unreadable(number, line)
            if line[1:2] != "\t":
                if in_transition:
                    event.outermost = line
                elif in_stack and not event.innermost:
                    event.innermost = line
            elif in_stack and not event.innermost_file:
                event.innermost_file = line
        elif start == "M":
            if event is not None:
                yield event
            event = _event(line, number)
            in_transition = in_stack = False
        elif line.startswith(("TransitionStack=", "Stack=")) and event is not None:
            in_transition, in_stack = start == "T", start == "S"
        elif line.strip():
            raise _unreadable(number, line)
    if event is not None:
        yield event


def _event(line: str, number: int) -> TraceEvent:
    found = _HEAD.match(line)
    if found is None:
        raise _unreadable(number, line)
    goroutine, kind, time, rest = found.groups()
    return TraceEvent(kind, int(time), int(goroutine), rest, number)


def _function(line: str, number: int) -> str:
    found = _FRAME.match(line.rstrip("\n"))
    if found is None:
        raise _unreadable(number, line)
    return found[1]


def _unreadable(number: int, line: str) -> UnreadableOutput:
    return UnreadableOutput(
        f"line {number} of `go tool trace -d=parsed` isn't understood: {line.strip()[:80]!r}; this Go may be newer "
        "than what ask-profiler knows"
    )
