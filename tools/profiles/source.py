"""Functions line by line: what each line costs, beside its text where the source is at hand.

Source: what `go tool pprof -list` shows; own and cumulative cost of a line are those of its function alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tools.profiles.profile import IntArray, Profile
from tools.profiles.queries import FunctionCost, grouped_costs
from tools.profiles.source_files import SourceFile, find_source

CONTEXT_LINES = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnotatedLine:
    """One line (0: the profile doesn't tell which), its costs in the value's unit; `text` None without its source."""

    line: int
    self_value: int
    cumulative_value: int
    text: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnotatedFunction:
    """A function's lines that cost something, with the lines around them where the source was found, by number.

    `source` is the file that was read; None when none was. `doubt` says why the text may not fit, else "".
    """

    cost: FunctionCost
    lines: tuple[AnnotatedLine, ...]
    source: Path | None
    doubt: str


def annotated(
    profile: Profile,
    functions: Mapping[int, FunctionCost],
    *,
    value: str,
    roots: Sequence[Path] = (),
    context: int = CONTEXT_LINES,
) -> tuple[AnnotatedFunction, ...]:
    """Functions, by their number as `costs_of` gives them, line by line and in the same order.

    Sources are read from below `roots` only. Raises: KeyError when there is no such value.
    """
    costs = _line_costs(profile, np.array(list(functions), dtype=np.int64), value)
    found = []
    for n, cost in functions.items():
        source = find_source(cost.function.file, cost.function.name, roots)
        lines = costs.get(n, {})
        found.append(
            AnnotatedFunction(
                cost=cost,
                lines=_with_text(lines, source, context),
                source=source.path if source else None,
                doubt=_doubt(lines, source),
            )
        )
    return tuple(found)


def _line_costs(profile: Profile, chosen: IntArray, value: str) -> dict[int, dict[int, tuple[int, int]]]:
    """(own, cumulative) of each line of each chosen function; lines that cost nothing are left out."""
    frames = np.flatnonzero(np.isin(profile.frame_function, chosen))
    pairs = np.stack((profile.frame_function[frames], profile.frame_line[frames]), axis=1)
    lines, numbers = np.unique(pairs, axis=0, return_inverse=True)
    groups = np.full(len(profile.frame_function), -1, dtype=np.int64)
    groups[frames] = numbers.reshape(-1)
    own, cumulative = grouped_costs(profile, groups, len(lines), value)
    found: dict[int, dict[int, tuple[int, int]]] = {}
    for (function, line), mine, all_ in zip(lines.tolist(), own.tolist(), cumulative.tolist(), strict=True):
        if mine or all_:
            found.setdefault(function, {})[line] = mine, all_
    return found


def _with_text(
    costs: dict[int, tuple[int, int]], source: SourceFile | None, context: int
) -> tuple[AnnotatedLine, ...]:
    shown = set(costs)
    if source is not None:
        last = len(source.lines)
        shown |= {
            n for at in costs for n in range(max(at - context, 1), min(at + context, last) + 1) if at > 0
        }
    found = []
    for n in sorted(shown):
        own, cumulative = costs.get(n, (0, 0))
        text = source.lines[n - 1] if source is not None and 0 < n <= len(source.lines) else None
        found.append(AnnotatedLine(line=n, self_value=own, cumulative_value=cumulative, text=text))
    return tuple(found)


def _doubt(costs: dict[int, tuple[int, int]], source: SourceFile | None) -> str:
    if source is None or max(costs, default=0) <= len(source.lines):
        return ""
    return (
        f"line {max(costs)} was measured and {source.path} has {len(source.lines)}: "
        "it isn't the version that was measured"
    )
