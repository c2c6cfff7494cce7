"""Reading trades from CSV."""

import re
from dataclasses import dataclass

PREFIX = "TRD-"


@dataclass(slots=True)
class Trade:
    """One trade; a quantity below zero was sold."""

    symbol: str
    currency: str
    price: float
    quantity: int


def parse(text):
    """All trades of a file, and how many lines are not well formed."""
    trades = []
    rejected = 0
    for line in text.splitlines():
        try:
            trades.append(parse_line(line))
        except ValueError:
            rejected += 1
    return trades, rejected


def parse_line(line):
    """The trade that one line tells."""
    reference, symbol, currency, price, quantity = line.split(",")
    if not valid_reference(reference):
        raise ValueError(f"bad reference {reference!r}")
    return Trade(symbol, currency, float(price), int(quantity))


def valid_reference(reference):
    """Whether a reference is the prefix and a number."""
    pattern = re.compile(re.escape(PREFIX) + "[0-9]+")
    return pattern.fullmatch(reference) is not None
