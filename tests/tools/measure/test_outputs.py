"""Where two outputs differ is shown, however long they are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.measure.outputs import KEPT, SHOWN, Output, first_difference


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("size 40\n14173\n", "size 40\n14175\n", "line 2 was '14173', is '14175'"),
        ("a\nb\n", "a\n", "line 2 was 'b', is not there"),
        ("", "more", "line 1 was not there, is 'more'"),
        ("a\n", "a", "at the ends of its lines"),
        ("x" * KEPT + "1", "x" * KEPT + "2", "after its first 10,000 characters"),
        ("tab\there", "tab here", "line 1 was 'tab\\there', is 'tab here'"),
    ],
)
def test_the_first_line_that_differs_is_shown_as_it_was_and_is(before: str, after: str, words: str) -> None:
    assert first_difference(Output.of(before), Output.of(after)) == words


def test_of_a_long_line_the_part_that_differs_is_shown() -> None:
    words = first_difference(Output.of("a" * 500 + "1" + "b" * 500), Output.of("a" * 500 + "2" + "b" * 500))
    was, now = words.removeprefix("line 1 was ").split(", is ")
    assert "a1b" in was and "a2b" in now
    assert was.startswith("'…") and was.endswith("…'")
    assert len(was) <= SHOWN + 4


@given(st.text(), st.text())
def test_any_two_outputs_are_told_apart_in_bounded_words(before: str, after: str) -> None:
    one, other = (Output.of(text.encode(errors="ignore").decode()) for text in (before, after))
    if one != other:
        assert 0 < len(first_difference(one, other)) < 100 + 10 * SHOWN * 2


def test_all_of_an_output_is_compared_and_only_its_beginning_kept() -> None:
    one, other = Output.of("x" * 10**6 + "1"), Output.of("x" * 10**6 + "2")
    assert one != other
    assert len(one.start) == KEPT
