"""What the report says of the models that were asked: tokens, cost and time by step, and in all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from agent.evidence import Evidence
from agent.rendering.markup import escape
from agent.rendering.quantities import format_number
from agent.report import ModelUse, Report

_TOKENS = ("input_tokens", "cache_read_tokens", "cache_write_tokens", "output_tokens")
_HEAD = (
    "| step | model | requests | tool calls | sent, not cached | read from the cache | written to it | received | cost "
    "| time | evidence |"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """What pieces of evidence say together. `unpriced` are the models whose cost isn't known for some of it."""

    calls: float
    tool_calls: float
    tokens: tuple[float, ...]
    cost_usd: float
    unpriced: tuple[str, ...]
    duration_s: float

    @property
    def cost(self) -> str:
        """The cost for reading: what isn't known is said, and is never nothing."""
        dollars = format_number(self.cost_usd, "USD")
        if not self.unpriced:
            return dollars
        return f"at least {dollars}" if self.cost_usd else "unknown"


def section(report: Report) -> str:
    """The part of report.md; "" where no model was asked."""
    if not report.model_use:
        return ""
    rows = [_row(report, use) for use in report.model_use]
    rule = "|---|---|" + "--:|" * 8 + "---|"
    return "\n".join(["## Model use", "", _HEAD, rule, *rows, "", escape(total_line(report)), ""])


def lines(report: Report) -> list[str]:
    """The same as lines of text, the last one in all; empty where no model was asked."""
    if not report.model_use:
        return []
    return [
        *(f"{use.step}: {use.model}, {_in_words(sums(report, [use]))}" for use in report.model_use),
        total_line(report),
    ]


def total_line(report: Report) -> str:
    """All steps together, and which costs aren't known."""
    found = sums(report, report.model_use)
    unknown = f" The price of {' and '.join(found.unpriced)} isn't known." if found.unpriced else ""
    return f"In all: {_in_words(found)}.{unknown}"


def sums(report: Report, uses: Sequence[ModelUse]) -> Sums:
    """What the evidence of `uses` adds up to. Raises: KeyError when there is no such evidence."""
    items = [report.index.get(id_) for use in uses for id_ in use.evidence]
    costs = [_costs(item) for item in items]
    return Sums(
        calls=_sum(items, "calls"),
        tool_calls=_sum(items, "tool_calls"),
        tokens=tuple(_sum(items, name) for name in _TOKENS),
        cost_usd=sum(cost for cost in costs if cost is not None),
        unpriced=tuple(dict.fromkeys(i.tool for i, cost in zip(items, costs, strict=True) if cost is None)),
        duration_s=_sum(items, "duration"),
    )


def _costs(item: Evidence) -> float | None:
    return next((q.value for q in item.quantities if q.name == "cost"), None)


def _sum(items: Sequence[Evidence], name: str) -> float:
    return sum(item.quantity(name).value for item in items)


def _in_words(found: Sums) -> str:
    cost = "cost unknown" if found.cost == "unknown" else found.cost
    return (
        f"{_counted(found.calls, 'request')}, {_counted(found.tool_calls, 'tool call')}, "
        f"{format_number(sum(found.tokens), 'tokens')}, {cost}, {format_number(found.duration_s, 's')}"
    )


def _counted(number: float, noun: str) -> str:
    return f"{format_number(number, 'count')} {noun}{'' if number == 1 else 's'}"


def _row(report: Report, use: ModelUse) -> str:
    found = sums(report, [use])
    counts = [found.calls, found.tool_calls, *found.tokens]
    cells = [
        escape(use.step),
        escape(use.model),
        *(format_number(count, "count") for count in counts),
        found.cost,
        format_number(found.duration_s, "s"),
        ", ".join(use.evidence),
    ]
    return f"| {' | '.join(cells)} |"
