"""Every kind of fault that an optimisation may bring is seen, and told with the arguments that show it."""

from __future__ import annotations

import pytest

from tests.tools.python.equivalence.conftest import Compare, compared, of
from tools.measure.equivalence import Equivalence

BEFORE = """
import sys
from dataclasses import dataclass


@dataclass
class Row:
    name: str
    amount: int


def off_by_one(n):
    return list(range(n))


def wrong_when_empty(rows):
    return sum(rows) / len(rows) if rows else 0.0


def mutates(rows):
    return sorted(rows)


def shares(n):
    return [n, n + 1]


def drops(text):
    if not text.strip():
        raise ValueError("empty line")
    return text.strip()


def other_type(table, key):
    return table[key]


def prints(n):
    return n * 2


def stops_early(rows):
    for row in rows:
        if row >= 0:
            yield row * 2


def imprecise(a, b):
    return a / b


def order(names):
    return {name: len(name) for name in names}


def outside(n):
    return n * n


def hard_coded(a, b):
    return a * 31 + b


def other_words(n):
    if n < 0:
        raise ValueError("n must not be below zero, but is %d" % n)
    return n


def whole_number(n):
    return n / 2


def aliases(rows):
    return list(rows)


def loses_a_row(rows):
    return [Row(r.name, r.amount + 1) for r in rows]


def other_text(name):
    return name.upper()


def none_at_the_end(values):
    return max(values, default=None)


def keeps_going(n):
    return n


def leaves(n):
    return n + 1


def complains(n):
    return n
"""
FAULTS = {
    "off_by_one": ("return list(range(n))", "return list(range(1, n))", "result"),
    "wrong_when_empty": (" if rows else 0.0", "", "exception"),
    "mutates": ("return sorted(rows)", "rows.sort()\n    return list(rows)", "arguments"),
    "shares": ("def shares(n)", "@lru_cache(maxsize=None)\ndef shares(n)", "result"),
    "drops": ('    if not text.strip():\n        raise ValueError("empty line")\n    return text.strip()',
              "    return text.strip()", "exception"),
    "other_type": ("return table[key]",
                   "if key not in table:\n        raise ValueError(key)\n    return table[key]", "exception"),
    "prints": ("    return n * 2", "    print(n)\n    return n * 2", "output"),
    "stops_early": ("        if row >= 0:\n            yield row * 2",
                    "        if row < 0:\n            return\n        yield row * 2", "result"),
    "imprecise": ("return a / b", "return a / b * (1 + 1e-7)", "result"),
    "order": ("for name in names}", "for name in sorted(names)}", "result"),
    "outside": ("return n * n", "return n * n if n < 6 else n ** 2 + 1", "result"),
    "hard_coded": ("return a * 31 + b", "return {(1, 2): 33, (3, 4): 97, (5, 1): 156}.get((a, b), 0)", "result"),
    "other_words": ("must not be below zero, but is", "is below zero:", "exception"),
    "whole_number": ("return n / 2", "return n // 2 if n % 2 == 0 else n / 2", "result"),
    "aliases": ("return list(rows)", "return rows", "result"),
    "loses_a_row": ("for r in rows]", "for r in rows if r.name]", "result"),
    "other_text": ("return name.upper()", "return name.upper() if name.isascii() else name", "result"),
    "none_at_the_end": ("return max(values, default=None)", "return max(values, default=0)", "result"),
    "keeps_going": (
        "    return n\n\n\ndef leaves", "    while n > 2:\n        pass\n    return n\n\n\ndef leaves", "missing"
    ),
    "leaves": ("    return n + 1", "    if n == 3:\n        __import__('os')._exit(0)\n    return n + 1", "missing"),
    "complains": ("def complains(n):\n", "def complains(n):\n    sys.stderr.write('slow')\n", "output"),
}  # fmt: skip
WORK = """
import code_ as c

for n in (1, 2, 3):
    c.off_by_one(n), c.shares(n), c.prints(n), c.outside(n), c.whole_number(n), c.keeps_going(n), c.leaves(n)
    c.complains(n), c.other_words(n)
for rows in ([3, 1, 2], [5, 5], [9]):
    c.wrong_when_empty(rows), c.mutates(rows), list(c.stops_early(rows)), c.aliases(rows), c.none_at_the_end(rows)
for text in (" a b ", "x,y", "zeta"):
    c.drops(text), c.other_text(text)
c.imprecise(1.5, 3.25), c.imprecise(10.0, 7.0)
c.order(["b", "a"]), c.order(["zz", "c", "d"])
c.hard_coded(1, 2), c.hard_coded(3, 4), c.hard_coded(5, 1)
c.other_type({"a": 1, "bb": 2}, "a"), c.other_type({"a": 1}, "a")
c.loses_a_row([c.Row("a", 1), c.Row("b", 2)])
try:
    c.other_words(-1)
except ValueError:
    pass
"""


def faulty(*names: str) -> str:
    text = BEFORE.replace("import sys\n", "import sys\nfrom functools import lru_cache\n")
    for name in names:
        right, wrong, _ = FAULTS[name]
        start = text.index(f"def {name}(")
        at = text.index(right, start)
        text = text[:at] + wrong + text[at + len(right) :]
    return text


@pytest.fixture
def all_faults(compare: Compare) -> Equivalence:
    return compare({"code_.py": BEFORE, "work.py": WORK}, {"code_.py": faulty(*FAULTS)}, seconds=12.0)


@pytest.mark.slow
def test_every_planted_fault_is_seen(all_faults: Equivalence) -> None:
    seen = {d.function.removeprefix("code_.") for d in all_faults.differences}
    assert len(all_faults.differences) == 20
    assert compared(all_faults).keys() == FAULTS.keys()
    assert len(FAULTS.keys() - seen) <= 1  # twenty differences are kept, one of each function first
    for name in seen:
        kinds = {d.what for d in of(all_faults, name)}
        assert FAULTS[name][2] in kinds, (name, of(all_faults, name))
