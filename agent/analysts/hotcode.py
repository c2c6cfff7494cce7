"""Hot code in the sources: which lines of which functions, also after earlier changes have moved them."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from pathlib import Path

from tools.patterns.pattern import HotFunction
from tools.profiles.ranking import Hotspot


def hot_functions(hotspots: Iterable[Hotspot]) -> tuple[HotFunction, ...]:
    """Each hotspot as a hot function, and the caller whose one line a hotspot's cost comes through."""
    found: list[HotFunction] = []
    for spot in hotspots:
        found.append(
            HotFunction(
                function=spot.function,
                file=spot.file,
                start_line=spot.start_line,
                end_line=0,
                view=spot.view,
                self_share=spot.self_share,
                cumulative_share=spot.cumulative_share,
                lines=spot.lines,
            )
        )
        site = spot.called_from
        if site is not None:
            share = site.share * spot.share
            found.append(
                HotFunction(
                    function=site.function,
                    file=site.file,
                    start_line=0,
                    end_line=0,
                    view=spot.view,
                    self_share=0.0,
                    cumulative_share=share,
                    lines={site.line: share},
                )
            )
    return tuple(found)


def moved(lines: Mapping[int, float], before: Path, after: Path) -> dict[int, float]:
    """Shares by line of `before`, by the lines of `after`: where text stayed, its new line; where it was
    replaced, every line of the replacement has the most that a replaced line had.
    """
    try:
        old = before.read_text(encoding="utf-8").splitlines()
        new = after.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return dict(lines)
    if old == new:
        return dict(lines)
    found: dict[int, float] = {}
    for tag, i1, i2, j1, j2 in difflib.SequenceMatcher(a=old, b=new, autojunk=False).get_opcodes():
        if tag == "equal":
            found |= {j1 + n - i1: lines[n] for n in range(i1 + 1, i2 + 1) if n in lines}
        elif tag == "replace":
            most = max((lines[n] for n in range(i1 + 1, i2 + 1) if n in lines), default=0.0)
            if most:
                found |= dict.fromkeys(range(j1 + 1, j2 + 1), most)
    return found
