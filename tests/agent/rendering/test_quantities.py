"""Numbers are scaled for reading and keep what they mean; prose takes its numbers from evidence only."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.evidence import Evidence, EvidenceIndex, Quantity
from agent.rendering.quantities import format_number, format_quantity, format_speedup, resolve


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.0, "s", "0.00 ns"),
        (1.5e-9, "s", "1.50 ns"),
        (0.25, "sec/op", "250 ms/op"),
        (12.34, "s", "12.3 s"),
        (1023, "B", "1023 B"),
        (1024, "B/op", "1.00 KiB/op"),
        (9e6, "peak-RSS-B", "8.58 MiB"),
        (0.1234, "ratio", "12.3 %"),
        (1.0, "ratio", "100 %"),
        (1_234_567, "count", "1,234,567"),
        (2.5, "allocs/op", "2.5 allocs/op"),
        (0.08, "USD", "$0.08"),
        (1.23, "USD", "$1.23"),
        (1234.5, "USD", "$1,234.50"),
        (0.01, "USD", "$0.01"),
        (0.0042, "USD", "$0.0042"),
        (0.00004, "USD", "$0.000040"),
        (0, "USD", "$0.00"),
        (-0.5, "USD", "-$0.50"),
        (math.nan, "USD", "unknown"),
        (12_300, "tokens", "12,300 tokens"),
        (math.nan, "s", "unknown"),
        (math.inf, "B", "unknown"),
    ],
)
def test_a_number_reads_as_people_write_it(value: float, unit: str, text: str) -> None:
    assert format_number(value, unit) == text


@given(st.floats(min_value=1e-9, max_value=1e9))
def test_a_scaled_time_is_the_value_to_three_digits(value: float) -> None:
    number, unit = format_number(value, "s").split()
    back = float(number) * {"s": 1, "ms": 1e-3, "µs": 1e-6, "ns": 1e-9}[unit]
    assert back == pytest.approx(value, rel=0.006)


def test_an_estimate_shows_its_interval() -> None:
    assert (
        format_quantity(Quantity(name="x", value=0.5, unit="ratio", interval=(0.4, 0.6)))
        == "50.0 % (40.0 % to 60.0 %)"
    )


@pytest.mark.parametrize(
    ("ratio", "text"), [(0.5, "2.00x faster"), (2, "2.00x slower"), (1, "1.00x slower"), (0, "unknown")]
)
def test_a_speedup_says_its_direction(ratio: float, text: str) -> None:
    assert format_speedup(ratio) == text


def test_prose_gets_its_numbers_from_evidence_and_a_number_nobody_measured_is_an_error() -> None:
    share = Quantity(name="Report/size=10:sec/op", value=0.5, unit="s")
    index = EvidenceIndex((Evidence(id="E1", kind="pairs", title="t", tool="x", quantities=(share,)),))
    assert resolve("It takes {E1.Report/size=10:sec/op}.", index) == "It takes 500 ms."
    for prose in ("{E2.share}", "{E1.other}"):
        with pytest.raises(KeyError):
            resolve(prose, index)
    assert resolve("a {set} of {x.y}", index) == "a {set} of {x.y}"
