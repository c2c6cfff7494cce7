"""From orders to bills."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import date

from orders.reading import Order

log = logging.getLogger("orders")


@dataclass(frozen=True)
class Discount:
    """A customer's discount from one day to another, both included."""

    customer: str
    begins: date
    ends: date
    percent: int


def first_orders(orders: list[Order]) -> list[Order]:
    """Orders without repeats: of those with the same number the first."""
    kept: list[Order] = []
    for order in orders:
        if order.number not in [other.number for other in kept]:
            kept.append(order)
    return kept


def totals(orders: list[Order], discounts: list[Discount]) -> dict[str, int]:
    """What each customer owes, in cents. Of several discounts on a day the first one counts."""
    owed: dict[str, int] = {}
    for order in orders:
        cents = order.cents
        for discount in discounts:
            if discount.customer == order.customer and discount.begins <= order.day <= discount.ends:
                cents -= cents * discount.percent // 100
                break
        owed[order.customer] = owed.get(order.customer, 0) + cents
    return owed


def best_customers(owed: dict[str, int], limit: int) -> list[tuple[str, int]]:
    """Those who owe most, the most first; of those who owe the same the first by name."""
    left = dict(owed)
    best: list[tuple[str, int]] = []
    while left and len(best) < limit:
        name = min(left, key=lambda name: (-left[name], name))
        best.append((name, left.pop(name)))
    return best


def statement(orders: list[Order]) -> str:
    """The bill as text, with a line for each order and the sum. Refunds are logged: accounting looks at them."""
    lines = []
    total = 0
    for order in orders:
        if order.cents < 0:
            log.warning("refund of %s cents to %s on %s, order %s", -order.cents, order.customer, order.day, order.number)
        total += order.cents
        lines.append(f"{order.day}  {order.number:>12}  {order.cents / 100:>10.2f}")
    lines.append(f"{'sum':<24}  {total / 100:>10.2f}")
    return "\n".join(lines)
