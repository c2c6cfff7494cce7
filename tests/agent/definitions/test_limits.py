"""Limits and amounts as people write them become one number in a base unit, or none at all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.definitions.amounts import amounts
from agent.definitions.limits import read_limit
from agent.policy import Threshold


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("1,000", 1000, "count"),
        ("1_000_000", 1e6, "count"),
        ("10K records", 10_000, "count"),
        ("2M rows", 2e6, "count"),
        ("500 MB", 500e6, "B"),
        ("500MB", 500e6, "B"),
        ("1.5 GiB", 1.5 * 2**30, "B"),
        ("80%", 0.8, "ratio"),
        ("80 percent", 0.8, "ratio"),
        ("100ms", 0.1, "s"),
        ("250 µs", 250e-6, "s"),
        ("2 minutes", 120, "s"),
        ("1 h", 3600, "s"),
        ("200 requests/s", 200, "1/s"),
    ],
)
def test_an_amount_is_read_in_base_units(text: str, value: float, unit: str) -> None:
    (amount,) = amounts(text)
    assert amount.value == pytest.approx(value)
    assert amount.unit == unit


@pytest.mark.parametrize("text", ["p99", "the 99th", "5-10 s", "v1.2.3", "utf-8", "from 3 to 7 ms"])
def test_percentiles_versions_and_the_start_of_ranges_are_no_amounts(text: str) -> None:
    assert [a for a in amounts(text) if a.unit != "s"] == []


@given(st.text())
def test_any_text_can_be_read(text: str) -> None:
    for amount in amounts(text):
        assert text[amount.start : amount.end].strip()
    read_limit(text)


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("API response < 100ms (p99)",
         Threshold(metric="latency", comparator="<", value=0.1, unit="s", percentile=0.99)),
        ("95th percentile latency at most 250 ms",
         Threshold(metric="latency", comparator="<=", value=0.25, unit="s", percentile=0.95)),
        ("median response time under 2 s",
         Threshold(metric="latency", comparator="<", value=2, unit="s", percentile=0.5)),
        ("Import of 10,000 rows takes less than 3 seconds",
         Threshold(metric="duration", comparator="<", value=3, unit="s", per_records=10_000)),
        ("memory usage exceeds 500MB", Threshold(metric="memory", comparator=">", value=500e6, unit="B")),
        ("memory must not exceed 2 GiB", Threshold(metric="memory", comparator="<=", value=2 * 2**30, unit="B")),
        ("CPU below 50 percent", Threshold(metric="cpu", comparator="<", value=0.5, unit="ratio")),
        ("1000+ concurrent users", Threshold(metric="concurrent_users", comparator=">=", value=1000, unit="count")),
        ("no goroutine leaks", Threshold(metric="leaks", comparator="==", value=0, unit="count")),
        ("fewer than 5,000 goroutines", Threshold(metric="goroutines", comparator="<", value=5000, unit="count")),
        ("99.9% of responses under 200 ms", Threshold(metric="latency", comparator="<", value=0.2, unit="s")),
    ],
)  # fmt: skip
def test_a_limit_is_understood(text: str, limit: Threshold) -> None:
    found = read_limit(text)
    assert found is not None
    assert found.value == pytest.approx(limit.value)
    assert (found.metric, found.comparator, found.unit, found.percentile, found.per_records) == (
        limit.metric,
        limit.comparator,
        limit.unit,
        limit.percentile,
        limit.per_records,
    )


@pytest.mark.parametrize(
    "text",
    [
        "Fast enough",
        "100 ms",
        "between 100 and 200 ms",
        "Looks tidy in 2 browsers",
        "for 10K records",
        "over the top",
    ],
)
def test_what_states_no_sure_limit_has_none(text: str) -> None:
    assert read_limit(text) is None
