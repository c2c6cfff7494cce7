"""Benchmark results that somebody recorded, and where in the file each stands: the Go benchmark format, pyperf and
pytest-benchmark JSON. What failed, was skipped or printed no result is a warning that names file and line; a result
that is broken is an error.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from tools.errors import UnreadableOutput
from tools.measure.benchmark_format import parse_line

RecordedFormat = Literal["Go benchmark format", "pyperf JSON", "pytest-benchmark JSON"]
SIZE_LIMIT_BYTES = 64 * 1024**2
WIDE = 100.0
"""Values of one benchmark that lie this far apart weren't measuring one thing."""
_CONFIGURATION = re.compile(r"^([^\sA-Z:][^\sA-Z:]*):(?:[ \t]+(.*)|)$")
_ENDED = re.compile(r"^\s*--- (FAIL|SKIP): (Benchmark\S*)")
_WHOLE = re.compile(r"^-?\d+$")


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class RecordedName:
    """Which benchmark: its package ("" where the file names none) and its name without `Benchmark`."""

    package: str
    name: str

    def __str__(self) -> str:
        return f"{self.package}.{self.name}" if self.package else self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedValue:
    """One value in its base unit, the iterations behind it (0 unknown), and where it stands: `old.txt:12`."""

    value: float
    iterations: int
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """A file's results. `series` maps a benchmark and a unit to its values in the order of the file.

    `configuration` maps what the file says of its host and program to all values it says. `sides` are the values
    of a `side:` line, as in a run's benchmarks.txt. `one_value` says what one value is.
    """

    path: str
    format: RecordedFormat
    one_value: str
    series: Mapping[tuple[RecordedName, str], tuple[RecordedValue, ...]]
    configuration: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    sides: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[RecordedName, ...]:
        """The benchmarks, in the order of the file."""
        return tuple(dict.fromkeys(name for name, _ in self.series))

    @property
    def units(self) -> tuple[str, ...]:
        """The units, in the order of the file."""
        return tuple(dict.fromkeys(unit for _, unit in self.series))


def read_text(path: Path) -> str:
    """The text of a recorded file. Raises: UnreadableOutput when it can't be read, is too large, or isn't UTF-8."""
    try:
        with path.open("rb") as file:
            raw = file.read(SIZE_LIMIT_BYTES + 1)
    except OSError as error:
        raise UnreadableOutput(f"{path} can't be read: {error.strerror}") from error
    if len(raw) > SIZE_LIMIT_BYTES:
        raise UnreadableOutput(
            f"{path} is over {SIZE_LIMIT_BYTES // 1024**2} MiB: keep the benchmark lines alone"
        )
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        hint = (
            "it looks like UTF-16, as PowerShell writes it" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else ""
        )
        raise UnreadableOutput(
            f"{path} is not UTF-8 (at byte {error.start}){f'; {hint}' if hint else ''}: save it as UTF-8"
        ) from error


def read_go(path: Path, text: str, side: str | None = None) -> Recording:
    """Results in the Go benchmark format, of one `side` alone if one is named.

    Raises: UnreadableOutput with file and line for a broken result, and when there is none at all.
    """
    reader = _GoReader(path, side)
    for number, line in enumerate(text.splitlines(), 1):
        reader.take(line, number)
    return reader.recording()


class _GoReader:
    """Takes one line after the other."""

    def __init__(self, path: Path, side: str | None) -> None:
        self._path = path
        self._side = side
        self._now: dict[str, str] = {}
        self._seen: dict[str, dict[str, None]] = {}
        self._series: dict[tuple[RecordedName, str], list[RecordedValue]] = {}
        self._started: dict[str, int] = {}
        self._warnings: list[str] = []

    def take(self, line: str, number: int) -> None:
        """One line of the file. Raises: UnreadableOutput."""
        place = f"{self._path.name}:{number}"
        ended = _ENDED.match(line)
        if ended is not None:
            how = "failed" if ended[1] == "FAIL" else "was skipped"
            self._warnings.append(f"{place}: {ended[2]} {how}")
            self._started.pop(ended[2].removeprefix("Benchmark"), None)
        elif line.startswith("panic:"):
            self._warnings.append(f"{place}: the benchmarks panicked here, and what came after is missing")
        elif line.startswith("FAIL\t"):
            self._warnings.append(f"{place}: {' '.join(line.split()[1:2])} failed")
        elif line.startswith("Benchmark"):
            self._result(line, number, place)
        else:
            found = _CONFIGURATION.match(line)
            if found is not None:
                self._now[found[1]] = (found[2] or "").strip()

    def _result(self, line: str, number: int, place: str) -> None:
        words = line.split()
        name = words[0].removeprefix("Benchmark")
        if len(words) == 1 or not _WHOLE.match(words[1]):
            self._started.setdefault(name, number)
            return
        if self._side is not None and self._now.get("side") != self._side:
            self._seen.setdefault("side", {})[self._now.get("side", "")] = None
            return
        try:
            found = parse_line(line, number)
        except UnreadableOutput as error:
            raise UnreadableOutput(
                f"{self._path}, {error}: remove the line, or record the benchmark again"
            ) from error
        for setting, value in self._now.items():
            self._seen.setdefault(setting, {})[value] = None
        key = RecordedName(package=self._now.get("pkg", ""), name=found.name)
        for unit, amount in found.values.items():
            recorded = RecordedValue(value=amount, iterations=found.iterations, place=place)
            self._series.setdefault((key, unit), []).append(recorded)

    def recording(self) -> Recording:
        """What was read. Raises: UnreadableOutput when there is no result at all."""
        measured = {key.name for key, _ in self._series}
        silent = [
            f"{self._path.name}:{number}: Benchmark{name} started and printed no result that can be read"
            for name, number in self._started.items()
            if not any(_same_start(name, other) for other in measured)
        ]
        warnings = [*self._warnings, *silent]
        if not self._series:
            why = "; ".join(warnings) or "is it the output of `go test -bench`?"
            raise UnreadableOutput(f"{self._path} holds no benchmark result: {why}")
        recording = Recording(
            path=str(self._path),
            format="Go benchmark format",
            one_value="one result line",
            series={key: tuple(values) for key, values in self._series.items()},
            configuration={key: tuple(values) for key, values in self._seen.items()},
            sides=tuple(v for v in self._seen.get("side", {}) if v),
            warnings=tuple(warnings),
        )
        return with_wide_named(recording)


def _same_start(started: str, measured: str) -> bool:
    """`go test -v` prints the name alone first, without the `-8` of the result."""
    return measured == started or re.sub(r"-\d+$", "", measured) == started


def with_wide_named(recording: Recording) -> Recording:
    """The recording with a warning for each series whose values lie a hundredfold apart."""
    found = []
    for (name, unit), values in recording.series.items():
        least, most = min(values, key=_amount), max(values, key=_amount)
        if least.value > 0 and most.value >= WIDE * least.value:
            found.append(
                f"{name}: {unit} varies {most.value / least.value:.0f}-fold, between {least.place} and {most.place}: "
                "these values aren't of one thing"
            )
    return replace(recording, warnings=(*recording.warnings, *found))


def _amount(value: RecordedValue) -> float:
    return value.value
