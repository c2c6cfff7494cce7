"""What a section of the bench finds: figures, each with its goal where it has one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from agent.settings import MeasureSettings

Say = Callable[[str], None]
"""Told what is going on, in a few words."""
Value = str | int | float | None | Sequence["Value"] | Mapping[str, "Value"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One figure as words, `goal` as words ("" where it has none) and whether it is met (None without a goal).

    `data` is what the words were made of, for the JSON file.
    """

    name: str
    found: str
    goal: str = ""
    is_met: bool | None = None
    data: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """What a section is run with. `trials` is None for the full number; `languages` are those to measure.

    `measure` is how runs are set to measure. `busy` is how many processors are kept busy meanwhile; None leaves it to
    the section.
    """

    folder: Path
    trials: int | None
    languages: tuple[str, ...]
    busy: int | None
    seed: int
    measure: MeasureSettings
    say: Say
