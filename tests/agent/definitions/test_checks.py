"""A checklist item is decided by code only when every word of it is understood; all others stay open."""

from __future__ import annotations

import pytest

from agent.definitions.checks import read_check


@pytest.mark.parametrize(
    ("text", "deciders"),
    [
        ("CPU profiled", ("cpu_profiled",)),
        ("Heap and CPU profiles captured", ("cpu_profiled", "memory_profiled")),
        ("CPU and memory profiled", ("cpu_profiled", "memory_profiled")),
        ("Goroutines analysed", ("goroutines_profiled",)),
        ("The three worst bottlenecks are named, with evidence", ("top_bottlenecks_identified",)),
        ("Hotspots ranked", ("top_bottlenecks_identified",)),
        ("Optimizations applied", ("optimisations_implemented",)),
        ("Speedups measured", ("improvements_benchmarked",)),
        ("No regressions", ("no_regressions_verified",)),
        ("Optimisations documented", ("changes_documented",)),
        ("Optimisations implemented and documented", ("optimisations_implemented", "changes_documented")),
        ("Alerts configured", ("monitoring_updated",)),
    ],
)
def test_items_in_other_words_are_decided_by_the_same_checks(text: str, deciders: tuple[str, ...]) -> None:
    assert read_check(text).deciders == deciders


@pytest.mark.parametrize(
    "text",
    [
        "CPU profile reviewed by the platform team",
        "Top 5 bottlenecks identified",
        "CPU profiled in production",
        "CPU not profiled",
        "Memory leaks profiled",
        "No CPU profiled",
        "Improvements approved",
        "Changes documented in the wiki",
        "Monitoring updated by operations",
        "CPU profiled 由平台团队审核",
        "CPU profiled и проверено",
        "Benchmarks green on all 3 clouds",
        "Stakeholders informed",
        "",
        "!!!",
    ],
)
def test_an_item_with_a_word_that_code_cannot_check_is_undecidable(text: str) -> None:
    assert read_check(text).deciders == ()
