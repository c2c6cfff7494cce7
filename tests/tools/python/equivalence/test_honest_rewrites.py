"""The playbook's own rewrites, and other honest ones, show no difference: neither recorded nor on variations."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tools.python.cases import PATTERNS, read_cases, rewritten
from tests.tools.python.equivalence.conftest import Compare, compared, reasons
from tools.patterns.pattern import Rewritten

ACCEPTED = [c for c in read_cases("rewrites") if c.judged == "accepted"]
WORK = """
import importlib

for number in range({count}):
    case = importlib.import_module("cases.c%02d" % number)
    for arguments in case.INPUTS():
        try:
            result = case.hot(*arguments)
            if hasattr(result, "__next__"):
                list(result)
        except Exception as error:
            print(number, type(error).__name__)
"""
DAILY = "rows = [1, 2]\nx = 1\n"


@pytest.mark.slow
def test_no_rewrite_of_the_playbook_shows_a_difference(compare: Compare, tmp_path: Path) -> None:
    before = {"work.py": WORK.format(count=len(ACCEPTED)), "daily.py": DAILY, "cases/__init__.py": ""}
    after = {}
    for number, case in enumerate(ACCEPTED):
        outcome = rewritten(case.source, PATTERNS[case.pattern], tmp_path)
        assert isinstance(outcome, Rewritten)
        (text,) = outcome.files.values()
        assert isinstance(text, str)
        before[f"cases/c{number:02}.py"] = case.source.replace("FILE", '"work.py"')
        after[f"cases/c{number:02}.py"] = text.replace("FILE", '"work.py"')
    found = compare(before, after, seconds=12.0, generated=40)
    assert found.differences == ()
    assert reasons(found) == {}
    assert len(compared(found)) == len(ACCEPTED)
    assert sum(generated for _, generated in compared(found).values()) > 10 * len(ACCEPTED)


DAYS = """
from dataclasses import dataclass
from datetime import date


@dataclass
class Order:
    number: int
    day: date


def read(days):
    return [Order(n, date(2024, 1, day)) for n, day in enumerate(days)]
"""
EACH_DAY_ONCE = """
def read(days):
    known = {day: date(2024, 1, day) for day in set(days)}
    return [Order(n, known[day]) for n, day in enumerate(days)]
"""
WORK_WITH_DAYS = "import sys\n\nimport shop\n\nshop.read([1 + n % 28 for n in range(3000)])\n"


def test_a_large_result_that_shares_what_cannot_be_written_to_is_no_difference(compare: Compare) -> None:
    before = {"work.py": WORK_WITH_DAYS, "shop.py": DAYS}
    after = DAYS.partition("\n\ndef read")[0] + "\n" + EACH_DAY_ONCE
    found = compare(before, {"shop.py": after})
    assert found.differences == ()
    assert compared(found).keys() == {"read"}


def test_a_large_result_that_differs_at_its_beginning_is_a_difference(compare: Compare) -> None:
    before = {"work.py": WORK_WITH_DAYS, "shop.py": DAYS}
    wrong = EACH_DAY_ONCE.replace("known[day])", "known[days[0]])")
    found = compare(before, {"shop.py": DAYS.partition("\n\ndef read")[0] + "\n" + wrong})
    assert found.differences != ()
