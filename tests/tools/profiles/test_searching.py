"""Expressions that somebody else writes: found where Python's are, and never slow."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.errors import LimitExceeded
from tools.profiles.searching import LONGEST_TEXT, LinearRegex, linear_regex

EVIL = ("(a+)+$", "(a|aa)*$", "(a|a?)+$", "(.*)*x", "(?:a?){30}a{30}", "a*a*a*a*a*a*b", "([a-z]+[0-9]?)*!")


@pytest.mark.parametrize("pattern", EVIL)
def test_no_expression_takes_long_on_a_long_name(pattern: str) -> None:
    expression = linear_regex(pattern)
    started = time.perf_counter()
    for _ in range(20):
        expression.search("a" * LONGEST_TEXT + "b")
    assert time.perf_counter() - started < 2


@pytest.mark.parametrize("pattern", ["(a{1,1000}){1,1000}", "((a{0,100}){0,100}){0,100}"])
def test_an_expression_that_would_be_huge_is_refused(pattern: str) -> None:
    with pytest.raises(re.error, match="size limit"):
        linear_regex(pattern)


def test_an_expression_that_has_used_up_its_time_ends_with_what_to_do() -> None:
    class Slow:
        def isinstance_python(self, given: str, /) -> bool:
            time.sleep(0.002)
            return False

    expression = LinearRegex("x", Slow(), 0.001)
    assert expression.search("name") is None
    with pytest.raises(LimitExceeded, match="write a simpler expression"):
        expression.search("name")


@pytest.mark.parametrize(
    ("pattern", "words"),
    [("(", "unclosed group"), ("a(?=b)", "look-around"), (r"(a)\1", "backreferences"), ("[z-a]", "range")],
)
def test_what_is_no_expression_is_an_error_that_says_why(pattern: str, words: str) -> None:
    with pytest.raises(re.error, match=words):
        linear_regex(pattern)


@given(
    pattern=st.sampled_from(
        ["a", "a|b", "^a", "a$", "[.]b", r"\.b", "(a|b)+c", "a.?b", "a{2}", "", "(?i)A", r"\bab\b"]
    ),
    text=st.text(alphabet="ab.cA ", max_size=12),
)
def test_it_finds_what_python_finds(pattern: str, text: str) -> None:
    found = linear_regex(pattern).search(text)
    assert (found is not None) == (re.search(pattern, text) is not None)


def test_of_a_text_that_never_ends_the_beginning_is_searched() -> None:
    expression = linear_regex("end")
    assert expression.search("x" * 10 + "end") is not None
    assert expression.search("x" * LONGEST_TEXT + "end") is None


@given(pattern=st.text(max_size=20), text=st.text(max_size=20))
def test_any_text_is_an_expression_or_no_expression(pattern: str, text: str) -> None:
    try:
        linear_regex(pattern).search(text)
    except re.error as error:
        assert str(error)
