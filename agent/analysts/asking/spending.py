"""What asking a model has used so far, by step, and whether that is still within the budgets of a run."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from decimal import Decimal

from agent.analysts.model import ModelCall, ModelReply, Step, ToolResult, Usage
from agent.evidence import Evidence, EvidenceIndex, Quantity
from agent.model_settings import Price, PriceSettings, Rates
from agent.rendering.quantities import format_number
from agent.report import MODEL_USE
from agent.settings import BudgetSettings

NEARLY = 0.8
"""The part of a budget after which the final answer is asked for."""
_MILLION = 1_000_000
_DATED = re.compile(r"-\d{8}$")


@dataclass(frozen=True, slots=True, kw_only=True)
class StepUse:
    """What a model was asked in a step. `cost_usd` is None where a price isn't known, `duration_s` the wall time of the
    requests; `model` is "" for tools that ran before any model was asked.
    """

    step: Step
    model: str
    calls: int = 0
    tool_calls: int = 0
    usage: Usage = field(default_factory=Usage)
    cost_usd: Decimal | None = Decimal(0)
    duration_s: float = 0.0

    def plus(self, other: StepUse) -> StepUse:
        """Both together, named as this one; the cost is unknown if one of both is."""
        unknown = self.cost_usd is None or other.cost_usd is None
        return replace(
            self,
            calls=self.calls + other.calls,
            tool_calls=self.tool_calls + other.tool_calls,
            usage=self.usage.plus(other.usage),
            cost_usd=None if unknown else Decimal(self.cost_usd or 0) + Decimal(other.cost_usd or 0),
            duration_s=self.duration_s + other.duration_s,
        )


@dataclass(slots=True, kw_only=True)
class Spending:
    """Counts what a run's requests use. For one thread.

    `time_s` is what all requests together may take, None for `budgets.model_s`. To go on with an interrupted run, give
    its transcript to `add_recorded` first, and don't add what is repeated from it: what was paid for stays paid for.
    """

    budgets: BudgetSettings
    prices: PriceSettings
    time_s: float | None = None
    _entries: list[StepUse] = field(default_factory=list, init=False)
    _before: int = field(default=0, init=False)

    def add(self, step: Step, model: str, usage: Usage, duration_s: float) -> None:
        """Count a reply; `model` is who answered."""
        cost = cost_usd(self.prices, model, usage)
        self._entries.append(
            StepUse(step=step, model=model, calls=1, usage=usage, cost_usd=cost, duration_s=duration_s)
        )

    def renew(self) -> None:
        """Let the budgets begin anew. What was used before is still told by step."""
        self._before = len(self._entries)

    def add_tool_call(self, step: Step) -> None:
        """Count a tool that was run; it stands with the model that was last asked in that step."""
        model = next((e.model for e in reversed(self._entries) if e.step == step), "")
        self._entries.append(StepUse(step=step, model=model, tool_calls=1))

    def add_recorded(self, requests: Iterable[tuple[ModelCall, ModelReply]]) -> None:
        """Count the requests of a transcript, in their order, and the tools whose results they sent."""
        for call, reply in requests:
            for block in call.messages[-1].blocks if call.messages else ():
                if isinstance(block, ToolResult):
                    self.add_tool_call(call.step)
            self.add(call.step, reply.model, reply.usage, reply.duration_s)

    def by_step(self) -> tuple[StepUse, ...]:
        """What was used by each model in each step, in the order they were first asked."""
        found: dict[tuple[Step, str], StepUse] = {}
        for entry in self._entries:
            key = (entry.step, entry.model)
            found[key] = found[key].plus(entry) if key in found else entry
        return tuple(found.values())

    def unreported(self, evidence: EvidenceIndex) -> tuple[StepUse, ...]:
        """What of `by_step` isn't in evidence yet. Everything that is in evidence must have been counted here."""
        return tuple(
            left
            for use in self.by_step()
            if (left := _without(use, evidence)).calls > 0 or left.tool_calls > 0
        )

    def unpriced(self) -> tuple[str, ...]:
        """The models that were asked and have no price."""
        return tuple(dict.fromkeys(e.model for e in self._entries if e.cost_usd is None))

    def warnings(self) -> tuple[str, ...]:
        """What keeps a budget from being held; empty where all can be."""
        budget = format_number(self.budgets.model_cost_usd, "USD")
        return tuple(
            f"agent.yaml has no price for {model} (prices.usd_per_million_tokens): what it costs isn't known, and the "
            f"budget of {budget} (budgets.model_cost_usd) can't be held"
            for model in self.unpriced()
        )

    def spent(self) -> str | None:
        """Which budget is spent, in a sentence; None while none is."""
        return next((said for used, said in self._budgets() if used >= 1), None)

    def nearly_spent(self) -> bool:
        """Whether so much of a budget is spent that it is time for the final answer."""
        return any(used >= NEARLY for used, _ in self._budgets())

    def told(self) -> str:
        """What was used so far, in one line."""
        total = self._total()
        return (
            f"{format_number(total.usage.tokens, 'tokens')}, {self._cost_told()}, "
            f"{total.tool_calls} of {self.budgets.tool_calls} tool calls"
        )

    def _cost_told(self) -> str:
        known = self._known_cost()
        unpriced = tuple(dict.fromkeys(e.model for e in self._current() if e.cost_usd is None))
        dollars = format_number(float(known), "USD")
        if not unpriced:
            return dollars
        why = f"no price for {', '.join(unpriced)}"
        return f"at least {dollars} ({why})" if known else f"cost unknown ({why})"

    def _known_cost(self) -> Decimal:
        return sum((e.cost_usd for e in self._current() if e.cost_usd is not None), Decimal(0))

    def _current(self) -> list[StepUse]:
        return self._entries[self._before :]

    def _total(self) -> StepUse:
        total = StepUse(step="investigate", model="")
        for entry in self._current():
            total = total.plus(entry)
        return total

    def _budgets(self) -> tuple[tuple[float, str], ...]:
        """Of each budget the part that is used, and the sentence for when that is all of it."""
        total, known = self._total(), self._known_cost()
        tokens, dollars, tools = (
            self.budgets.model_tokens,
            self.budgets.model_cost_usd,
            self.budgets.tool_calls,
        )
        time_s = self.budgets.model_s if self.time_s is None else self.time_s
        return (
            (
                total.usage.tokens / tokens,
                f"the budget of {tokens:,} tokens is spent: {total.usage.tokens:,} were used (budgets.model_tokens)",
            ),
            (
                float(known / Decimal(str(dollars))),
                f"the budget of {format_number(dollars, 'USD')} is spent: the model cost "
                f"{format_number(float(known), 'USD')} (budgets.model_cost_usd)",
            ),
            (
                total.tool_calls / tools,
                f"the budget of {tools:,} tool calls is spent (budgets.tool_calls)",
            ),
            (
                total.duration_s / time_s,
                f"the time for waiting of {format_number(time_s, 's')} is spent: the model took "
                f"{format_number(total.duration_s, 's')} (budgets.model_s)",
            ),
        )


def price_of(prices: PriceSettings, model: str) -> Price | None:
    """A model's price, also by its name without the date at its end; None where there is none."""
    table = prices.usd_per_million_tokens
    return table.get(model) or table.get(_DATED.sub("", model))


def cost_usd(prices: PriceSettings, model: str, usage: Usage) -> Decimal | None:
    """What a reply cost, to the last digit; None where the model has no price.

    Source: platform.claude.com, "Pricing": above a prompt's length the higher rates hold for all of its tokens.
    """
    price = price_of(prices, model)
    if price is None:
        return None
    rates: Rates = price
    if price.above is not None and price.above_tokens is not None and usage.sent_tokens > price.above_tokens:
        rates = price.above
    parts = (
        (rates.input, usage.input_tokens),
        (rates.output, usage.output_tokens),
        (rates.cache_read, usage.cache_read_tokens),
        (rates.cache_write, usage.cache_write_tokens),
    )
    return sum((Decimal(str(rate)) * tokens for rate, tokens in parts), Decimal(0)) / _MILLION


def use_title(use: StepUse) -> str:
    """The title of the evidence that holds `use_quantities`; its tool is the model, its kind `analysis`."""
    return f"{MODEL_USE}{use.step}"


def use_quantities(use: StepUse) -> list[Quantity]:
    """What was used, as evidence; without `cost` where that isn't known."""
    found = [
        Quantity(name="calls", value=use.calls, unit="count"),
        Quantity(name="tool_calls", value=use.tool_calls, unit="count"),
        Quantity(name="input_tokens", value=use.usage.input_tokens, unit="tokens"),
        Quantity(name="cache_read_tokens", value=use.usage.cache_read_tokens, unit="tokens"),
        Quantity(name="cache_write_tokens", value=use.usage.cache_write_tokens, unit="tokens"),
        Quantity(name="output_tokens", value=use.usage.output_tokens, unit="tokens"),
        Quantity(name="duration", value=use.duration_s, unit="s"),
    ]
    if use.cost_usd is not None:
        found.append(Quantity(name="cost", value=float(use.cost_usd), unit="USD"))
    return found


def use_warnings(use: StepUse, prices: PriceSettings) -> tuple[str, ...]:
    """How the cost of that evidence is known, or that it isn't."""
    if use.cost_usd is None:
        return (f"the cost is unknown: agent.yaml has no price for {use.model}",)
    return (f"the cost is by agent.yaml's prices of {prices.as_of.isoformat()}",)


def _without(use: StepUse, evidence: EvidenceIndex) -> StepUse:
    """What is left of `use` when what evidence holds of it is taken away."""
    told = [
        e
        for e in evidence.items
        if e.kind == "analysis" and e.title == use_title(use) and e.tool == use.model
    ]
    cost = use.cost_usd
    if cost is not None:
        cost -= sum(
            (Decimal(str(q.value)) for e in told for q in e.quantities if q.name == "cost"), Decimal(0)
        )
    usage = use.usage
    return replace(
        use,
        calls=use.calls - _count(told, "calls"),
        tool_calls=use.tool_calls - _count(told, "tool_calls"),
        usage=Usage(
            input_tokens=usage.input_tokens - _count(told, "input_tokens"),
            output_tokens=usage.output_tokens - _count(told, "output_tokens"),
            cache_read_tokens=usage.cache_read_tokens - _count(told, "cache_read_tokens"),
            cache_write_tokens=usage.cache_write_tokens - _count(told, "cache_write_tokens"),
        ),
        cost_usd=cost,
        duration_s=max(0.0, use.duration_s - _sum(told, "duration")),
    )


def _count(told: Iterable[Evidence], name: str) -> int:
    return round(_sum(told, name))


def _sum(told: Iterable[Evidence], name: str) -> float:
    return sum(q.value for e in told for q in e.quantities if q.name == name)
