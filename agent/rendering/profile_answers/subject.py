"""What an answer is about: the file, the value, what filters left of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from agent.rendering.profile_answers.amounts import brief, one_line, ratio, told
from agent.rendering.profile_answers.wording import COMMAND_LINE, Wording
from agent.rendering.quantities import format_number
from tools.profiles.profile import ValueType


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A profile in one of its values. `kept` is what filters left of `total`, both in the value's unit.

    `filters` are patterns by the name of their option; `unmatched` names those that matched nothing. `duration_s` is 0
    where the profile doesn't tell. `wording` is for whoever reads the answer.
    """

    file: str
    value: ValueType
    total: int
    kept: int
    duration_s: float = 0.0
    filters: Mapping[str, str] = field(default_factory=dict)
    unmatched: tuple[str, ...] = ()
    wording: Wording = COMMAND_LINE

    @property
    def facts(self) -> tuple[str, ...]:
        """The subject in sentences."""
        lasting = f", recorded for {format_number(self.duration_s, 's')}" if self.duration_s else ""
        facts = [
            f"{one_line(self.file)}: {brief(self.value.name)}, {told(self.total, self.value)} in all{lasting}"
        ]
        if self.filters:
            part = format_number(ratio(self.kept, self.total), "ratio")
            left = f"{told(self.kept, self.value)} ({part})"
            facts.append(
                f"{filters_told(self.filters, self.wording)} leaves {left}; shares are of everything"
            )
        return tuple(facts)

    @property
    def fields(self) -> dict[str, object]:
        """The subject for programs; amounts are in `unit`, shares in the whole answer are 0-1."""
        return {
            "file": self.file,
            "value": self.value.name,
            "unit": self.value.unit,
            "total": self.total,
            "kept": self.kept,
            "duration_s": self.duration_s,
            "filters": dict(self.filters),
        }

    @property
    def warnings(self) -> tuple[str, ...]:
        """Doubts about what is looked at."""
        found = [unmatched_told(name, self.wording) for name in self.unmatched]
        if not self.total:
            found.append(f"the profile holds no {brief(self.value.name)} at all")
        return tuple(found)


def filters_told(filters: Mapping[str, str], wording: Wording = COMMAND_LINE) -> str:
    """Filters as they were given."""
    return ", ".join(f"{wording.filter.format(name)} {one_line(text)}" for name, text in filters.items())


def unmatched_told(name: str, wording: Wording = COMMAND_LINE) -> str:
    """A filter that did nothing, as a warning."""
    return f"{wording.filter.format(one_line(name))} matches nothing in what is looked at"
