"""What counts as the same, and what doesn't: types, floats, order, sharing, exceptions, output."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tests.tools.python.equivalence.conftest import Compare, compared, of, reasons


@dataclass(frozen=True, slots=True)
class Case:
    """A function before and after, the call that is recorded, and whether both mean the same."""

    name: str
    before: str
    after: str
    call: str
    same: bool


CASES = [
    Case("float_within", "return a / 3", "return a * (1 / 3)", "(2.5)", True),
    Case("float_beyond", "return a / 3", "return round(a / 3, 6)", "(2.5)", False),
    Case("minus_zero", "return 0.0 * a", "return -0.0 * a", "(2.0)", True),
    Case("nan", "return float('nan') * a", "return a * float('nan')", "(2.0)", True),
    Case("infinite", "return float('inf') * (a + 1)", "return 1e300 * (a + 1)", "(2.0)", False),
    Case("int_for_float", "return a * 2.0", "return a * 2", "(2)", False),
    Case("bool_for_int", "return int(a > 1)", "return a > 1", "(2)", False),
    Case("tuple_for_list", "return [a, a]", "return (a, a)", "(2)", False),
    Case("defaultdict", "return {'a': a}", "return collections.defaultdict(int, a=a)", "(2)", False),
    Case("set_order", "return {a, 'x', 'y'}", "return {'y', 'x', a}", "('z')", True),
    Case("frozen", "return {a, 1}", "return frozenset({a, 1})", "(2)", False),
    Case("another_iterator", "return (x for x in a)", "return map(int, a)", "([2, 3])", True),
    Case("list_for_iterator", "return (x for x in a)", "return list(a)", "([2, 3])", False),
    Case("raises_later", "return (10 // x for x in a)", "return iter([10 // x for x in a if x])", "([2, 0])", False),
    Case("own_words", "return {'k': 1}[a]",
         "if a == 'k':\n        return 1\n    raise KeyError(f'no {a}')", "('k')", True),
    Case("lost_words", "if a == 'k':\n        return 1\n    raise KeyError(f'no {a}')",
         "return {'k': 1}[a]", "('k')", False),
    Case("other_exception", "return [1, 2][a]", "return {0: 1, 1: 2, -1: 2, -2: 1}[a]", "(1)", False),
    Case("subclass", "raise LookupError(a)", "raise KeyError(a)", "('x')", False),
    Case("nonsense", "return a.strip()", "return str.strip(a) if a is not None else ''", "('x')", True),
    Case("memo_of_values", "return (a, a * 2)", "return _memo(a)", "(3)", True),
    Case("memo_of_lists", "return [a, a * 2]", "return _lists(a)", "(3)", False),
    Case("constant_tuple", "return tuple([1, 2])", "return _PAIR", "()", True),
    Case("constant_list", "return [1, 2]", "return _ROWS", "()", False),
    Case("shared_inside", "return [[0] * a for _ in range(2)]", "return [[0] * a] * 2", "(2)", False),
    Case("shared_strings", "return [str(a), str(a)]", "return [str(a)] * 2", "(2)", True),
    Case("shared_points", "return [Point(a, 1), Point(a, 1)]", "return [Point(a, 1)] * 2", "(2)", False),
    Case("shared_frozen", "return [Frozen(a), Frozen(a)]", "return [Frozen(a)] * 2", "(2)", True),
    Case("same_argument", "return a", "return list(a)", "([2])", False),
    Case("private_note", "return a.x", "a._seen = a.x\n    return a.x", "(Plain(2))", True),
    Case("public_note", "return a.x", "a.seen = a.x\n    return a.x", "(Plain(2))", False),
    Case("kept_property", "return a.x * 2", "return a.double", "(Plain(2))", True),
    Case("emptied", "total = sum(a)\n    if total > 5:\n        raise ValueError('much')\n    return total",
         "total = 0\n    while a:\n        total += a.pop()\n"
         "    if total > 5:\n        raise ValueError('much')\n    return total",
         "([2, 9])", False),
    Case("recursion", "return 0 if not a else 1 + recursion(a[1:])", "return len(a)", "([2, 9])", True),
    Case("warns", "warnings.warn('old')\n    return a", "x = a\n    warnings.warn('old')\n    return x", "(2)", True),
    Case("warns_otherwise", "warnings.warn('old')\n    return a", "warnings.warn('new')\n    return a", "(2)", False),
    Case("traceback", "try:\n        1 // 0\n    except Exception:\n        traceback.print_exc()",
         "try:\n        x = 1\n        x // 0\n    except Exception:\n        traceback.print_exc()", "()", True),
    Case("address", "return repr(object())[:99]", "return f'{object()!r}'[:99]", "()", True),
    Case("binary_output", "sys.stdout.buffer.write(b'x' * a)", "sys.stdout.buffer.write(b'y' * a)", "(2)", False),
    Case("chain", "node = None\n    for n in range(400):\n        node = [n, node]\n    return node",
         "node = None\n    for n in range(400):\n        node = [n + (n == 3), node]\n    return node", "()", False),
    Case("large", "return list(range(30000)) + [a]", "return list(range(30000)) + [a + 1]", "(2)", False),
    Case("long_text", "return 'x' * 50000 + str(a)", "return 'x' * 50000 + str(a + 1)", "(2)", False),
    Case("sentinel", "return 'nothing' if a is MISSING else a",
         "return a if a is not MISSING else 'nothing'", "(MISSING)", True),
    Case("sentinel_lost", "return 'nothing' if a is MISSING else 1",
         "return 'nothing' if a is None else 1", "(MISSING)", False),
    Case("exits", "return a", "sys.exit(a)", "(0)", False),
    Case("an_array", "return array.array('d', [a])", "return array.array('d', [a + 1])", "(2.0)", False),
    Case("decimal", "return decimal.Decimal(a)", "return decimal.Decimal(a) + 0", "('1.50')", True),
    Case("enormous", "return 1 << 20000 + a", "return (1 << 20000 + a) + 1", "(1)", False),
    Case("surrogate", "return '\\udcff' + a", "return '\\udcfe' + a", "('x')", False),
]  # fmt: skip
HEAD = """
import array
import collections
import decimal
import functools
import sys
import traceback
import warnings
from dataclasses import dataclass

MISSING = object()
_PAIR = (1, 2)
_ROWS = [1, 2]


@functools.lru_cache(maxsize=None)
def _memo(a):
    return (a, a * 2)


@functools.lru_cache(maxsize=None)
def _lists(a):
    return [a, a * 2]


@dataclass
class Point:
    x: int
    y: int


@dataclass(frozen=True)
class Frozen:
    x: int


class Plain:
    def __init__(self, x):
        self.x = x

    @functools.cached_property
    def double(self):
        return self.x * 2
"""


def source(part: str) -> str:
    found = HEAD
    for case in CASES:
        parameter = "" if case.call == "()" else "a"
        found += f"\n\ndef {case.name}({parameter}):\n    {getattr(case, part)}\n"
    return found


@pytest.mark.slow
def test_each_case_is_judged_as_an_engineer_would(compare: Compare) -> None:
    calls = "".join(
        f"for _ in range(2):\n    try:\n        c.{case.name}{case.call}\n    except Exception:\n        pass\n"
        for case in CASES
    )
    work = "import code_ as c\nfrom code_ import Plain, MISSING\n\n" + calls
    wrong = []
    before = {"code_.py": source("before"), "work.py": work}
    for part in range(0, len(CASES), 18):  # at most 20 differences are kept
        names = {c.name for c in CASES[part : part + 18]}
        text = HEAD
        for case in CASES:
            body = case.after if case.name in names else case.before
            text += f"\n\ndef {case.name}({'' if case.call == '()' else 'a'}):\n    {body}\n"
        found = compare(before, {"code_.py": text}, seconds=12.0, generated=40)
        assert reasons(found).keys() == set()
        assert compared(found).keys() == names
        wrong += [c.name for c in CASES[part : part + 18] if c.same != (not of(found, c.name))]
    assert wrong == []


def test_floats_are_exact_where_no_tolerance_is_given(compare: Compare) -> None:
    code = "def third(a):\n    return a / 3\n\n\ndef zero(a):\n    return 0.0 * a\n"
    work = "import code_ as c\nc.third(2.5), c.zero(2.5)\n"
    after = {"code_.py": code.replace("a / 3", "a * (1 / 3)").replace("0.0 * a", "-0.0 * a")}
    found = compare({"code_.py": code, "work.py": work}, after, tolerance=0.0)
    assert of(found, "third")
    assert of(found, "zero")[0].after == "-0.0"
    assert compare({"code_.py": code, "work.py": work}, after).differences == ()


def test_a_class_may_gain_slots(compare: Compare) -> None:
    code = """
from dataclasses import dataclass


@dataclass
class Row:
    name: str
    amount: int = 0

    def grow(self, by):
        self.amount += by
        return self


class Pair:
    def __init__(self, a, b):
        self.a = a
        self.b = b

    def swap(self):
        return Pair(self.b, self.a)
"""
    after = code.replace("@dataclass\n", "@dataclass(slots=True)\n").replace(
        "class Pair:\n", 'class Pair:\n    __slots__ = ("a", "b")\n\n'
    )
    work = "import code_ as c\nc.Row('x', 1).grow(2), c.Pair(1, [2]).swap()\n"
    found = compare({"code_.py": code, "work.py": work}, {"code_.py": after})
    assert found.differences == ()
    assert compared(found).keys() == {"Row.grow", "Pair.__init__", "Pair.swap"}
    assert reasons(found) == {}


def test_results_that_cant_be_looked_into_or_are_too_large_are_said(compare: Compare) -> None:
    code = "def opened(n):\n    return [n, open('work.py')]\n\n\ndef many(n):\n    return list(range(n))\n"
    work = "import code_ as c\nc.opened(2), c.many(50000)\n"
    found = compare(
        {"code_.py": code, "work.py": work}, {"code_.py": code.replace("return ", "return ([]) or ")}
    )
    assert found.differences == ()
    assert "results of code_.opened hold what isn't looked into: _io.TextIOWrapper" in found.warnings
    assert any("results of code_.many were too large" in w for w in found.warnings)


def test_only_so_many_differences_are_kept_and_each_is_short(compare: Compare) -> None:
    names = [f"f{n:02}" for n in range(30)]
    code = "".join(f"def {n}(rows):\n    return rows * 2\n\n\n" for n in names)
    work = "import code_ as c\nrows = [{'name': 'x' * 50, 'n': n} for n in range(100)]\n" + "".join(
        f"c.{n}(rows)\n" for n in names
    )
    found = compare(
        {"code_.py": code, "work.py": work}, {"code_.py": code.replace("rows * 2", "rows * 3")}, generated=5
    )
    assert len(found.differences) == 20
    assert len({d.function for d in found.differences}) == 20
    assert all(len(d.call) < 400 and len(d.before) < 400 and len(d.after) < 400 for d in found.differences)
    assert found.differences[0].before.startswith("result = 200 items: [{'name': 'xxx")
    assert found.differences[0].after.startswith("result = 300 items: ")
