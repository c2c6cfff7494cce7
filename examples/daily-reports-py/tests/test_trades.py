"""Reading trades."""

import unittest

from daily_reports.trades import Trade, parse, parse_line, valid_reference


class ParsingTest(unittest.TestCase):
    """Lines become trades, bad lines are counted."""

    def test_a_line_becomes_a_trade(self):
        trade = parse_line("TRD-00000042,ACME,USD,101.25,-300")
        self.assertEqual(trade, Trade("ACME", "USD", 101.25, -300))

    def test_bad_lines_are_counted(self):
        text = "TRD-1,ACME,USD,1,1\nlost,ACME,USD,1,1\nTRD-2,ACME,USD,one,1\nTRD-3,ACME\n\nTRD-4,BOLT,EUR,2.5,7\n"
        trades, rejected = parse(text)
        self.assertEqual([trade.symbol for trade in trades], ["ACME", "BOLT"])
        self.assertEqual(rejected, 4)

    def test_nothing(self):
        self.assertEqual(parse(""), ([], 0))

    def test_references(self):
        self.assertTrue(valid_reference("TRD-7"))
        for reference in ("", "TRD-", "TRD-7a", "XTRD-7", "trd-7", "TRD-7\n"):
            self.assertFalse(valid_reference(reference), reference)


if __name__ == "__main__":
    unittest.main()
