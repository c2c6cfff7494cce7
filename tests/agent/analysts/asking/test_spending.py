"""What asking a model costs is exact, what isn't known is said, and a spent budget is named."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from agent.analysts.asking.spending import (
    Spending,
    StepUse,
    cost_usd,
    use_quantities,
    use_title,
    use_warnings,
)
from agent.analysts.model import Message, ModelCall, ModelReply, Text, ToolResult, Usage
from agent.evidence import Evidence, EvidenceIndex
from agent.model_settings import PriceSettings
from agent.settings import BudgetSettings

PRICES = PriceSettings()
OPUS, SONNET, HAIKU = "claude-opus-5-5", "claude-sonnet-5-5", "claude-haiku-5-5"


def spending(**budgets: float) -> Spending:
    return Spending(budgets=BudgetSettings.model_validate(budgets), prices=PRICES)


def used(input_: int = 0, output: int = 0, read: int = 0, write: int = 0) -> Usage:
    return Usage(input_tokens=input_, output_tokens=output, cache_read_tokens=read, cache_write_tokens=write)


@pytest.mark.parametrize(
    ("model", "usage", "dollars"),
    [
        # 1,000 at 4 + 2,000 at 20 + 30,000 at 0.20 + 4,000 at 5, for a million
        (OPUS, used(1_000, 2_000, 30_000, 4_000), "0.07"),
        # 7 at 2 + 3 at 10 + 11 at 0.10 + 13 at 2.50
        (SONNET, used(7, 3, 11, 13), "0.0000776"),
        # 60,000 at 0.10 + 1,000 at 0.50 + 30,000 at 0.01 + 10,000 at 0.125: 100,000 sent is not above it
        (HAIKU, used(60_000, 1_000, 30_000, 10_000), "0.00805"),
        # one more: 60,001 at 0.50 + 1,000 at 2.50 + 30,000 at 0.05 + 10,000 at 0.625
        (HAIKU, used(60_001, 1_000, 30_000, 10_000), "0.0402505"),
        ("claude-haiku-4-5-20251001", used(1_000_000, 1_000_000, 1_000_000, 1_000_000), "7.35"),
        ("claude-fable-5-1", used(100, 200, 300, 400), "0.016075"),
        (OPUS, used(), "0"),
    ],
)
def test_a_reply_costs_what_the_published_prices_make_it(model: str, usage: Usage, dollars: str) -> None:
    assert cost_usd(PRICES, model, usage) == Decimal(dollars)


def test_a_million_replies_add_up_without_rounding() -> None:
    one = cost_usd(PRICES, SONNET, used(1, 1, 1, 1))
    assert one == Decimal("0.0000146")
    found = StepUse(step="optimise", model=SONNET, cost_usd=Decimal(0))
    for _ in range(1000):
        found = found.plus(replace(found, cost_usd=one))
    assert found.cost_usd == Decimal("0.0146")


def test_a_model_without_a_price_costs_what_is_not_known_and_never_nothing() -> None:
    assert cost_usd(PRICES, "claude-opus-55", used(1)) is None
    found = spending()
    found.add("investigate", "mine", used(12_000, 300), 1.0)
    assert found.told() == "12,300 tokens, cost unknown (no price for mine), 0 of 60 tool calls"
    (warning,) = found.warnings()
    assert "no price for mine (prices.usd_per_million_tokens)" in warning
    assert "the budget of $5.00 (budgets.model_cost_usd) can't be held" in warning
    (use,) = found.by_step()
    assert use.cost_usd is None
    assert "cost" not in {q.name for q in use_quantities(use)}
    assert use_warnings(use, PRICES) == ("the cost is unknown: agent.yaml has no price for mine",)


def test_a_known_part_of_the_cost_is_told_as_the_least_and_counts_against_the_budget() -> None:
    found = spending(model_cost_usd=0.01)
    found.add("investigate", "mine", used(1_000), 1.0)
    assert found.spent() is None
    found.add("optimise", SONNET, used(10_000), 1.0)
    assert found.told() == "11,000 tokens, at least $0.02 (no price for mine), 0 of 60 tool calls"
    assert found.spent() is not None
    assert [use.cost_usd for use in found.by_step()] == [None, Decimal("0.02")]


def test_one_line_tells_tokens_money_and_tool_calls() -> None:
    found = spending()
    found.add("investigate", OPUS, used(2_000, 300, 10_000, 0), 3.0)
    found.add("investigate", OPUS, used(0, 3_200, 0, 0), 3.0)
    for _ in range(5):
        found.add_tool_call("investigate")
    assert found.told() == "15,500 tokens, $0.08, 5 of 60 tool calls"
    assert spending().told() == "0 tokens, $0.00, 0 of 60 tool calls"


@pytest.mark.parametrize(
    ("budgets", "said"),
    [
        (
            {"model_tokens": 1_000},
            "the budget of 1,000 tokens is spent: 1,000 were used (budgets.model_tokens)",
        ),
        (
            {"model_cost_usd": 0.004},
            "the budget of $0.0040 is spent: the model cost $0.0040 (budgets.model_cost_usd)",
        ),
        ({"tool_calls": 1}, "the budget of 1 tool calls is spent (budgets.tool_calls)"),
        (
            {"model_s": 2.5},
            "the time for waiting of 2.50 s is spent: the model took 2.50 s (budgets.model_s)",
        ),
    ],
)
def test_a_spent_budget_is_named_with_its_key(budgets: dict[str, float], said: str) -> None:
    found = spending(**budgets)
    assert found.spent() is None
    found.add("investigate", OPUS, used(1_000), 2.5)
    found.add_tool_call("investigate")
    assert found.spent() == said
    assert found.nearly_spent()


@pytest.mark.parametrize(
    ("tokens", "nearly", "spent"),
    [(799, False, False), (800, True, False), (999, True, False), (1_000, True, True)],
)
def test_four_fifths_of_a_budget_are_nearly_all_of_it(tokens: int, nearly: bool, spent: bool) -> None:
    found = spending(model_tokens=1_000)
    found.add("optimise", OPUS, used(tokens), 0.1)
    assert found.nearly_spent() is nearly
    assert (found.spent() is not None) is spent


def test_tokens_that_come_from_the_cache_count_against_the_budget() -> None:
    found = spending(model_tokens=1_000)
    found.add("optimise", OPUS, used(read=600, write=300, output=100), 0.1)
    assert found.spent() is not None


def test_a_time_limit_of_the_request_counts_in_place_of_the_settings() -> None:
    found = Spending(budgets=BudgetSettings(), prices=PRICES, time_s=1.0)
    found.add("optimise", OPUS, used(1), 1.0)
    assert "the time for waiting of 1.00 s is spent" in str(found.spent())


def test_steps_and_models_are_told_apart_in_the_order_they_were_asked() -> None:
    found = spending()
    found.add("investigate", HAIKU, used(10, 1), 1.0)
    found.add_tool_call("investigate")
    found.add("optimise", OPUS, used(20, 2), 2.0)
    found.add("investigate", HAIKU, used(30, 3), 4.0)
    found.add("investigate", SONNET, used(1), 8.0)
    found.add_tool_call("investigate")
    assert [
        (u.step, u.model, u.calls, u.tool_calls, u.usage.tokens, u.duration_s) for u in found.by_step()
    ] == [
        ("investigate", HAIKU, 2, 1, 44, 5.0),
        ("optimise", OPUS, 1, 0, 22, 2.0),
        ("investigate", SONNET, 1, 1, 1, 8.0),
    ]


def recorded(usage: Usage, *results: str) -> tuple[ModelCall, ModelReply]:
    """A request that sent the results of tools, or words only, and its reply."""
    blocks = [ToolResult(id=text, text=text) for text in results]
    said = Message(role="user", blocks=(Text(text="go on"), *blocks))
    call = ModelCall(
        step="investigate", conversation="investigate", model="opus", system="", tools=(), messages=(said,),
        max_tokens=0,
    )  # fmt: skip
    reply = ModelReply(
        model=OPUS, blocks=(Text(text="hm"),), stop_reason="tool_use", usage=usage, duration_s=1.5
    )
    return call, reply


def test_an_interrupted_run_goes_on_with_what_its_transcript_says_was_spent() -> None:
    once, again = spending(), spending()
    once.add("investigate", OPUS, used(100, 10), 1.5)
    once.add_tool_call("investigate")
    once.add_tool_call("investigate")
    once.add("investigate", OPUS, used(5, 20, read=100), 1.5)
    again.add_recorded([recorded(used(100, 10)), recorded(used(5, 20, read=100), "top", "callers")])
    assert again.by_step() == once.by_step()
    assert again.told() == once.told() == "235 tokens, $0.0010, 2 of 60 tool calls"


def kept(use: StepUse, number: int) -> Evidence:
    return Evidence(
        id=f"E{number}", kind="analysis", title=use_title(use), tool=use.model, duration_s=use.duration_s,
        quantities=tuple(use_quantities(use)),
    )  # fmt: skip


def test_each_use_is_reported_once_and_evidence_adds_up_to_all_of_it() -> None:
    found, evidence = spending(), EvidenceIndex()
    for turn in range(3):
        found.add("optimise", SONNET, used(7 + turn, 3, 11, 13), 0.25)
        found.add_tool_call("optimise")
        (new,) = found.unreported(evidence)
        assert (new.calls, new.tool_calls, new.usage) == (1, 1, used(7 + turn, 3, 11, 13))
        assert new.cost_usd == cost_usd(PRICES, SONNET, new.usage)
        evidence = EvidenceIndex.of([*evidence.items, kept(new, turn + 1)])
        assert found.unreported(evidence) == ()
    (whole,) = found.by_step()
    for quantity in use_quantities(whole):
        parts = sum(e.quantity(quantity.name).value for e in evidence.items)
        assert parts == pytest.approx(quantity.value, rel=1e-12)


def test_evidence_of_something_else_does_not_hide_what_was_used() -> None:
    found = spending()
    found.add("optimise", SONNET, used(7), 0.25)
    (use,) = found.unreported(EvidenceIndex())
    others = [
        replace(kept(use, 1), tool=OPUS),
        replace(kept(use, 2), title="model use: investigate"),
        replace(kept(use, 3), kind="capture"),
    ]
    assert found.unreported(EvidenceIndex.of(others)) == (use,)
    assert found.unreported(EvidenceIndex.of([*others, kept(use, 4)])) == ()


def test_the_evidence_of_a_step_names_the_step_the_prices_and_every_amount() -> None:
    found = spending()
    found.add("follow up", SONNET, used(1_000, 2_000, 3_000, 4_000), 2.5)
    (use,) = found.by_step()
    assert use_title(use) == "model use: follow up"
    assert {q.name: (q.value, q.unit) for q in use_quantities(use)} == {
        "calls": (1, "count"),
        "tool_calls": (0, "count"),
        "input_tokens": (1_000, "tokens"),
        "output_tokens": (2_000, "tokens"),
        "cache_read_tokens": (3_000, "tokens"),
        "cache_write_tokens": (4_000, "tokens"),
        "duration": (2.5, "s"),
        "cost": (0.0323, "USD"),
    }
    assert use_warnings(use, PRICES) == ("the cost is by agent.yaml's prices of 2026-10-10",)


def test_budgets_that_begin_anew_still_tell_everything_by_step() -> None:
    found = spending(tool_calls=1, model_tokens=1_000)
    found.add("investigate", OPUS, used(2_000), 1.0)
    found.add_tool_call("investigate")
    assert found.spent() is not None
    found.renew()
    assert found.spent() is None
    assert not found.nearly_spent()
    assert found.told().startswith("0 tokens, $0.00, 0 of 1 tool calls")
    assert [(use.calls, use.tool_calls) for use in found.by_step()] == [(1, 1)]
    found.add("follow up", OPUS, used(2_000), 1.0)
    assert found.spent() is not None
