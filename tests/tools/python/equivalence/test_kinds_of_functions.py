"""Methods, properties, generators, coroutines and functions of scripts are called as their callers do."""

from __future__ import annotations

import pytest

from tests.tools.python.equivalence.conftest import Compare, compared, reasons

SHAPES = """
import asyncio
import contextlib
import enum
import functools
import threading
from collections import Counter, OrderedDict, namedtuple
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

Point = namedtuple("Point", "x y")


class Colour(enum.Enum):
    RED = 1
    BLUE = 2


class Stock:
    rate = 2

    def __init__(self, name, *amounts, unit="kg"):
        self.name = name
        self.amounts = list(amounts)
        self.unit = unit
        self._lock = threading.Lock()

    def __len__(self):
        return len(self.amounts)

    def take(self, amount):
        with self._lock:
            self.amounts.append(-amount)
        return sum(self.amounts)

    @classmethod
    def parse(cls, text):
        name, *amounts = text.split()
        return cls(name, *map(int, amounts))

    @staticmethod
    def worth(amount, price):
        return amount * price

    @property
    def total(self):
        return sum(self.amounts)

    @total.setter
    def total(self, value):
        self.amounts = [value]

    @functools.cached_property
    def largest(self):
        return max(self.amounts)

    def __secret(self, n):
        return n + 1

    def tell(self, n):
        return self.__secret(n)


class Small(Stock):
    @classmethod
    def parse(cls, text):
        return super().parse(text.lower())


@dataclass(order=True)
class Item:
    price: float
    tags: list = field(default_factory=list)

    def dearer(self, by: float) -> "Item":
        return Item(self.price + by, [*self.tags, "dearer"])


async def fetch(n, *, times=1):
    await asyncio.sleep(0)
    return [n] * times


async def stream(n):
    for i in range(n):
        yield i * 2


def pairs(rows):
    yield from zip(rows, rows[1:])
    return len(rows)


@contextlib.contextmanager
def opened(name):
    yield name.upper()


def twice(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        return function(*args, **kwargs) * 2

    return wrapper


@twice
def decorated(a, /, b=2, *rest, key, **more):
    return a + b + sum(rest) + key + len(more)


def next_day(day):
    return day + timedelta(days=1)


def paid(amount):
    return Decimal(amount) * 2


def swap(point):
    return Point(point.y, point.x)


def paint(colour):
    return Colour.BLUE if colour is Colour.RED else Colour.RED


def counted(words):
    return Counter(words), OrderedDict((w, len(w)) for w in words)


def apply(function, value):
    return function(value)


def chain(n):
    first = node = {"n": 0}
    for i in range(n):
        node["next"] = {"n": i}
        node = node["next"]
    node["next"] = first
    return first
"""
WORK = """
import asyncio
from datetime import date

import code_ as c

stock = c.Stock("nails", 5, 3)
len(stock), stock.take(2), stock.total, stock.largest, stock.tell(3)
stock.total = 7
c.Stock.parse("screws 1 2"), c.Small.parse("Bolts 4"), c.Stock.worth(2, 1.5)
c.Item(1.5, ["a"]).dearer(0.5)
asyncio.run(c.fetch(3, times=2))


async def all_of():
    return [x async for x in c.stream(4)]


asyncio.run(all_of())
list(c.pairs([1, 2, 3]))
with c.opened("x"):
    pass
c.decorated(1, 2, 3, key=4, z=5)
c.next_day(date(2026, 2, 28)), c.paid("1.10"), c.swap(c.Point(1, 2)), c.paint(c.Colour.RED)
c.counted(["a", "bb", "a"]), c.chain(3)
add = 5
c.apply(lambda v: v + add, 2), c.apply(len, [1]), c.apply(c.Stock.parse, "x 1")
"""
CHANGES = {
    "Stock.__init__": ("self.name = name", "self.name = name + ''", "self.name = name[:4]"),
    "Stock.__len__": (
        "return len(self.amounts)", "return sum(1 for _ in self.amounts)", "return len(self.amounts) or 1"
    ),
    "Stock.take": ("return sum(self.amounts)", "return sum(self.amounts, 0)", "return max(self.amounts)"),
    "Stock.parse": ("text.split()", "text.split(None)", "text.split(' ')"),
    "Stock.worth": ("return amount * price", "return price * amount", "return amount * round(price)"),
    "Stock.total": ("return sum(self.amounts)", "return sum(self.amounts, 0)", "return abs(sum(self.amounts)) + 1"),
    "Stock.total (setter)": ("self.amounts = [value]", "self.amounts = list((value,))", "self.amounts = [value + 0.0]"),
    "Stock.largest": ("return max(self.amounts)", "return sorted(self.amounts)[-1]", "return self.amounts[-1]"),
    "Stock.__secret": ("return n + 1", "return 1 + n", "return n + 2"),
    "Small.parse": ("text.lower()", "str(text).lower()", "text.upper()"),
    "Item.dearer": ('"dearer"]', '"".join(["dearer"])]', '"dearer "]'),
    "fetch": ("return [n] * times", "return times * [n]", "return [n] * (times + 1)"),
    "stream": ("yield i * 2", "yield i + i", "yield i * 2 if i < 3 else 0"),
    "pairs": ("zip(rows, rows[1:])", "zip(rows[:], rows[1:])", "zip(rows[1:], rows)"),
    "opened": ("yield name.upper()", "yield str.upper(name)", "yield name.lower()"),
    "decorated": ("+ len(more)", "+ len(list(more))", "+ 2 * len(more)"),
    "next_day": ("timedelta(days=1)", "timedelta(hours=24)", "timedelta(days=2)"),
    "paid": ("Decimal(amount) * 2", "2 * Decimal(amount)", "Decimal(amount) * Decimal('2.0')"),
    "swap": ("Point(point.y, point.x)", "Point(*reversed(point))", "(point.y, point.x)"),
    "paint": ("if colour is Colour.RED", "if colour == Colour.RED", "if colour == 1"),
    "counted": (
        "len(w)) for w in words)", "len(w)) for w in list(words))", "len(w)) for w in sorted(words, reverse=True))"
    ),
    "apply": ("return function(value)", "return function(*[value])", "return value"),
    "chain": ('node["next"] = first', 'node.update(next=first)', 'node["next"] = dict(first)'),
}  # fmt: skip


def changed(number: int) -> str:
    text = SHAPES
    for name, change in CHANGES.items():
        owner, _, function = name.removesuffix(" (setter)").rpartition(".")
        start = text.index(f"class {owner}") if owner else 0
        wanted = f"def {function}(self, value)" if name.endswith("(setter)") else f"def {function}("
        start = text.index(wanted, start)
        at = text.index(change[0], start)
        text = text[:at] + change[number] + text[at + len(change[0]) :]
    return text


@pytest.mark.slow
def test_honest_changes_of_every_kind_of_function_agree(compare: Compare) -> None:
    found = compare({"code_.py": SHAPES, "work.py": WORK}, {"code_.py": changed(1)}, seconds=10.0)
    assert found.differences == ()
    assert reasons(found) == {}
    assert compared(found).keys() == CHANGES.keys()


@pytest.mark.slow
def test_a_fault_in_every_kind_of_function_is_seen(compare: Compare) -> None:
    found = compare({"code_.py": SHAPES, "work.py": WORK}, {"code_.py": changed(2)}, seconds=10.0)
    seen = {d.function.removeprefix("code_.") for d in found.differences}
    assert compared(found).keys() == CHANGES.keys()
    assert len(found.differences) == 20
    assert len(CHANGES.keys() - seen) == len(CHANGES) - 20
