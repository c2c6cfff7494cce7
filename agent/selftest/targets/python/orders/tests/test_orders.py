from datetime import date

import pytest

from orders.billing import Discount, best_customers, first_orders, statement, totals
from orders.reading import BadOrder, Order, is_valid, read_orders

DAY = date(2024, 2, 29)


def test_orders_are_read() -> None:
    assert read_orders("18;2024-02-29;ann;1250\n\n26;2024-03-01;bob;-5\n") == [
        Order("18", DAY, "ann", 1250),
        Order("26", date(2024, 3, 1), "bob", -5),
    ]


@pytest.mark.parametrize("line", ["18;2024-02-29;ann", "18;2024-02-30;ann;5", "18;2024-02-29;ann;five"])
def test_a_bad_line_is_named(line: str) -> None:
    with pytest.raises(BadOrder, match="line 2"):
        read_orders(f"18;2024-02-29;ann;5\n{line}\n")


def test_check_digits() -> None:
    assert is_valid("79927398713")
    assert not is_valid("79927398710")


def test_repeats_are_left_out() -> None:
    orders = [Order("18", DAY, "ann", 1), Order("26", DAY, "bob", 2), Order("18", DAY, "cid", 3)]
    assert [order.customer for order in first_orders(orders)] == ["ann", "bob"]


def test_totals_with_discounts() -> None:
    orders = [Order("18", DAY, "ann", 1000), Order("26", DAY, "ann", 50), Order("34", DAY, "bob", 7)]
    discounts = [Discount("ann", DAY, DAY, 10), Discount("ann", DAY, DAY, 50)]
    assert totals(orders, discounts) == {"ann": 945, "bob": 7}


def test_the_best_come_first() -> None:
    assert best_customers({"ann": 5, "bob": 9, "cid": 7}, 2) == [("bob", 9), ("cid", 7)]


def test_a_statement_ends_with_the_sum() -> None:
    text = statement([Order("18", DAY, "ann", 1250), Order("26", DAY, "ann", -250)])
    assert text.splitlines()[0] == "2024-02-29            18       12.50"
    assert text.splitlines()[-1].split() == ["sum", "10.00"]
