"""The command: `python -m daily_reports trades.csv`."""

import argparse
import sys
from pathlib import Path

from daily_reports.report import daily_report


def main(arguments=None):
    """Write the report; the exit code."""
    parser = argparse.ArgumentParser(prog="daily_reports", description="Report on one day's trades.")
    parser.add_argument("trades", type=Path, help="the day's trades, CSV")
    parser.add_argument("--day", default="today")
    parser.add_argument("--suspended", type=Path, help="symbols to leave out")
    parser.add_argument("--rates", type=Path, help="dollars for a unit of each currency, JSON")
    parser.add_argument("--out", type=Path, help="where to write the report (standard output)")
    given = parser.parse_args(arguments)
    report = daily_report(
        given.day,
        given.trades.read_text(encoding="utf-8"),
        given.rates.read_text(encoding="utf-8") if given.rates else '{"USD": 1.0}',
        given.suspended.read_text(encoding="utf-8") if given.suspended else "",
    )
    if given.out:
        given.out.write_text(report, encoding="utf-8")
    else:
        sys.stdout.write(report)
    return 0


if __name__ == "__main__":
    sys.exit(main())
