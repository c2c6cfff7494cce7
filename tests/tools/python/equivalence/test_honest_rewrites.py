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
