"""What a command wrote: kept in part, compared as a whole, and where it differs shown."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from itertools import zip_longest

KEPT = 10_000
"""Characters of an output that are kept to be shown; all of it is compared, by its hash."""
SHOWN = 80
"""Characters of a line that are shown."""


@dataclass(frozen=True, slots=True)
class Output:
    """The standard output of one process: the hash of all of it, and how it begins."""

    sha256: str
    start: str

    @classmethod
    def of(cls, text: str) -> Output:
        """The output that is this text."""
        return cls(hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest(), text[:KEPT])


def first_difference(before: Output, after: Output) -> str:
    """Where two outputs that differ do so first, in words: the line, as it was and as it is."""
    one, other = before.start.splitlines(), after.start.splitlines()
    for number, (was, now) in enumerate(zip_longest(one, other), 1):
        if was != now:
            return f"line {number} was {_shown(was, now)}, is {_shown(now, was)}"
    if len(before.start) < KEPT > len(after.start):
        return "at the ends of its lines"
    return f"after its first {KEPT:,} characters"


def _shown(line: str | None, other: str | None) -> str:
    """The line's part that differs, quoted."""
    if line is None:
        return "not there"
    same = next(
        (n for n, (a, b) in enumerate(zip(line, other or "", strict=False)) if a != b),
        min(len(line), len(other or "")),
    )
    start = max(0, min(same - SHOWN // 2, len(line) - SHOWN))
    cut = line[start : start + SHOWN]
    return repr(f"{'…' if start else ''}{cut}{'…' if start + SHOWN < len(line) else ''}")
