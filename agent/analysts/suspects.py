"""Hotspots and findings brought together: one suspect for each cause, placed at the function that must change."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tools.patterns.pattern import Finding
from tools.profiles.ranking import Hotspot

MINIMUM_SHARE = 0.03
"""Hotspots below this aren't worth a reader's time, unless a pattern explains them."""
EXPLAINED_SHARE = 0.015
ENOUGH_TO_EXPLAIN = 0.25
"""A pattern explains a hotspot when at least this part of the hotspot's cost passes through what it matched."""
UNEXPLAINED = 0.6
"""A hotspot that can't be rewritten comes after the next one that can, if that has this part of its share."""
_WEIGHTS = {"CRITICAL": 4, "HIGH": 3, "MEDIUM": 2, "LOW": 1}


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspect:
    """A hotspot with the findings that explain it, at the place that must change."""

    hotspot: Hotspot
    function: str
    file: str
    line: int
    findings: tuple[Finding, ...]
    other_functions: tuple[str, ...] = ()


def suspects(
    hotspots: Sequence[Hotspot],
    findings: Sequence[Finding],
    is_sure: Callable[[Finding], bool] = lambda finding: True,
) -> tuple[Suspect, ...]:
    """The suspects in the order of their hotspots, those that no pattern explains included.

    Only findings that `is_sure` agrees with explain anything. A hotspot whose finding lies in its one caller is
    placed there, and joins the caller's own suspect if there is one: it is the same cause.
    """
    found: list[Suspect] = []
    for spot in hotspots:
        suspect = _suspect(spot, findings, is_sure)
        least = EXPLAINED_SHARE if suspect.findings else MINIMUM_SHARE
        if spot.share < least:
            continue
        same = next((n for n, s in enumerate(found) if _same_cause(s, suspect)), None)
        if same is None:
            found.append(suspect)
        else:
            found[same] = _joined(found[same], suspect)
    return tuple(_what_helps_first(found))


def _what_helps_first(found: list[Suspect]) -> list[Suspect]:
    """Of suspects that cost about the same in one view, those that can be rewritten come first."""
    order = list(found)
    for n in range(len(order) - 1, -1, -1):
        at = n
        while at + 1 < len(order) and _yields(order[at], order[at + 1]):
            order[at], order[at + 1] = order[at + 1], order[at]
            at += 1
    return order


def _yields(one: Suspect, following: Suspect) -> bool:
    return (
        not _can_be_rewritten(one)
        and _can_be_rewritten(following)
        and one.hotspot.view == following.hotspot.view
        and following.hotspot.share >= UNEXPLAINED * one.hotspot.share
    )


def _can_be_rewritten(suspect: Suspect) -> bool:
    return any(f.pattern.spec.rewrite.engine != "explain" for f in suspect.findings)


def _suspect(spot: Hotspot, findings: Sequence[Finding], is_sure: Callable[[Finding], bool]) -> Suspect:
    enough = [f for f in findings if f.share >= ENOUGH_TO_EXPLAIN * spot.share]
    own = [f for f in _of(enough, spot.function, spot.file, spot.view) if is_sure(f)]
    if not own and spot.called_from is not None:
        site = spot.called_from
        above = _of(enough, site.function, site.file, spot.view)
        above = [f for f in above if f.line <= site.line <= f.end_line and is_sure(f)]
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
    """The findings in a function: those that can be rewritten first, then the costliest and most severe."""
    mine = [f for f in findings if f.function == function and f.file == file and f.view == view]
    return sorted(mine, key=_order)


def _order(finding: Finding) -> tuple[bool, float]:
    spec = finding.pattern.spec
    return spec.rewrite.engine == "explain", -finding.share * _WEIGHTS[spec.severity]


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
