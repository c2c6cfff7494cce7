"""The single figures of a definition: minimum gain, benchmark sizes, intervals, what counts as excessive.

They are looked for in every line of the body, code included (`if runtime.NumGoroutine() > 10000`). The
first place that says a figure counts; a later one that says something else leaves a note.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from agent.definitions.amounts import Amount, amounts, in_words
from agent.definitions.sections import Section, plain

_GAIN = re.compile(r"\bgains?\b|\bimprovements?\b|\bimproves?\b|\bspeed-?ups?\b|\bfaster\b", re.IGNORECASE)
_GAIN_LIMIT = re.compile(
    r"\bunder\b|\bbelow\b|\bless than\b|<|\bat least\b|\bmin(?:imum|imal)?\b|>=|≥|\bmore than\b|>",
    re.IGNORECASE,
)
_SIZES = re.compile(r"\bsizes?\b|\[\]int\s*\{", re.IGNORECASE)
_METRICS = re.compile(r"\bmetrics?\b|\bmonitor\w*|\bcollect\w*|\bsample[sd]?\b|\bNewTicker\b", re.IGNORECASE)
_EVERY = re.compile(r"(?:\bevery|\bonce (?:in|every)|\binterval(?: of)?:?|NewTicker\()\s*$", re.IGNORECASE)
_GOROUTINES = re.compile(r"goroutine", re.IGNORECASE)
_TOO_MANY = re.compile(r"(?:>|\bmore than|\bover|\babove|\bexceed\w*)=?\s*$", re.IGNORECASE)
_SLOW = re.compile(r"\boperations?\b|\bcritical path\b|\bslow\b|\belapsed\b|\bduration\b", re.IGNORECASE)
_WARN = re.compile(r"\bwarn\w*|\bslow\b|\bcritical path\b", re.IGNORECASE)
_TOP = re.compile(
    r"\b(?:top|up to|biggest|worst|main|first)\s+(\d+|one|two|three|four|five)\s+(?:\w+ )?bottlenecks?\b",
    re.IGNORECASE,
)
_MARKER = re.compile(r"^\s*(?:[-*+•]|\d+[.)])\s+")
_NUMBERS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5}


@dataclass(slots=True)
class Figures:
    """What the body says of each figure; None where it says nothing. `notes` are contradictions."""

    minimum_gain_ratio: float | None = None
    benchmark_sizes: tuple[int, ...] | None = None
    metrics_interval_s: float | None = None
    excessive_goroutines: int | None = None
    slow_operation_s: float | None = None
    bottlenecks: int | None = None
    notes: list[str] = field(default_factory=list)


def read_figures(sections: Iterable[Section]) -> Figures:
    """Every figure that the sections say."""
    figures = Figures()
    said: dict[str, tuple[int, object]] = {}
    for section in sections:
        for number, line, context in _lines(section):
            for name, find in _FINDERS.items():
                value = find(line, context)
                if value is None:
                    continue
                first = said.setdefault(name, (number, value))
                if first[0] == number:
                    setattr(figures, name, value)
                elif first[1] != value:
                    what = name.rsplit("_", 1)[0].replace("_", " ")
                    figures.notes.append(
                        f"line {number}: {what} said otherwise on line {first[0]}, which counts"
                    )
    return figures


def _lines(section: Section) -> Iterator[tuple[int, str, str]]:
    """(number, line, the line with what gives it meaning: the title and the line after it)."""
    texts = [in_words(plain(_MARKER.sub("", text))) for _, text in section.lines]
    for index, (number, _) in enumerate(section.lines):
        after = texts[index + 1] if index + 1 < len(texts) else ""
        yield number, texts[index], f"{section.title}\n{texts[index]}\n{after}"


def _minimum_gain(line: str, _: str) -> float | None:
    if not _GAIN.search(line) or not _GAIN_LIMIT.search(line):
        return None
    return _first(line, "ratio", lambda amount: 0 < amount.value < 1)


def _benchmark_sizes(line: str, context: str) -> tuple[int, ...] | None:
    if not _SIZES.search(line) and not re.search(r"\bsizes?\b", context.split("\n")[0], re.IGNORECASE):
        return None
    counts = tuple(int(amount.value) for amount in amounts(line) if amount.unit == "count")
    return (
        counts if len(counts) > 1 and all(n > 0 for n in counts) and sorted(counts) == list(counts) else None
    )


def _metrics_interval(line: str, context: str) -> float | None:
    if not _METRICS.search(context.rpartition("\n")[0]):
        return None
    return _first(line, "s", lambda amount: bool(_EVERY.search(line[: amount.start])))


def _excessive_goroutines(line: str, _: str) -> int | None:
    if not _GOROUTINES.search(line):
        return None
    value = _first(line, "count", lambda amount: bool(_TOO_MANY.search(line[: amount.start])))
    return None if value is None else int(value)


def _slow_operation(line: str, context: str) -> float | None:
    about = context.partition("\n")[2]
    if not _SLOW.search(line) or not _WARN.search(about):
        return None
    return _first(line, "s", lambda amount: bool(_TOO_MANY.search(line[: amount.start])))


def _bottlenecks(line: str, _: str) -> int | None:
    match = _TOP.search(line)
    return (_NUMBERS.get(match[1].lower()) or int(match[1])) if match else None


def _first(line: str, unit: str, accept: Callable[[Amount], bool]) -> float | None:
    return next((amount.value for amount in amounts(line) if amount.unit == unit and accept(amount)), None)


_FINDERS: dict[str, Callable[[str, str], object]] = {
    "minimum_gain_ratio": _minimum_gain,
    "benchmark_sizes": _benchmark_sizes,
    "metrics_interval_s": _metrics_interval,
    "excessive_goroutines": _excessive_goroutines,
    "slow_operation_s": _slow_operation,
    "bottlenecks": _bottlenecks,
}
