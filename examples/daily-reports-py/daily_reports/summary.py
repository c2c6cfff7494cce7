"""The figures of a day."""

import json
from dataclasses import dataclass

from daily_reports.tickers import collect


@dataclass
class Summary:
    """A day in figures; tickers with the largest value first."""

    day: str
    turnover: float
    tickers: list
    suspended: int
    rejected: int


def summarise(day, trades, rates, suspended, rejected):
    """The summary of all trades."""
    tickers = sorted(collect(trades), key=lambda ticker: (-ticker.value, ticker.symbol))
    return Summary(day, turnover(trades, rates), tickers, suspended, rejected)


def without_suspended(trades, suspended):
    """The trades whose symbol isn't suspended."""
    kept = []
    for trade in trades:
        if trade.symbol not in suspended:
            kept.append(trade)
    return kept


def turnover(trades, rates):
    """What was traded, in dollars; `rates` is JSON: what a unit of each currency is worth."""
    total = 0.0
    for trade in trades:
        table = json.loads(rates)
        total += abs(trade.price * trade.quantity) * table[trade.currency]
    return total
