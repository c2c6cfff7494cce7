"""What a capture costs the program that is looked at: its processor time, and how long it takes to answer.

Both are taken before the capture and during it, in slices of time, so that the difference has an interval.
"""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from tools.errors import ToolError
from tools.live.processes import cpu_seconds
from tools.measure.unpaired import shift_interval

SLICE_S = 0.2
BEFORE_S = 2.0
MOST_SLICES = 40
"""Of a long capture so many slices are compared, spread over it."""
NOT_MEASURABLE = "what the capture cost the program isn't measurable here: {why}"
Quantities = Mapping[str, tuple[float, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Slices:
    """Of each slice the processors that the program kept busy (1.0 is one of them), and seconds for one answer."""

    busy: tuple[float, ...]
    answer_s: tuple[float, ...]


@dataclass(slots=True)
class CostWatch:
    """Watches a program. `pid` is None where it isn't on this host; `ask` has it answer something harmless and gives
    the seconds that took (raising ToolError where it doesn't answer), None where nothing can be asked.
    """

    pid: int | None
    ask: Callable[[], float] | None = None
    _before: Slices = field(default_factory=lambda: Slices(busy=(), answer_s=()))
    _during: Slices = field(default_factory=lambda: Slices(busy=(), answer_s=()))

    @contextmanager
    def around(self, *, before_s: float = BEFORE_S) -> Iterator[None]:
        """Watch for `before_s`, then while the capture in the block lasts."""
        self._before = self._watch(threading.Event(), before_s)
        done = threading.Event()
        found: list[Slices] = []
        watcher = threading.Thread(target=lambda: found.append(self._watch(done, None)), daemon=True)
        watcher.start()
        try:
            yield
        finally:
            done.set()
            watcher.join()
            self._during = found[0]

    @property
    def quantities(self) -> dict[str, tuple[float, str]]:
        """The figures as evidence keeps them: `target_…` before and during, and the difference with its bounds.

        Processors are in "ratio" (1.0 is one), answers in "s". Empty where nothing could be measured.
        """
        return {
            **_compared("target_busy_processors", self._before.busy, self._during.busy, "ratio"),
            **_compared("target_answer_time", self._before.answer_s, self._during.answer_s, "s"),
        }

    @property
    def doubts(self) -> tuple[str, ...]:
        """Why nothing could be measured, where that is so."""
        if self.quantities:
            return ()
        why = "it isn't a process of this host, and doesn't answer harmless requests"
        if self.pid is not None or self._before.busy or self._before.answer_s:
            why = f"the capture was shorter than two slices of {SLICE_S:g} s, or the program ended meanwhile"
        return (NOT_MEASURABLE.format(why=why),)

    def _watch(self, done: threading.Event, seconds: float | None) -> Slices:
        """Slices until `done`, or for `seconds`."""
        busy: list[float] = []
        answers: list[float] = []
        end = None if seconds is None else time.monotonic() + seconds
        last_cpu_s, last_at = self._cpu(), time.monotonic()
        while not done.is_set() and (end is None or time.monotonic() < end):
            asked = self._answer()
            if asked is not None:
                answers.append(asked)
            done.wait(max(0.0, last_at + SLICE_S - time.monotonic()))
            cpu_s, now = self._cpu(), time.monotonic()
            # A slice that was cut short by the end holds too few of the kernel's 10 ms ticks to tell anything.
            if cpu_s is not None and last_cpu_s is not None and now - last_at > SLICE_S / 2:
                busy.append((cpu_s - last_cpu_s) / (now - last_at))
            last_cpu_s, last_at = cpu_s, now
        return Slices(busy=tuple(busy), answer_s=tuple(answers))

    def _cpu(self) -> float | None:
        return None if self.pid is None else cpu_seconds(self.pid)

    def _answer(self) -> float | None:
        if self.ask is None:
            return None
        try:
            return self.ask()
        except ToolError:  # it is the capture whose failure is told
            return None


def _compared(
    name: str, before: tuple[float, ...], during: tuple[float, ...], unit: str
) -> dict[str, tuple[float, str]]:
    """Medians, and the shift with its bounds where there are enough slices for one."""
    if not before or not during:
        return {}
    found = {
        f"{name}_before": (statistics.median(before), unit),
        f"{name}_during": (statistics.median(during), unit),
    }
    shift = shift_interval(_spread(before), _spread(during))
    if shift.low > float("-inf") and shift.high < float("inf"):
        found[f"{name}_added"] = (shift.estimate, unit)
        found[f"{name}_added_low"] = (shift.low, unit)
        found[f"{name}_added_high"] = (shift.high, unit)
    return found


def _spread(values: tuple[float, ...]) -> tuple[float, ...]:
    if len(values) <= MOST_SLICES:
        return values
    step = len(values) / MOST_SLICES
    return tuple(values[int(n * step)] for n in range(MOST_SLICES))
