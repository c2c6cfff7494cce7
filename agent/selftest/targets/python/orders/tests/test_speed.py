import logging
import random
from datetime import date, timedelta

import pytest

from orders.billing import Discount, best_customers, first_orders, statement, totals
from orders.reading import Order, is_valid, read_orders


def make_orders(size: int) -> list[Order]:
    random.seed(4711)
    orders = []
    for _ in range(size):
        number = str(random.randrange(10**18, 10**19))
        number += next(digit for digit in "0123456789" if is_valid(number + digit))
        day = date(2024, 1, 1) + timedelta(days=random.randrange(60))
        orders.append(Order(number, day, f"customer {random.randrange(1 + size // 4)}", random.randrange(-40000, 90000)))
    return orders


@pytest.mark.parametrize("size", [400])
def test_reading(benchmark, size: int) -> None:
    text = "\n".join(f"{o.number};{o.day};{o.customer};{o.cents}" for o in make_orders(size))
    assert len(benchmark(read_orders, text)) == size


@pytest.mark.parametrize("size", [300])
def test_repeats(benchmark, size: int) -> None:
    orders = make_orders(size)
    benchmark(first_orders, orders + orders[: size // 4])


@pytest.mark.parametrize("size", [300])
def test_totals(benchmark, size: int) -> None:
    orders = make_orders(size)
    random.seed(15)
    discounts = []
    for order in random.sample(orders, size // 2):
        discounts.append(Discount(order.customer, order.day, order.day + timedelta(days=9), 5))
    assert benchmark(totals, orders, discounts)


@pytest.mark.parametrize("size", [600])
def test_best(benchmark, size: int) -> None:
    owed = totals(make_orders(size * 3), [])
    assert len(benchmark(best_customers, owed, size // 6)) == size // 6


@pytest.mark.parametrize("size", [1500])
def test_statement(benchmark, size: int) -> None:
    logging.getLogger("orders").addHandler(logging.NullHandler())
    logging.getLogger("orders").propagate = False
    assert benchmark(statement, make_orders(size))
