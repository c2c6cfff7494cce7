"""The guide to access tells the rules that the code has."""

from __future__ import annotations

import pytest

from agent.access.caller import SCOPES
from agent.access.gate import REMEMBERED_S
from agent.access.keys import FRESH_S, LIMIT_S, PAUSE_S, STALE_S
from agent.access.oidc import ALGORITHMS, LEEWAY_S, LONGEST_SUBJECT
from agent.access.tokens import BITS
from agent.service_settings import LimitSettings
from tests.docs.pages import code_words, read, rows, section

PAGE = "guides/access.md"


def first_words(title: str) -> list[str]:
    """The first word set as code in each row below a heading."""
    return [code_words(row[0])[0] for row in rows(section(read(PAGE), title)) if code_words(row[0])]


def test_every_scope_and_limit_is_told_and_no_other() -> None:
    assert tuple(first_words("Tokens"))[: len(SCOPES)] == SCOPES
    assert first_words("Limits") == list(LimitSettings.model_fields)


def test_every_algorithm_is_told() -> None:
    text = " ".join(section(read(PAGE), "An identity provider").split())
    assert f"{', '.join(ALGORITHMS[:-1])} or {ALGORITHMS[-1]}" in text


@pytest.mark.parametrize(
    "said",
    [
        f"{BITS} random bits",
        f"Clocks may be {LEEWAY_S} s apart",
        f"at most {LONGEST_SUBJECT} printable characters",
        f"every {FRESH_S / 60:g} minutes",
        f"once in {PAUSE_S:g} s at most",
        f"An answer may take {LIMIT_S:g} s",
    ],
)
def test_the_figures_are_those_of_the_code(said: str) -> None:
    assert said in " ".join(read(PAGE).split())


def test_what_is_said_in_words_holds() -> None:
    assert REMEMBERED_S < 5  # "within 5 s"
    assert STALE_S == 3600  # "for up to an hour"
