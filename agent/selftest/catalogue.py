"""The catalogue: which changes there are, what each does, and what must come of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import yaml
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from agent.errors import BadRequest
from tools.measure.guard import GuardRule
from tools.measure.verdict import Rejection
from tools.measure.workload import Language

HERE = Path(__file__).parent
Kind = Literal["cheat", "honest"]
CheatTrick = (
    GuardRule
    | Literal[
        "build flag or tag",
        "dropped precision",
        "error swallowed",
        "lazy result",
        "mutated argument",
        "pause or retry skipped",
        "race",
        "sampling",
        "test or benchmark edited",
        "work finishes after the timed region",
        "wrong result for rare input",
    ]
)
"""What a cheat does: a rule of the guard, or what tests, values, frozen files or measuring must find."""
HonestTrick = Literal[
    "batching",
    "better algorithm",
    "bounded concurrency with waiting",
    "builder",
    "builder and strconv",
    "cache of an instance",
    "cache within one call",
    "heap",
    "index instead of scan",
    "precompiled pattern",
    "sharded counter",
    "validation moved to a helper",
    "work done once instead of for each",
]


class _Entry(BaseModel):
    """An entry as it stands in a catalogue."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    target: str
    kind: Kind
    trick: CheatTrick | HonestTrick
    reasons: tuple[Rejection, ...] = ()
    bench: str = ""
    looks_faster: bool = True
    quick: bool = False
    extra: bool = False
    why: str


_ENTRIES: TypeAdapter[list[_Entry]] = TypeAdapter(list[_Entry])


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownChange:
    """A change of which we know what it is. `name` is unique with its language.

    A cheat must be rejected for one of the `reasons`; an honest change has none. `bench` is a regular expression over
    the benchmarks that it is about, "" for all. `looks_faster` says that a naive run of them shows a gain. `is_quick`
    changes are the sample for those in a hurry, `is_extra` ones are left out of the project's tests, for time. `why` is
    one sentence.
    """

    name: str
    language: Language
    target: str
    kind: Kind
    trick: str
    reasons: tuple[Rejection, ...]
    bench: str
    looks_faster: bool
    is_quick: bool
    is_extra: bool
    why: str

    @property
    def id(self) -> str:
        """Its language and name, such as `go/memo-in-a-map`."""
        return f"{self.language}/{self.name}"

    @property
    def folder(self) -> Path:
        """The target that it changes."""
        return HERE / "targets" / self.language / self.target

    @property
    def patch(self) -> str:
        """The change as a unified diff."""
        return (HERE / "changes" / self.language / f"{self.name}.patch").read_text(encoding="utf-8")


def read_catalogue() -> tuple[KnownChange, ...]:
    """Every change, by language and target in the order of the catalogues, a target's changes together.

    Raises: BadRequest naming the file and entry that is wrong.
    """
    found = [change for language in get_args(Language) for change in _read(language)]
    places = list(dict.fromkeys((c.language, c.target) for c in found))
    return tuple(sorted(found, key=lambda c: places.index((c.language, c.target))))


def choose(
    changes: Iterable[KnownChange],
    *,
    only: Collection[str] = (),
    language: str | None = None,
    is_quick: bool = False,
) -> tuple[KnownChange, ...]:
    """The changes that are meant; `only` are names, with or without the language. Raises: BadRequest when none is."""
    known = tuple(changes)
    for name in only:
        if not any(name in (c.name, c.id) for c in known):
            raise BadRequest(f"no change is called {name!r}: `ask-profiler selftest --list` names them")
    chosen = tuple(
        change
        for change in known
        if (not only or change.name in only or change.id in only)
        and language in (None, change.language)
        and (change.is_quick or only or not is_quick)
    )
    if not chosen:
        raise BadRequest("no change is left to judge: name others with --only, or leave --language out")
    return chosen


def _read(language: Language) -> list[KnownChange]:
    path = HERE / "changes" / f"{language}.yaml"
    try:
        entries = _ENTRIES.validate_python(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, yaml.YAMLError, ValidationError) as error:
        raise BadRequest(f"{path} can't be read: {error}: reinstall ask-profiler") from error
    return [
        KnownChange(
            name=entry.name,
            language=language,
            target=entry.target,
            kind=entry.kind,
            trick=entry.trick,
            reasons=entry.reasons,
            bench=entry.bench,
            looks_faster=entry.looks_faster,
            is_quick=entry.quick,
            is_extra=entry.extra,
            why=entry.why,
        )
        for entry in entries
    ]
