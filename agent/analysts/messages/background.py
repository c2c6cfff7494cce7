"""Work in a thread of its own that can be left at once: a socket that hangs can't be waited for with an eye on Ctrl-C.

The one who waits looks ten times a second whether the run was cancelled or the time is over. What is left behind then
is told to stop, and ends by itself when whatever it waits for comes or times out; nothing of it is used.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from tools.errors import Cancelled

POLL_S = 0.1
WORD_S = 0.25
"""A word on what is arriving is passed on no more often than this."""

T = TypeVar("T")


class Left(Exception):
    """Nobody waits for the work any more."""


@dataclass(frozen=True, slots=True)
class _Note:
    text: str


@dataclass(frozen=True, slots=True)
class _Word:
    text: str


@dataclass(frozen=True, slots=True)
class _Done(Generic[T]):
    value: T


@dataclass(frozen=True, slots=True)
class _Failed:
    error: BaseException


@dataclass(slots=True)
class Line(Generic[T]):
    """Between the work and whoever waits for it until `ends_s` of the monotonic clock."""

    ends_s: float
    _items: queue.SimpleQueue[_Note | _Word | _Done[T] | _Failed] = field(default_factory=queue.SimpleQueue)
    _left: threading.Event = field(default_factory=threading.Event)
    _hang_up: Callable[[], None] | None = None

    def note(self, text: str) -> None:
        """Say something that is always passed on."""
        self._items.put(_Note(text))

    def word(self, text: str) -> None:
        """Say what is going on; only the last word counts where there are many."""
        self._items.put(_Word(text))

    def done(self, value: T) -> None:
        """Hand over the result; the work may tidy up afterwards."""
        self._items.put(_Done(value))

    @property
    def left_s(self) -> float:
        """The time that is left, never below zero."""
        return max(self.ends_s - time.monotonic(), 0.0)

    def check(self) -> None:
        """Go on. Raises: Left when nobody waits any more."""
        self.wait(0.0)

    def wait(self, seconds: float) -> None:
        """Wait so long. Raises: Left as soon as nobody waits any more."""
        if self._left.wait(seconds):
            raise Left

    def on_leaving(self, hang_up: Callable[[], None]) -> None:
        """What wakes the work up when nobody waits any more. Raises: Left when that is so already."""
        self._hang_up = hang_up
        self.check()

    def _run(self, work: Callable[[Line[T]], None]) -> None:
        try:
            work(self)
        except BaseException as error:  # raised again where it is waited for
            self._items.put(_Failed(error))

    def _leave(self) -> None:
        self._left.set()
        if self._hang_up is not None:
            with suppress(OSError):
                self._hang_up()

    def _next(self) -> _Note | _Word | _Done[T] | _Failed | None:
        try:
            return self._items.get(timeout=min(POLL_S, self.left_s))
        except queue.Empty:
            return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """How long and how patiently work is waited for; `on_timeout` is raised when the time is over."""

    timeout_s: float
    is_cancelled: Callable[[], bool]
    on_progress: Callable[[str], None]
    on_timeout: Callable[[], Exception]

    def result(self, work: Callable[[Line[T]], None]) -> T:
        """What the work hands over.

        Raises: what the work raises; Cancelled, within a fifth of a second; what `on_timeout` gives.
        """
        line: Line[T] = Line(time.monotonic() + self.timeout_s)
        threading.Thread(target=line._run, args=(work,), daemon=True, name="model request").start()
        try:
            return self._watched(line)
        except BaseException:
            line._leave()
            raise

    def _watched(self, line: Line[T]) -> T:
        words = _Words(self.on_progress)
        while True:
            match line._next():
                case _Done(value):
                    return value
                case _Failed(error):
                    raise error
                case _Note(text):
                    self.on_progress(text)
                case _Word(text):
                    words.take(text)
                case None:
                    pass
            words.pass_on()
            if self.is_cancelled():
                raise Cancelled("cancelled while a model was being asked; nothing of its reply is kept")
            if line.left_s == 0.0:
                raise self.on_timeout()


@dataclass(slots=True)
class _Words:
    """The last word that was said, passed on where it is new and long enough after the one before."""

    on_progress: Callable[[str], None]
    said: str = ""
    last: str = ""
    said_s: float = float("-inf")

    def take(self, word: str) -> None:
        self.last = word

    def pass_on(self) -> None:
        now_s = time.monotonic()
        if self.last != self.said and now_s - self.said_s >= WORD_S:
            self.said, self.said_s = self.last, now_s
            self.on_progress(self.last)
