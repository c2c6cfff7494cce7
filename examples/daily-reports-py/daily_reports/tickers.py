"""What each symbol did in a day."""

from dataclasses import dataclass


@dataclass(slots=True)
class Ticker:
    """The sums of one symbol's trades."""

    symbol: str
    trades: int = 0
    bought: int = 0
    sold: int = 0
    value: float = 0.0

    def add(self, price, quantity):
        """Count one more trade."""
        self.trades += 1
        if quantity > 0:
            self.bought += quantity
            self.value += price * quantity
        else:
            self.sold -= quantity
            self.value -= price * quantity

    def average(self):
        """The volume-weighted price."""
        volume = self.bought + self.sold
        return self.value / volume if volume else 0.0


def collect(trades):
    """One ticker for each symbol, in order of appearance."""
    tickers = []
    for trade in trades:
        for ticker in tickers:
            if ticker.symbol == trade.symbol:
                break
        else:
            ticker = Ticker(trade.symbol)
            tickers.append(ticker)
        ticker.add(trade.price, trade.quantity)
    return tickers
