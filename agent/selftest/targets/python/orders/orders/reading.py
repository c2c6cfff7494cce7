"""Reading orders as shops send them: one line an order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime


class BadOrder(ValueError):
    """A line that is no order; the message begins with its number."""


@dataclass(frozen=True)
class Order:
    """Something that a customer ordered. A negative amount is a refund."""

    number: str
    day: date
    customer: str
    cents: int


def read_orders(text: str) -> list[Order]:
    """Orders from lines of `number;day;customer;cents`; empty lines are left out. Raises: BadOrder."""
    orders = []
    for position, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        fields = line.split(";")
        if len(fields) != 4:
            raise BadOrder(f"line {position}: {len(fields)} fields instead of 4")
        if not is_valid(fields[0]):
            raise BadOrder(f"line {position}: {fields[0]!r} is no order number")
        try:
            day = datetime.strptime(fields[1], "%Y-%m-%d").date()
            cents = int(fields[3])
        except ValueError as error:
            raise BadOrder(f"line {position}: {error}") from error
        orders.append(Order(fields[0], day, fields[2], cents))
    return orders


def is_valid(number: str) -> bool:
    """Whether the last digit of an order number is its check digit (Luhn's method)."""
    if not (number.isascii() and number.isdigit()):
        return False
    total = 0
    for position, character in enumerate(reversed(number)):
        digit = int(character)
        if position % 2 == 1:
            doubled = str(digit * 2)
            digit = sum(int(part) for part in doubled)
        total += digit
    return total % 10 == 0
