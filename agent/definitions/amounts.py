"""Numbers with units as people write them (`1,000`, `10K`, `500 MB`, `80%`), in base units.

Decimal prefixes are decimal (1 MB is 1,000,000 B), binary ones binary (1 MiB is 1,048,576 B).
A number followed by a word that is no unit is a count.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

BaseUnit = Literal["s", "B", "ratio", "count", "1/s"]

_SCALES: dict[str, tuple[float, BaseUnit]] = {
    "%": (0.01, "ratio"),
    "percent": (0.01, "ratio"),
    "b": (1, "B"), "byte": (1, "B"), "bytes": (1, "B"),
    "kb": (1e3, "B"), "mb": (1e6, "B"), "gb": (1e9, "B"), "tb": (1e12, "B"),
    "kib": (2**10, "B"), "mib": (2**20, "B"), "gib": (2**30, "B"), "tib": (2**40, "B"),
    "megabytes": (1e6, "B"), "gigabytes": (1e9, "B"), "kilobytes": (1e3, "B"),
    "ns": (1e-9, "s"), "nanoseconds": (1e-9, "s"),
    "us": (1e-6, "s"), "\u00b5s": (1e-6, "s"), "\u03bcs": (1e-6, "s"), "microseconds": (1e-6, "s"),
    "ms": (1e-3, "s"), "msec": (1e-3, "s"), "millisecond": (1e-3, "s"), "milliseconds": (1e-3, "s"),
    "s": (1, "s"), "sec": (1, "s"), "secs": (1, "s"), "second": (1, "s"), "seconds": (1, "s"),
    "min": (60, "s"), "mins": (60, "s"), "minute": (60, "s"), "minutes": (60, "s"),
    "h": (3600, "s"), "hour": (3600, "s"), "hours": (3600, "s"),
    "rps": (1, "1/s"), "qps": (1, "1/s"), "req/s": (1, "1/s"), "requests/s": (1, "1/s"),
    "requests/sec": (1, "1/s"), "requests/second": (1, "1/s"),
}  # fmt: skip
_THOUSANDS = {"": 1.0, "k": 1e3, "K": 1e3, "M": 1e6}
_GO_UNITS = {
    "Nanosecond": "ns",
    "Microsecond": "us",
    "Millisecond": "ms",
    "Second": "s",
    "Minute": "min",
    "Hour": "h",
}
_GO_DURATION = re.compile(r"(\d+)\s*\*\s*time\.(" + "|".join(_GO_UNITS) + r")\b")
_AMOUNT = re.compile(
    r"""(?<![\w.,-])
        (?P<number>\d{1,3}(?:,\d{3})+(?![\d,]) | \d+(?:_\d{3})+ | \d+(?:\.\d+)?)
        (?P<thousands>[kKM](?![A-Za-z]))?
        (?:\s?(?P<unit>%|[A-Za-z\u00b5\u03bc]+(?:/[A-Za-z]+)?))?""",
    re.VERBOSE,
)
_RANGE = re.compile(r"\s*(?:-|–|\bto\b)\s*\d")  # noqa: RUF001


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """A number in base units. `start` and `end` are where it stands; `noun` is the word after a count."""

    value: float
    unit: BaseUnit
    start: int
    end: int
    noun: str = ""


def amounts(text: str) -> Iterator[Amount]:
    """Every amount of a text, in order; percentiles (`p99`, `99th`) and ranges (`5-10 s`) are none."""
    for match in _AMOUNT.finditer(text):
        word = match["unit"] or ""
        if word in ("st", "nd", "rd", "th") or _RANGE.match(text, match.end()):
            continue
        if word == "to" and _RANGE.match(text, match.start("unit")):
            continue
        number = float(match["number"].replace(",", "").replace("_", ""))
        number *= _THOUSANDS[match["thousands"] or ""]
        scale = _scale(word, glued=bool(word) and text[match.start("unit") - 1] != " ")
        if scale is None:
            end = match.start("unit") if word else match.end()
            noun = "" if word.startswith("/") else word.lower()
            yield Amount(value=number, unit="count", start=match.start(), end=end, noun=noun)
        else:
            value = number * scale[0]
            yield Amount(value=value, unit=scale[1], start=match.start(), end=match.end())


def in_words(text: str) -> str:
    """Go durations in code (`10 * time.Second`) as amounts (`10 s`)."""
    return _GO_DURATION.sub(lambda match: f"{match[1]} {_GO_UNITS[match[2]]}", text)


def _scale(word: str, *, glued: bool) -> tuple[float, BaseUnit] | None:
    """A unit's size; None for any other word. `5 S` and `3 h` apart from a number need their case."""
    if word in _SCALES:
        return _SCALES[word]
    if len(word) > 1 or glued:
        return _SCALES.get(word.lower())
    return _SCALES["b"] if word == "B" else None
