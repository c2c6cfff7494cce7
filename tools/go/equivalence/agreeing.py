"""Whether two outcomes of the same call are alike, and where they first part."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from tools.go.equivalence.calls import DIED, FLOAT, HUNG, PANICKED, RETURNED, SWELLED, Dump, Outcome
from tools.measure.equivalence import DifferenceKind

TEXT_LENGTH = 200
LEAD = 70
"""How much is shown of what comes before the first difference."""
ROUNDINGS = 64 * 2.0**-52
"""How much a result may be off for the size of the largest number of a call, where any tolerance is given: sums of
numbers of both signs lose digits whatever their order."""
FLOAT32_TOLERANCE = 2.0**-18
_NUMBER = re.compile(r"[fd][-+]?[0-9.]+(e[-+]?[0-9]+)?")


@dataclass(frozen=True, slots=True)
class Parting:
    """What differs in two outcomes, as texts that show it."""

    what: DifferenceKind
    before: str
    after: str


def parting(before: Outcome, after: Outcome, tolerance: float) -> Parting | None:
    """Where two outcomes of one call part, None when they are alike."""
    if before.ending != after.ending:
        kind: DifferenceKind = (
            "exception" if {before.ending, after.ending} <= {RETURNED, PANICKED} else "missing"
        )
        return Parting(kind, _ending(before), _ending(after))
    if before.ending == PANICKED and before.panic != after.panic:
        return Parting("exception", *_texts(f"panic: {before.panic}", f"panic: {after.panic}"))
    scale = max((abs(f) for f in _numbers(before.results) + _numbers(before.args)), default=0.0)
    if not _same(before.results, after.results, tolerance, scale):
        return Parting("result", *_texts(before.results.readable(), after.results.readable()))
    if not _same(before.args, after.args, tolerance, scale):
        return Parting("arguments", *_texts(before.args.readable(), after.args.readable()))
    if before.output != after.output:
        return Parting("output", *_texts(repr(before.output), repr(after.output)))
    return None


def lasting(before: Outcome, after: Outcome) -> Parting | None:
    """What only the new code leaves behind for later, None when there is nothing: memory that results share with what
    others may change, what it wrote where only its caller may, goroutines.
    """
    if after.shares_in and not before.shares_in:
        return Parting(
            "result", "memory of its own", "memory shared with an argument: changing that changes it"
        )
    if after.shares_out and not before.shares_out:
        return Parting(
            "result",
            "memory of its own",
            "memory that the function keeps: changing it changes what it gives next",
        )
    if after.overlaps and not before.overlaps:
        return Parting("result", "room of its own to append to", "appending to it overwrites something else")
    if after.spilled and not before.spilled:
        return Parting(
            "arguments",
            "as they were",
            "something is written behind the end of a slice, in its spare capacity",
        )
    if after.left > 0 and before.left == 0:
        return Parting("result", "no goroutine is left", f"{after.left} goroutines are left that don't end")
    return None


GONE = "no outcome: its process ended before, or wrote nothing"
OVERWRITTEN = Parting("result", "stays as it was returned", "is overwritten by a later call")


def missing(before: Outcome) -> Parting:
    """What it is when the new code gave nothing for a call."""
    return Parting("missing", _ending(before), GONE)


def _ending(outcome: Outcome) -> str:
    if outcome.ending == RETURNED:
        return _cut(outcome.results.readable() or "returned")
    if outcome.ending == PANICKED:
        return _cut(f"panic: {outcome.panic}")
    if outcome.ending == DIED:
        return _cut(f"the process ended: {outcome.panic}")
    return {HUNG: "did not end in time", SWELLED: "used too much memory"}.get(outcome.ending, outcome.ending)


def _numbers(dump: Dump) -> list[float]:
    found = (float(f[1:]) for f in dump.floats if _NUMBER.fullmatch(f))
    return [f for f in found if math.isfinite(f)]


def _same(before: Dump, after: Dump, tolerance: float, scale: float) -> bool:
    if before.text != after.text or len(before.floats) != len(after.floats):
        return False
    if before.floats == after.floats:
        return True
    return all(_close(a, b, tolerance, scale) for a, b in zip(before.floats, after.floats, strict=True))


def _close(before: str, after: str, tolerance: float, scale: float) -> bool:
    if before == after:
        return True
    try:
        a, b = float(before[1:]), float(after[1:])
    except ValueError:  # written by the target's code, past ours
        return False
    if tolerance <= 0 or before[0] != after[0] or not (math.isfinite(a) and math.isfinite(b)):
        return False
    relative = max(tolerance, FLOAT32_TOLERANCE) if before[0] == "f" else tolerance
    return abs(a - b) <= max(relative * max(abs(a), abs(b)), ROUNDINGS * scale)


def _cut(text: str) -> str:
    text = text.replace(FLOAT, "?")
    return text if len(text) <= TEXT_LENGTH else text[: TEXT_LENGTH - 4] + " ..."


def _texts(before: str, after: str) -> tuple[str, str]:
    """Both texts, from a little before their first difference on when they are long."""
    if max(len(before), len(after)) <= TEXT_LENGTH:
        return before, after
    first = next(
        (i for i, (a, b) in enumerate(zip(before, after, strict=False)) if a != b),
        min(len(before), len(after)),
    )
    start = max(0, first - LEAD)
    lead = "... " if start else ""
    return _cut(lead + before[start:]), _cut(lead + after[start:])
