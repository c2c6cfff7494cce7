"""Growth in words: about linear, about quadratic; and the sentence on tomorrow's bottleneck."""

from __future__ import annotations

from agent.evidence import Quantity
from agent.rendering.quantities import format_quantity, resolve
from agent.report import FamilyScaling, Report, WorkloadGrowth, quoted

VAGUE = 0.5
"""An interval that reaches this far from its estimate doesn't tell linear from quadratic."""
_WORDS = (
    (0.15, "hardly grows"),
    (0.85, "slower than linear"),
    (1.25, "about linear"),
    (1.75, "between linear and quadratic"),
    (2.25, "about quadratic"),
    (2.75, "between quadratic and cubic"),
    (3.25, "about cubic"),
)
"""Up to which exponent each is said."""


def in_words(exponent: Quantity) -> str:
    """What an exponent means, such as `about quadratic`; `unclear` where its interval is too wide to say."""
    if exponent.interval is not None:
        low, high = exponent.interval
        if max(exponent.value - low, high - exponent.value) > VAGUE:
            return "unclear"
    return next((words for limit, words in _WORDS if exponent.value < limit), "faster than cubic")


def as_clause(exponent: Quantity) -> str:
    """The same as a clause, such as `the time's growth with the size is about linear`."""
    match in_words(exponent):
        case "unclear":
            return "how the time grows with the size isn't clear"
        case "hardly grows":
            return "the time hardly grows with the size"
        case words:
            return f"the time's growth with the size is {words}"


def sizes(found: FamilyScaling) -> str:
    """The sizes and how many: `100 to 10,000 (3)`."""
    return f"{found.sizes[0]:,} to {found.sizes[-1]:,} ({len(found.sizes)})"


def tomorrow(report: Report) -> list[str]:
    """Prose on what will be the largest one day, with references; before a change, unless it is told for after it."""
    found = [t for family in report.scaling for t in family.tomorrow]
    after = [t for t in found if t.function.side == "after"]
    has_after = any(f.side == "after" for family in report.scaling for f in family.functions)
    told = after if has_after else found
    sentences = []
    for each in told:
        function, largest = each.function, each.largest
        with_change = " With the change" if function.side == "after" else ""
        least = "at least " if function.is_least else ""
        sentences.append(
            f"Tomorrow's bottleneck:{with_change} {quoted(function.function)} takes {{{function.share}}} of the time "
            f"at size {each.measured_size:,} and grows faster (exponent {least}{{{function.exponent}}}) than "
            f"{quoted(largest.function)}, the largest ({{{largest.exponent}}}). Extrapolated, it becomes the largest "
            f"at size {{{each.size}}}."
        )
    return sentences


def notes(report: Report) -> list[str]:
    """What couldn't be told, and what one power doesn't describe."""
    found = []
    for family in report.scaling:
        if family.why_not:
            found.append(f"{family.family}: growth can't be told: {family.why_not}.")
        for side, growth in (("before", family.before), ("after", family.after)):
            found += [f"{family.family}, {side}: {w}." for w in (growth.warnings if growth else ())]
        if len(family.sizes) == 2 and family.before is not None:
            found.append(f"{family.family}: two sizes don't show whether it is one power.")
        found += family.notes
    return found


def lines(report: Report) -> list[str]:
    """The growth of each family in a line, and tomorrow's bottleneck, for a terminal."""
    found = []
    for family in report.scaling:
        if family.before is not None:
            after = f"; after: {_told(report, family.after)}" if family.after is not None else ""
            found.append(f"{family.family}, {sizes(family)}: {_told(report, family.before)}{after}")
    return found + [resolve(sentence, report.index) for sentence in tomorrow(report)]


def _told(report: Report, growth: WorkloadGrowth) -> str:
    quantity = report.index.resolve(growth.exponent)
    return f"{in_words(quantity)}, exponent {format_quantity(quantity)}"
