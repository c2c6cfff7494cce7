"""A flame graph's words: amounts as people read them, labels within their box."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.profiles.flame.words import label, shortened
from tools.profiles.flamegraph import format_value


@given(st.text(max_size=30), st.integers(min_value=0, max_value=300))
def test_a_label_never_leaves_its_box(name: str, width_px: int) -> None:
    text = label(name, width_px)
    columns = sum(2 if character >= "\u1100" else 1 for character in text.rstrip("…"))
    assert columns + text.endswith("…") <= max((width_px - 8) / 6.65, 0)


def test_a_label_leaves_out_the_path_but_not_a_type_parameter() -> None:
    assert label("example.com/x/y.(*T).M", 500) == "y.(*T).M"
    assert label("example.com/a.Map[example.com/b.T]", 500) == "a.Map[example.com/b.T]"
    assert label("example.com/x/", 500) == "example.com/x/"
    assert label("日本語日本語", 8 + 6.65 * 5) == "日本…"


@given(st.text(max_size=900), st.integers(min_value=4, max_value=400))
def test_a_shortened_text_has_both_its_ends(text: str, longest: int) -> None:
    found = shortened(text, longest)
    assert len(found) <= longest
    assert found == text or (found[:2] == text[:2] and found[-1] == text[-1])


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (12, "nanoseconds", "12 ns"),
        (1_500, "nanoseconds", "1.5 µs"),
        (2_340_000, "nanoseconds", "2.34 ms"),
        (61e9, "nanoseconds", "61 s"),
        (999_900_000, "nanoseconds", "1000 ms"),
        (61_234e9, "nanoseconds", "61234 s"),
        (12_250_000, "nanoseconds", "12.3 ms"),
        (1023, "bytes", "1023 B"),
        (3 * 2**20, "bytes", "3 MiB"),
        (-(2**31), "bytes", "-2 GiB"),
        (12345, "count", "12,345 count"),
    ],
)
def test_values_are_scaled_for_reading(value: float, unit: str, text: str) -> None:
    assert format_value(value, unit) == text
