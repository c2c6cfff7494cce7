"""Limits as people write them: `API response < 100 ms (p99)`, `memory usage exceeds 500MB`, `zero leaks`."""

from __future__ import annotations

import re

from agent.definitions.amounts import Amount, amounts
from agent.policy import Comparator, Metric, Threshold

_COMPARATORS: tuple[tuple[Comparator, str], ...] = (
    ("<=", r"<=|≤|\bat most\b|\bno more than\b|\bnot more than\b|\bnot (?:exceed|above|over)\b|\bup to\b|\bwithin\b"
           r"|\bmax(?:imum)?(?: of)?\b"),
    (">=", r">=|≥|\bat least\b|\bno less than\b|\bno fewer than\b|\bmin(?:imum)?(?: of)?\b"),
    ("<", r"<|\bunder\b|\bbelow\b|\bless than\b|\bfewer than\b|\bfaster than\b|\bsmaller than\b"),
    (">", r">|\bover\b|\babove\b|\bmore than\b|\bgreater than\b|\bexceed(?:s|ed|ing)?\b|\blonger than\b"
          r"|\bslower than\b|\bbeyond\b"),
    ("==", r"==|\bexactly\b"),
)  # fmt: skip
_BEFORE = [(name, re.compile(rf"(?:{words})[\s:~]*$", re.IGNORECASE)) for name, words in _COMPARATORS]
_AFTER = [
    ("<=", re.compile(r"\s*(?:max(?:imum)?|at most|or less|or fewer|or better)\b", re.IGNORECASE)),
    (">=", re.compile(r"\s*(?:min(?:imum)?|at least|or more|\+)(?:\b|\s|$)", re.IGNORECASE)),
]
_PERCENTILE = re.compile(
    r"\bp(\d{2}(?:\.\d+)?)\b|\b(\d{2}(?:\.\d+)?)(?:st|nd|rd|th) percentile", re.IGNORECASE
)
_MEDIAN = re.compile(r"\bmedian\b|\bp50\b", re.IGNORECASE)
_RECORDS = (
    "record",
    "row",
    "item",
    "trade",
    "entries",
    "entry",
    "line",
    "document",
    "element",
    "order",
    "event",
)
_NONE_OF = re.compile(r"\b(?:zero|no|0|without)\b[\w\s-]*?\bleak", re.IGNORECASE)
_NOT = re.compile(r"(?:\bnot|\bnever|n't)(?: be| take| use| go| get)?\s*$", re.IGNORECASE)
_OPPOSITES: dict[Comparator, Comparator] = {"<": ">=", ">": "<=", "<=": ">", ">=": "<", "==": "=="}

_TIME_WORDS: tuple[tuple[Metric, str], ...] = (
    ("latency", r"\blatenc|\brespon|\bapi\b|\brequest|\bendpoint|\bp\d\d\b|\bquer"),
)
_COUNT_WORDS: tuple[tuple[Metric, str], ...] = (
    ("leaks", r"\bleak"),
    ("goroutines", r"\bgoroutine"),
    ("concurrent_users", r"\bconcurrent|\busers?\b|\bconnections?\b|\bsessions?\b"),
)
_RATIO_WORDS: tuple[tuple[Metric, str], ...] = (
    ("cpu", r"\bcpu\b|\bprocessor"),
    ("memory", r"\bmemory\b|\bheap\b|\bram\b"),
)


def read_limit(text: str) -> Threshold | None:
    """The limit in a line, in base units; None when there is none or it can't be told for sure.

    A number without a comparison is no limit, nor is a range. The first limit of a line counts.
    """
    found = list(amounts(text))
    for amount in found:
        comparator = _comparator(text, amount)
        if comparator is None or _records_noun(amount):
            continue
        return Threshold(
            metric=_metric(text, amount),
            comparator=comparator,
            value=amount.value,
            unit=amount.unit,
            percentile=_percentile(text),
            per_records=_records(found, amount),
        )
    if _NONE_OF.search(text):
        return Threshold(metric="leaks", comparator="==", value=0.0, unit="count")
    return None


def _comparator(text: str, amount: Amount) -> Comparator | None:
    before, after = text[: amount.start], text[amount.end :]
    for name, pattern in _BEFORE:
        if match := pattern.search(before):
            return _OPPOSITES[name] if _NOT.search(before[: match.start()]) else name
    for comparator, pattern in _AFTER:
        if pattern.match(after):
            return "<=" if comparator == "<=" else ">="
    return None


def _percentile(text: str) -> float | None:
    if match := _PERCENTILE.search(text):
        return float(match[1] or match[2]) / 100
    return 0.5 if _MEDIAN.search(text) else None


def _records(found: list[Amount], limit: Amount) -> int | None:
    for amount in found:
        if amount is not limit and _records_noun(amount):
            return int(amount.value)
    return None


def _records_noun(amount: Amount) -> bool:
    return amount.unit == "count" and amount.noun.startswith(_RECORDS)


def _metric(text: str, amount: Amount) -> Metric:
    match amount.unit:
        case "s":
            return _by_words(text, _TIME_WORDS, "duration")
        case "B":
            return "memory"
        case "ratio":
            return _by_words(text, _RATIO_WORDS, "other")
        case "count":
            return _by_words(text, _COUNT_WORDS, "other")
        case "1/s":
            return "other"


def _by_words(text: str, words: tuple[tuple[Metric, str], ...], otherwise: Metric) -> Metric:
    for metric, pattern in words:
        if re.search(pattern, text, re.IGNORECASE):
            return metric
    return otherwise
