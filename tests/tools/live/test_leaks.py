"""A real service that leaks is found out, with place and figures; a healthy one that fills and grows isn't blamed."""

from __future__ import annotations

import pytest

from tests.tools.live.services import Start
from tools.errors import ToolError
from tools.live.endpoint import Endpoint
from tools.live.findings import Finding
from tools.live.leaks import NO_COUNTER, Watched, judge_looks, watch_for_leaks
from tools.live.series import Look, Looks
from tools.live.trials.load import steady_load
from tools.profiles.builder import ProfileBuilder
from tools.profiles.profile import Function, ValueType

SECONDS, RATE = 16.0, 120.0
EMPTY = ProfileBuilder([ValueType(name="goroutine", unit="count")]).build()


def watched(start: Start, fault: str, **options: int) -> Watched:
    service = start(fault, keys=300, **options)
    with steady_load(service.url, "/orders", rate=RATE, seed=4) as sent:
        found = watch_for_leaks(Endpoint(url=service.url), seconds=SECONDS)
    assert sent.failed == 0
    assert sent.answered > RATE * SECONDS / 2
    return found


def only(found: Watched, kind: str) -> Finding:
    (finding,) = [f for f in found.findings if f.kind == kind]
    return finding


@pytest.mark.slow
def test_a_goroutine_for_each_request_that_blocks_for_ever(start: Start) -> None:
    finding = only(watched(start, "blocked"), "goroutine-leak")
    assert "main.send" in {function.name for function, _ in finding.stack}
    assert finding.quantities["growth_per_request"].value == pytest.approx(1, abs=0.05)
    assert finding.quantities["growth"].value == pytest.approx(RATE, rel=0.3)


@pytest.mark.slow
def test_a_goroutine_that_retries_for_ever_is_found_though_the_runtime_calls_it_no_leak(start: Start) -> None:
    finding = only(watched(start, "retrying"), "goroutine-leak")
    assert "main.retry" in {function.name for function, _ in finding.stack}
    assert finding.quantities["growth_per_request"].value == pytest.approx(1, abs=0.05)
    assert (
        finding.quantities.get("leaked_by_runtime") is None
        or finding.quantities["leaked_by_runtime"].value == 0
    )
    assert finding.doubts


@pytest.mark.slow
def test_a_kilobyte_kept_of_each_request(start: Start) -> None:
    growth = only(watched(start, "kept"), "memory-leak").quantities["growth_per_request"]
    assert growth.low is not None and growth.high is not None
    assert growth.value == pytest.approx(1024, rel=0.2)
    assert growth.low <= growth.value <= growth.high


@pytest.mark.slow
def test_a_healthy_service_whose_cache_fills_and_whose_pool_grows(start: Start) -> None:
    found = watched(start, "none", workers=12)
    assert [f for f in found.findings if f.is_leak] == []


def looks(counts: list[int], heap: list[int]) -> Looks:
    stack = ((Function(name="main.wait", file="main.go"), 3), (Function(name="main.go1", file="main.go"), 9))
    found = tuple(
        Look(
            at_s=2.0 * n,
            requests=None,
            goroutines={stack: count},
            heap={stack: (held, held / 524288)},
            heap_bytes=held,
        )
        for n, (count, held) in enumerate(zip(counts, heap, strict=True))
    )
    return Looks(looks=found, goroutine_profile=EMPTY, heap_profile=EMPTY)


def test_more_than_ten_thousand_goroutines_are_a_finding_by_themselves() -> None:
    found = judge_looks(looks([10_001] * 30, [5_000_000] * 30), None)
    (finding,) = found.findings
    assert finding.kind == "many-goroutines"
    assert finding.quantities["goroutines"].value == 10_001
    assert judge_looks(looks([10_000] * 30, [5_000_000] * 30), None).findings == ()


def test_the_place_where_memory_grows_and_its_share() -> None:
    found = judge_looks(looks([5] * 30, [5_000_000 + 400_000 * n for n in range(30)]), None)
    finding = only(found, "memory-leak")
    assert [function.name for function, _ in finding.stack] == ["main.wait", "main.go1"]
    assert finding.quantities["growth"].value == pytest.approx(200_000)
    share = finding.quantities["share_of_growth_here"]
    assert share.value == 1.0
    assert share.low is not None and 0.5 < share.low < 1
    assert "growth_per_request" not in finding.quantities
    assert NO_COUNTER in found.doubts


def test_too_short_a_time_is_refused() -> None:
    with pytest.raises(ToolError, match="at least 15 s"):
        watch_for_leaks(Endpoint(url="http://localhost:9"), seconds=10)
