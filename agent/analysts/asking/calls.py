"""What a model is told, from `prompts/calls`: one Markdown file for each call, strict about what it names."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import jinja2

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """`system.md`: what holds for every call. `definition` is the agent definition's prompt."""

    definition: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepare:
    """`prepare.md`: before anything is measured. `how` says what a benchmark of the target's language looks like."""

    how: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Investigate:
    """`investigate.md`: up to so many bottlenecks."""

    bottlenecks: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Optimise:
    """`optimise.md`: candidates at a time and in all, and the gain that they must reach, as text."""

    candidates: int
    attempts: int
    minimum_gain: str
    may_write_tests: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """`judged.md`: after candidates were judged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUp:
    """`follow_up.md`: a question about a finished run; the first one says how it is answered."""

    question: str
    is_first: bool


CALLS = {"system": System, "prepare": Prepare, "investigate": Investigate, "optimise": Optimise, "judged": Judged,
         "follow_up": FollowUp}  # fmt: skip
"""The files by name, each with the fields that it may and must use."""


@dataclass(frozen=True, slots=True)
class Calls:
    """The files of one folder."""

    folder: Path

    def render(self, fields: DataclassInstance) -> str:
        """The call's text. Raises: jinja2.UndefinedError when the file names what isn't a field."""
        name = next(name for name, kind in CALLS.items() if isinstance(fields, kind))
        environment = jinja2.Environment(  # noqa: S701 - Markdown for a model, no HTML
            undefined=jinja2.StrictUndefined,
            keep_trailing_newline=False,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        return environment.from_string(self.text(name)).render(asdict(fields)).strip()

    def text(self, name: str) -> str:
        """A call's file as it stands."""
        return (self.folder / f"{name}.md").read_text(encoding="utf-8")
