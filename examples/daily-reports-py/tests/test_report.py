"""The whole report."""

import tempfile
import unittest
from pathlib import Path

from benchmarks import daily
from daily_reports.__main__ import main
from daily_reports.report import PAGE_LINES, daily_report, journal
from daily_reports.trades import Trade

TEXT = "TRD-1,ACME,USD,10,900\nTRD-2,QUIT,USD,10,5\nTRD-3,ZINC,EUR,100,-3\nlost\nTRD-4,ACME,USD,8,-2\n"
REPORT = """\
Daily report 2026-03-02
Turnover 9616.00 USD
Left out: 1 suspended, 1 not readable

ACME           2         900           2           9016.00      9.9956
ZINC           1           0           3            300.00    100.0000

ACME         900 at 10.00 USD
"""


class ReportTest(unittest.TestCase):
    """A day's file becomes a report."""

    def test_whole_report(self):
        self.assertEqual(daily_report("2026-03-02", TEXT, '{"USD": 1, "EUR": 2}', "QUIT STOP"), REPORT)

    def test_journal_breaks_pages(self):
        pages = journal([Trade("ACME", "USD", 1.0, 1000)] * (2 * PAGE_LINES + 1)).split("\f\n")
        self.assertEqual([page.count("\n") for page in pages], [PAGE_LINES, PAGE_LINES, 1])

    def test_journal_of_nothing(self):
        self.assertEqual(journal([]), "")

    def test_command_writes_the_report(self):
        with tempfile.TemporaryDirectory() as folder:
            trades, suspended, rates, out = (Path(folder, name) for name in ("t.csv", "s.txt", "r.json", "out.txt"))
            trades.write_text(TEXT, encoding="utf-8")
            suspended.write_text("QUIT\nSTOP\n", encoding="utf-8")
            rates.write_text('{"USD": 1, "EUR": 2}', encoding="utf-8")
            arguments = [trades, "--suspended", suspended, "--rates", rates, "--day", "2026-03-02", "--out", out]
            self.assertEqual(main([str(argument) for argument in arguments]), 0)
            self.assertEqual(out.read_text(encoding="utf-8"), REPORT)

    def test_generated_day(self):
        text = daily.day(2500)
        self.assertEqual(text.count("\n"), 2500)
        report = daily_report("2026-03-02", text, daily.RATES, " ".join(daily.SUSPENDED))
        self.assertIn("Left out: 113 suspended, 24 not readable\n", report)


if __name__ == "__main__":
    unittest.main()
