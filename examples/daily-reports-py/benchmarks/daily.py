"""The report of a generated day: `python -m benchmarks.daily --records 10000`."""

import sys
import zlib

from daily_reports.report import daily_report

SYMBOLS = [f"{a}{b}" for a in "ABE" for b in ("CX", "LE", "NT", "RO", "TE", "VA")]
SUSPENDED = [f"{a}{b}" for a in "QRUVWXYZ" for b in ("CE", "HI", "JO", "LA", "NE", "RI", "SO", "TA", "UM", "YS")]
CURRENCIES = ("USD", "EUR")
RATES = '{"USD": 1.0, "EUR": 1.0842}'
BLOCK = 1000


def line(number):
    """One trade, the same for the same number."""
    draw = number * 7919 + number * number % 104729
    symbol = SUSPENDED[draw % len(SUSPENDED)] if draw % 50 == 0 else SYMBOLS[draw % len(SYMBOLS)]
    reference = "lost" if draw % 211 == 0 else f"TRD-{number:08d}"
    price = 5 + draw % 19997 / 100
    quantity = (1 + draw % 900) * (1 if draw % 5 < 3 else -1)
    return f"{reference},{symbol},{CURRENCIES[draw // 3 % 2]},{price:.2f},{quantity}\n"


def day(records):
    """A day's file of so many lines; every block of a thousand is the same."""
    block = [line(number) for number in range(min(BLOCK, records))]
    return "".join(block) * (records // BLOCK) + "".join(block[: records % BLOCK])


def main(arguments):
    """Write the report, print its head and a checksum."""
    records = int(arguments[arguments.index("--records") + 1]) if "--records" in arguments else 10000
    report = daily_report("2026-03-02", day(records), RATES, " ".join(SUSPENDED))
    print("\n".join(report.split("\n", 8)[:8]))
    print(f"{len(report)} characters, checksum {zlib.crc32(report.encode()):08x}")


if __name__ == "__main__":
    main(sys.argv[1:])
