"""The answer over several requests: shares, percentiles, what ran beside the path."""

from __future__ import annotations

from fractions import Fraction

import pytest

from tests.tools.spans.building import recording_of
from tools.spans.analysis import answer, requests_of, spread
from tools.spans.answer import Answer, RequestType

QUICK = "order 0-100\n  check 0-20\n  stock 20-90\n  price 25-60"
SLOW = "order 0-300\n  check 0-20\n  stock 20-290\n  price 25-60\n    rules 26-59\n  mail 200-900"


def answered(*texts: str, over_s: float = 0.1) -> Answer:
    recording = recording_of(*texts)
    traces, warnings = requests_of(recording)
    return answer(recording, traces, over_s, warnings)


def only(found: Answer) -> RequestType:
    (kind,) = found.types
    return kind


def test_shares_are_of_all_requests_and_sum_to_one_exactly() -> None:
    kind = only(answered(QUICK, SLOW))
    assert [(o.operation.name, o.share_ratio) for o in kind.operations] == [
        ("stock", 0.85), ("check", 0.1), ("order", 0.05),
    ]  # fmt: skip
    assert sum(Fraction(o.own_ns, kind.total_ns) for o in kind.operations) == 1
    stock = kind.operations[0]
    assert (stock.own.mean_s, stock.own.longest_s, stock.visits) == (0.17, 0.27, 2)
    assert stock.saved_ratio == (30 + 230) / 400  # price, begun 5 ms into it, then takes 35 ms


def test_types_of_requests_are_told_apart_the_one_that_took_most_time_first() -> None:
    found = answered("ping 0-1", "order 0-100", "ping 5-7", "ping 10-13")
    assert [(t.operation.name, t.requests, t.total_ns) for t in found.types] == [
        ("order", 1, 100_000_000), ("ping", 3, 6_000_000),
    ]  # fmt: skip
    assert found.types[1].typical.fitted.trace.id == "t2"


def test_what_ran_beside_the_path_is_told_with_what_it_ran_beside() -> None:
    kind = only(answered(QUICK, SLOW))
    (price,) = kind.beside
    assert (price.operation.name, price.spans, price.duration_s) == ("price", 2, 0.07)
    assert (price.beside.name, price.beside_s) == ("stock", 0.07)


def test_an_operation_that_is_on_any_requests_path_is_not_called_beside() -> None:
    kind = only(answered(QUICK, "order 0-100\n  price 0-90"))
    assert kind.beside == ()
    assert "price" in {o.operation.name for o in kind.operations}


def test_many_intervals_beside_the_path_are_counted_once_where_they_overlap() -> None:
    kind = only(answered("r 0-100\n  long 0-100\n  side 10-30\n  side 20-40\n  side 50-60"))
    (side,) = kind.beside
    assert (side.spans, side.duration_s, side.beside_s) == (3, 0.04, 0.04)


def test_work_that_nobody_waits_for_is_told_with_how_long_it_went_on() -> None:
    (mail,) = only(answered(QUICK, SLOW)).goes_on
    assert (mail.operation.name, mail.spans, mail.after_s) == ("mail", 1, 0.6)


def test_operations_over_the_limit_are_told_whether_on_the_path_or_not() -> None:
    kind = only(answered(QUICK, SLOW))
    assert [(o.operation.name, o.over, o.spans, o.longest_s) for o in kind.long] == [
        ("mail", 1, 1, 0.7), ("order", 1, 2, 0.3), ("stock", 1, 2, 0.27),
    ]  # fmt: skip
    assert kind.long[0].share_ratio == 0
    assert [o.operation.name for o in only(answered(QUICK, over_s=0.0999)).long] == ["order"]


def test_requests_that_took_no_time_have_no_operations() -> None:
    kind = only(answered("a 5-5\n  b 5-5"))
    assert (kind.total_ns, kind.operations) == (0, ())


@pytest.mark.parametrize(
    ("times", "p50", "p95"), [([4], 4, 4), ([1, 2, 3, 4], 2.5, 3.85), ([0] * 9 + [10], 0, 5.5)]
)
def test_percentiles_are_interpolated(times: list[int], p50: float, p95: float) -> None:
    found = spread([t * 10**9 for t in times], len(times))
    assert (found.p50_s, found.p95_s) == pytest.approx((p50, p95))
