"""A model's bottlenecks become the report's: places checked against profile and tree, shares measured, prose locked."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from agent.analysts.analyst import Picture
from agent.analysts.asking.answers import BottleneckAnswer, Investigation
from agent.analysts.asking.briefing import ranking_id
from agent.analysts.asking.final import Unusable
from agent.analysts.asking.prose import Known, locked, problems
from agent.evidence import Quantity, Reference
from agent.rendering.quantities import resolve
from agent.report import Bottleneck
from tools.measure.toolchain import Capture
from tools.profiles.queries import FunctionCost
from tools.profiles.queries import top as top_functions
from tools.profiles.ranking import Hotspot
from tools.run.reading import read_text

EVERY_FUNCTION = 1_000_000
_NAME = re.compile(r"[\w.*()\[\]<>/$-]+")
"""What names of functions are written with, in either language."""


@dataclass(slots=True, kw_only=True)
class Accepting:
    """Turns answers into bottlenecks; `notes` say what was left out of the last one, for the report."""

    picture: Picture
    known: Callable[[], Known]
    notes: list[str] = field(default_factory=list)

    def accept(self, answer: Investigation, is_last: bool) -> tuple[Bottleneck, ...]:
        """The bottlenecks of an answer. Raises: Unusable, saying what to do about each thing that is wrong.

        Of an answer that was sent back before only what is right is taken; what was left out is in `notes`.
        """
        if not answer.bottlenecks and not answer.nothing.strip():
            raise Unusable("there are no bottlenecks and `nothing` doesn't say why: fill one of both")
        wanted = answer.bottlenecks[: self.picture.policy.bottlenecks]
        wrong = [problem for n, one in enumerate(wanted, 1) for problem in self._wrong(n, one)]
        if len(answer.bottlenecks) > len(wanted):
            wrong.append(f"give at most {len(wanted)} bottlenecks, the most important ones")
        if wrong and not is_last:
            raise Unusable(*wrong)
        self.notes.clear()
        if not wanted:
            known = self.known()
            why = resolve(locked(answer.nothing, known).text, known.evidence)
            self.notes.append(f"the model names no bottleneck: {' '.join(why.split())}")
        found: list[Bottleneck] = []
        for one in wanted:
            if self._wrong_places(one):  # not quoted: what the model calls a place may be anything
                self.notes.append(
                    "a bottleneck of the model's was left out: it names a place or evidence that isn't there"
                )
            else:
                found.append(self._bottleneck(len(found) + 1, one))
        return tuple(found)

    def _wrong(self, number: int, one: BottleneckAnswer) -> list[str]:
        known = self.known()
        found = [f"bottleneck {number}: {problem}" for problem in self._wrong_places(one)]
        for name in ("root_cause", "explanation", "confidence_reason"):
            found += [
                f"bottleneck {number}, {name}: {problem.advice}"
                for problem in problems(getattr(one, name), known)
            ]
        return found

    def _wrong_places(self, one: BottleneckAnswer) -> list[str]:
        found = []
        spot = self._hotspot(one)
        if one.hotspot is not None and spot is None:
            found.append(
                f"there is no hotspot {one.hotspot}: leave `hotspot` out, or give a row of the table"
            )
        if spot is None and self._cost(one) is None:
            found.append(
                f"no function {one.function!r} is in the {one.view} profiles: name it as they do, or choose the view "
                "that has it"
            )
        found += self._wrong_names(one, spot[1] if spot else None)
        lines = self._lines(one.file)
        if self.picture.plan.kind == "project" and lines is None:
            found.append(f"there is no file {one.file!r} in the target: name it as `list_files` does")
        if lines is not None and one.line > lines:
            found.append(f"{one.file} has no line {one.line}")
        ids = {e.id for e in self.picture.evidence.items} | {e.id for e in self.known().evidence.items}
        unknown = [name for name in one.evidence if name not in ids]
        if unknown:
            found.append(
                f"there is no evidence {', '.join(unknown)}: give ids that a tool or the picture named"
            )
        return found

    def _wrong_names(self, one: BottleneckAnswer, spot: Hotspot | None) -> list[str]:
        """What stands in the report as names must be some: a row of the table says nothing of what is called so."""
        found, names = [], self.known().names
        of_spot = (spot.function, *spot.other_frames) if spot is not None else ()
        is_other = spot is not None and one.function not in of_spot and self._cost(one) is None
        if is_other and not (_NAME.fullmatch(one.function) and names.has_name(one.function)):
            found.append(
                f"no function {one.function!r} is in the profiles or the tree: name one that is there"
            )
        is_place = one.file == getattr(spot, "file", None) or names.has_file(one.file)
        if self.picture.plan.kind != "project" and names.places and not is_place:
            found.append(f"no file {one.file!r} is in the profiles: name it as they do")
        return found

    def _hotspot(self, one: BottleneckAnswer) -> tuple[int, Hotspot] | None:
        """The row of the hotspot table that an answer is about, and its number."""
        spots = self.picture.hotspots
        if one.hotspot is not None:
            return (one.hotspot, spots[one.hotspot - 1]) if one.hotspot <= len(spots) else None
        for number, spot in enumerate(spots, 1):
            if (spot.function, spot.file, spot.view) == (one.function, one.file, one.view):
                return number, spot
        return None

    def _cost(self, one: BottleneckAnswer) -> tuple[str, Capture, FunctionCost] | None:
        """The function's cost in the first capture of the view that has it."""
        for evidence_id, capture in self.picture.captures.items():
            if capture.view != one.view:
                continue
            costs = top_functions(capture.profile, value=capture.value, by="cumulative", limit=EVERY_FUNCTION)
            cost = next((c for c in costs if c.function.name == one.function), None)
            if cost is not None:
                return evidence_id, capture, cost
        return None

    def _lines(self, file: str) -> int | None:
        """How many lines a file of the target has, None where there is none of that name."""
        path = PurePosixPath(file)
        if path.is_absolute() or ".." in path.parts or "\0" in file:
            return None
        try:
            text = read_text(self.picture.original, self.picture.original / file, limit_bytes=16 * 1024**2)
        except (OSError, ValueError):
            return None
        return None if text is None else len(text.splitlines())

    def _bottleneck(self, rank: int, one: BottleneckAnswer) -> Bottleneck:
        found = self._hotspot(one)
        share, evidence = self._share(one, found)
        prose = {
            name: self._locked(getattr(one, name))
            for name in ("root_cause", "explanation", "confidence_reason")
        }
        ids = [name for name in one.evidence if any(e.id == name for e in self.known().evidence.items)]
        return Bottleneck(
            rank=rank,
            function=one.function,
            file=one.file,
            line=one.line,
            view=one.view,
            share=share,
            root_cause=prose["root_cause"],
            explanation=prose["explanation"],
            severity=one.severity,
            confidence=one.confidence,
            confidence_reason=prose["confidence_reason"],
            evidence=tuple(dict.fromkeys([*evidence, *ids])),
            other_frames=_others(one, found[1] if found else None),
        )

    def _share(
        self, one: BottleneckAnswer, found: tuple[int, Hotspot] | None
    ) -> tuple[Reference, Sequence[str]]:
        """The measured share of the cause: the hotspot's, else the function's with all below it, as new evidence."""
        if found is not None:
            number, spot = found
            ranking = ranking_id(self.picture)
            return Reference(evidence_id=ranking, name=f"share_{number}"), (spot.evidence_id, ranking)
        cost, lab = self._cost(one), self.picture.lab
        if cost is None or lab is None:
            raise Unusable(f"the share of {one.function!r} can't be measured")
        evidence_id, _, seen = cost
        kept = lab.keep(
            f"the share of {one.function} in {evidence_id}",
            "ask-profiler queries",
            [Quantity(name="cumulative_share", value=seen.cumulative_share, unit="ratio"),
             Quantity(name="self_share", value=seen.self_share, unit="ratio")],
            duration_s=0.0,
        )  # fmt: skip
        return Reference(evidence_id=kept.id, name="cumulative_share"), (evidence_id, kept.id)

    def _locked(self, prose: str) -> str:
        found = locked(prose, self.known())
        if found.dropped:
            self.notes.append(
                f"{found.dropped} of the model's statements dropped: they named numbers or names without evidence"
            )
        return found.text


def _others(one: BottleneckAnswer, spot: Hotspot | None) -> tuple[str, ...]:
    if spot is None:
        return ()
    first = () if spot.function == one.function else (spot.function,)
    return tuple(dict.fromkeys([*first, *spot.other_frames]))
