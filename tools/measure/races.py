"""Data races that a change brings: memory that two threads of execution use at once without a lock."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Races:
    """What a race detector saw. `found` are places that the change brings, in words; `looked` says that it looked.

    `why_not` says why it didn't where it could have been of use, else "".
    """

    found: tuple[str, ...] = ()
    looked: bool = False
    why_not: str = ""
