"""Every figure that the pages on ranking and measurement state is the one in the code."""

from __future__ import annotations

import importlib
from typing import get_args

import pytest

from agent.nodes import investigate
from tests.docs.pages import code_words, read, rows, section
from tools.measure.verdict import Rejection
from tools.profiles import ranking

PAGES = ("ranking.md", "measurement.md", "scaling.md")


def wrong_figures(text: str) -> list[str]:
    """The figures of a page's table that aren't what the code says."""
    found = []
    for name, told, *_ in rows(section(text, "Figures")):
        module, _, constant = code_words(name)[0].rpartition(".")
        value = getattr(importlib.import_module(module), constant)
        values = value if isinstance(value, tuple) else (value,)
        numbers = [float(number) for number in told.split(",")]
        if numbers != [pytest.approx(v, abs=5e-5) for v in values]:
            found.append(f"{constant}: told {told}, is {value}")
    return found


@pytest.mark.parametrize("page", PAGES)
def test_the_figures_are_those_of_the_code(page: str) -> None:
    assert rows(section(read(page), "Figures"))
    assert wrong_figures(read(page)) == []


def test_a_wrong_figure_is_seen() -> None:
    text = read("ranking.md").replace("ONE_CHILD` | 0.8", "ONE_CHILD` | 0.9")
    assert [w.split(":")[0] for w in wrong_figures(text)] == ["ONE_CHILD"]


def test_every_constant_of_the_ranking_is_told() -> None:
    for module in (ranking, investigate):
        constants = [n for n, v in vars(module).items() if n.isupper() and isinstance(v, int | float | tuple)]
        for constant in constants:
            assert constant in read("ranking.md") or constant == "ALLOCATION", constant


def test_every_reason_of_a_rejection_is_told_once() -> None:
    told = [cells[0] for cells in rows(section(read("measurement.md"), "The verdict"))]
    assert sorted(told) == sorted(get_args(Rejection))


def test_prose_gives_the_figures_that_it_names_by_number() -> None:
    from tools.measure.calibration import MAX_ITERATIONS
    from tools.patterns.matching import MINIMUM_SHARE

    measurement, playbook = (" ".join(read(page).split()) for page in ("measurement.md", "playbook.md"))
    assert f"{MAX_ITERATIONS:,} iterations at most" in measurement
    assert f"counts when at least {MINIMUM_SHARE:.0%}".replace("%", " %") in playbook
