"""Two versions of a small program with tests and a benchmark, and what the guard says of the change."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tools.measure.guard import Objection
from tools.python.guarding.reading import find_objections

FILE = "shop/orders.py"
BEFORE = '''
import logging
import threading

logger = logging.getLogger(__name__)
RATES = [(0, 1.0), (10, 0.9)]
_lock = threading.Lock()


class BadOrder(Exception):
    """Refused."""


def check_order(order):
    if order.count < 0:
        raise BadOrder(order)


def total(orders, rates=RATES):
    if not orders:
        raise BadOrder("nothing ordered")
    assert len(rates) > 0
    found = 0
    for order in orders:
        check_order(order)
        logger.info("order %s", order)
        found += order.count * rate(rates, order.count)
    return found


def rate(rates, count):
    best = 1.0
    for least, value in rates:
        if count >= least:
            best = value
    return best


def names(orders):
    return [order.name.strip().lower() for order in orders]


def store(path, orders):
    with _lock:
        with open(path, "w") as file:
            for order in orders:
                file.write(order.name)
                print(order.name)


class Book:
    def __init__(self, orders):
        self.orders = orders

    def find(self, name):
        for order in self.orders:
            if order.name == name:
                return order
        raise KeyError(name)
'''
BENCHMARK = """
import random

import pytest

from shop import orders

SIZES = [100, 10_000]
SEED = 4242
GREETING = "the quick brown fox 17"


@pytest.mark.parametrize("size", SIZES)
def test_total(benchmark, size):
    rng = random.Random(SEED)
    benchmark(orders.total, [rng.random() for _ in range(size)])


def test_names(benchmark):
    assert benchmark(orders.names, []) == []
    assert orders.rate([(3, 123457), (4, 765432)], 99887) == 31337.25
"""
Review = Callable[..., tuple[Objection, ...]]


@pytest.fixture
def review(tmp_path: Path) -> Review:
    """What the guard says of a change: `old` becomes `new` in the file, `more` comes before it and at its end."""

    def run(
        *edits: tuple[str, str],
        top: str = "",
        end: str = "",
        before: str = BEFORE,
        file: str = FILE,
        others: dict[str, str] | None = None,
    ) -> tuple[Objection, ...]:
        after = before
        for old, new in edits:
            assert old in after, f"{old!r} isn't in the code"
            after = after.replace(old, new, 1)
        sides = {"a": {file: before}, "b": {file: f"{top}{after}{end}", **(others or {})}}
        for side, files in sides.items():
            for name, text in {"tests/test_speed.py": BENCHMARK, "shop/__init__.py": "", **files}.items():
                path = tmp_path / side / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
        return find_objections(tmp_path / "a", tmp_path / "b", tuple(sides["b"]))

    return run
