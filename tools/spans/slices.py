"""The pieces of a Chrome trace before they are nested: slices on tracks, and flows between them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Track(NamedTuple):
    """Where slices lie: a thread, or (`is_async`) everything that shares an asynchronous id."""

    process: str
    thread: str
    is_async: bool = False


@dataclass(slots=True, kw_only=True, eq=False)
class Slice:
    """An event with a duration. `emitter` is the thread that began it; `parent` is found when slices are nested."""

    name: str
    track: Track
    emitter: Track
    start_ns: int
    end_ns: int
    parent: int | None = None
    is_unfinished: bool = False


@dataclass(slots=True, kw_only=True, eq=False)
class Flow:
    """One end, or a step, of an arrow between slices; all with the same `key` belong together."""

    key: str
    track: Track
    ts_ns: int
    is_start: bool
    binds_next: bool


@dataclass(slots=True)
class Names:
    """What processes and threads are called, by their ids."""

    processes: dict[str, str]
    threads: dict[tuple[str, str], str]
