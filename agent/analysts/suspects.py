"""Hotspots and findings brought together: one suspect for each cause, placed at the function that must change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tools.patterns.pattern import Finding
from tools.profiles.ranking import Hotspot

MINIMUM_SHARE = 0.03
"""Hotspots below this aren't worth a reader's time, unless a pattern explains them."""
EXPLAINED_SHARE = 0.015


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspect:
    """A hotspot with the findings that explain it, at the place that must change."""

    hotspot: Hotspot
    function: str
    file: str
    line: int
    findings: tuple[Finding, ...]
    other_functions: tuple[str, ...] = ()


def suspects(hotspots: Sequence[Hotspot], findings: Sequence[Finding]) -> tuple[Suspect, ...]:
    """The suspects in the order of their hotspots, those that no pattern explains included.

    A hotspot whose finding lies in its one caller is placed there, and joins the caller's own suspect if
    there is one: it is the same cause.
    """
    found: list[Suspect] = []
    for spot in hotspots:
        suspect = _suspect(spot, findings)
        least = EXPLAINED_SHARE if suspect.findings else MINIMUM_SHARE
        if spot.share < least:
            continue
        same = next((n for n, s in enumerate(found) if _same_cause(s, suspect)), None)
        if same is None:
            found.append(suspect)
        else:
            found[same] = _joined(found[same], suspect)
    return tuple(found)


def _suspect(spot: Hotspot, findings: Sequence[Finding]) -> Suspect:
    own = _of(findings, spot.function, spot.file, spot.view)
    if not own and spot.called_from is not None:
        site = spot.called_from
        above = _of(findings, site.function, site.file, spot.view)
        above = [f for f in above if f.line <= site.line <= f.end_line]
        if above:
            return Suspect(
                hotspot=spot,
                function=site.function,
                file=site.file,
                line=site.line,
                findings=tuple(above),
                other_functions=(spot.function,),
            )
    return Suspect(hotspot=spot, function=spot.function, file=spot.file, line=spot.line, findings=tuple(own))


def _of(findings: Sequence[Finding], function: str, file: str, view: str) -> list[Finding]:
    """The findings in a function: those that can be rewritten first, then the costliest."""
    mine = [f for f in findings if f.function == function and f.file == file and f.view == view]
    return sorted(mine, key=lambda f: (f.pattern.spec.rewrite.engine == "explain", -f.share))


def _same_cause(one: Suspect, other: Suspect) -> bool:
    return (one.function, one.file) == (other.function, other.file)


def _joined(one: Suspect, other: Suspect) -> Suspect:
    known = {(f.pattern.id, f.start) for f in one.findings}
    more = tuple(f for f in other.findings if (f.pattern.id, f.start) not in known)
    names = tuple(dict.fromkeys([*one.other_functions, *other.other_functions]))
    return Suspect(
        hotspot=one.hotspot,
        function=one.function,
        file=one.file,
        line=one.line,
        findings=(*one.findings, *more),
        other_functions=tuple(n for n in names if n != one.function),
    )
