"""The Go benchmark format: reading what benchmarks print, writing samples so that benchstat reads them.

Source: golang.org/design/14313-benchmark-format and golang.org/x/perf/benchunit. Values are in base
units: `ns/op` is read as `sec/op` in seconds and written as `sec/op`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tools.errors import UnreadableOutput

_TIDY = {"ns": ("sec", 1e-9), "MB": ("B", 1e6)}
_SCALED = re.compile(r"(?<![^*-])(?:ns|MB)(?![^*-])")
_LINE = re.compile(r"^Benchmark(\S*)\s+(\d+)\s+(.*)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchmarkLine:
    """One result: the name after `Benchmark` (with the `-N` of GOMAXPROCS, if any), values in base units."""

    name: str
    iterations: int
    values: Mapping[str, float]


def tidy_unit(value: float, unit: str) -> tuple[float, str]:
    """A value and unit as benchunit tidies them: `ns/op` to `sec/op`, `MB/s` to `B/s`."""
    head, slash, rest = unit.partition("/")
    for word in _SCALED.findall(head):
        value *= _TIDY[word][1]
    return value, _SCALED.sub(lambda found: _TIDY[found[0]][0], head) + slash + rest


def parse_results(text: str) -> tuple[BenchmarkLine, ...]:
    """The results in a benchmark's output; other lines are passed over.

    Raises: UnreadableOutput with the line number for a result that is broken: no value, not a number,
    zero iterations.
    """
    return tuple(
        parse_line(line, number) for number, line in enumerate(text.splitlines(), 1) if _LINE.match(line)
    )


def parse_line(line: str, number: int = 1) -> BenchmarkLine:
    """One result line. Raises: UnreadableOutput as `parse_results`."""
    match = _LINE.match(line)
    if match is None:
        raise UnreadableOutput(f"line {number}: not a benchmark result: {line[:80]!r}")
    name, iterations, rest = match.groups()
    fields = rest.split()
    if len(fields) < 2 or len(fields) % 2:
        raise UnreadableOutput(f"line {number}: Benchmark{name} has no value with a unit: {line[:80]!r}")
    if int(iterations) == 0:
        raise UnreadableOutput(f"line {number}: Benchmark{name} ran 0 iterations")
    values = {}
    for text, unit in zip(fields[::2], fields[1::2], strict=True):
        try:
            amount = float(text)
        except ValueError:
            amount = math.nan
        if not math.isfinite(amount):
            raise UnreadableOutput(f"line {number}: Benchmark{name}: {text!r} {unit} is not a finite number")
        amount, tidy = tidy_unit(amount, unit)
        values[tidy] = amount
    return BenchmarkLine(name=name, iterations=int(iterations), values=values)


def without_processors(name: str, processors: int) -> str:
    """The name without the `-N` that `go test` adds when GOMAXPROCS isn't 1."""
    return name.removesuffix(f"-{processors}") if processors != 1 else name


def format_results(lines: Iterable[BenchmarkLine], configuration: Mapping[str, str]) -> str:
    """Lines that benchstat reads, below `key: value` configuration lines."""
    head = "".join(f"{key}: {value}\n" for key, value in configuration.items())
    return head + "".join(_format(line) for line in lines)


def _format(line: BenchmarkLine) -> str:
    values = "".join(f"\t{value:.10g} {unit}" for unit, value in line.values.items())
    return f"Benchmark{line.name}\t{line.iterations}{values}\n"
