"""Figures of a day."""

import unittest

from daily_reports.summary import summarise, turnover, without_suspended
from daily_reports.tickers import Ticker, collect
from daily_reports.trades import Trade

RATES = '{"USD": 1.0, "EUR": 2.0}'
DAY = [
    Trade("ACME", "USD", 10.0, 5),
    Trade("ZINC", "EUR", 100.0, -3),
    Trade("ACME", "USD", 8.0, -2),
    Trade("ACME", "USD", 12.0, 1),
]


class TickersTest(unittest.TestCase):
    """Trades are summed up by symbol."""

    def test_one_ticker_for_each_symbol(self):
        self.assertEqual(
            collect(DAY),
            [Ticker("ACME", 3, bought=6, sold=2, value=78.0), Ticker("ZINC", 1, bought=0, sold=3, value=300.0)],
        )

    def test_average_is_weighted_by_volume(self):
        self.assertEqual(Ticker("ACME", 3, bought=6, sold=2, value=78.0).average(), 9.75)
        self.assertEqual(Ticker("ACME").average(), 0.0)

    def test_no_trades(self):
        self.assertEqual(collect([]), [])


class SummaryTest(unittest.TestCase):
    """The day in figures."""

    def test_largest_value_first(self):
        summary = summarise("2026-03-02", DAY, RATES, 1, 2)
        self.assertEqual([ticker.symbol for ticker in summary.tickers], ["ZINC", "ACME"])
        self.assertEqual((summary.day, summary.suspended, summary.rejected), ("2026-03-02", 1, 2))

    def test_turnover_is_in_dollars(self):
        self.assertEqual(turnover(DAY, RATES), 678.0)
        self.assertEqual(turnover([], RATES), 0.0)

    def test_an_unknown_currency_is_an_error(self):
        with self.assertRaises(KeyError):
            turnover([Trade("ACME", "XAU", 1.0, 1)], RATES)

    def test_suspended_symbols_are_left_out(self):
        self.assertEqual(without_suspended(DAY, ["ACME", "QUIT"]), [DAY[1]])
        self.assertEqual(without_suspended(DAY, []), DAY)
        self.assertEqual(DAY[0].symbol, "ACME")


if __name__ == "__main__":
    unittest.main()
