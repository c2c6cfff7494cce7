"""Results that Python's benchmark programs recorded: pyperf's JSON and pytest-benchmark's.

Source: pyperf 2.10 (metadata of a file, of a benchmark and of a run, the nearest counts; a run is one process) and
pytest-benchmark 5.2 (`--benchmark-json`; `data` holds every round's seconds).
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path

from tools.errors import UnreadableOutput
from tools.measure.recorded import RecordedName, RecordedValue, Recording, with_wide_named

Json = Mapping[str, object]
_PYPERF_UNITS = {"second": "sec/op", "byte": "B/op", "integer": "count/op"}
_HOST_OF_PYPERF = {
    "cpu_model_name": "cpu",
    "python_version": "python",
    "python_implementation": "implementation",
    "platform": "platform",
}
_ONE_PROCESS = (
    "all rounds of a benchmark come from one process, so what differs from process to process (memory layout, "
    "hash seed) isn't in them: a small difference may be chance however small its p is"
)


def read_json(path: Path, text: str) -> Recording:
    """The results of pyperf or pytest-benchmark. Raises: UnreadableOutput with the field that is wrong."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UnreadableOutput(f"{path} is not valid JSON: {error}") from error
    benchmarks = found.get("benchmarks") if isinstance(found, dict) else None
    if not isinstance(benchmarks, list) or not all(isinstance(b, dict) for b in benchmarks):
        raise UnreadableOutput(
            f"{path} is JSON, but neither pyperf's nor pytest-benchmark's: it has no list `benchmarks`"
        )
    if not benchmarks:
        raise UnreadableOutput(f"{path} holds no benchmark result: its list `benchmarks` is empty")
    reader = _read_pyperf if "runs" in benchmarks[0] else _read_pytest_benchmark
    return with_wide_named(reader(path, found, benchmarks))


def _read_pyperf(path: Path, found: Json, benchmarks: Sequence[Json]) -> Recording:
    series: dict[tuple[RecordedName, str], tuple[RecordedValue, ...]] = {}
    configuration: dict[str, dict[str, None]] = {}
    for number, benchmark in enumerate(benchmarks):
        where = f"{path}: benchmarks[{number}]"
        shared = {**_object(found, "metadata", where), **_object(benchmark, "metadata", where)}
        unit = _PYPERF_UNITS.get(str(shared.get("unit", "second")))
        if unit is None:
            raise UnreadableOutput(f"{where}.metadata.unit is {shared['unit']!r}, which pyperf doesn't have")
        values = [v for v in _pyperf_values(path, benchmark, shared, where) if v is not None]
        name = str(shared.get("name") or path.stem)
        if not values:
            raise UnreadableOutput(f"{where} ({name}) holds no value: its runs only calibrated")
        series[RecordedName(package="", name=name), unit] = tuple(values)
        for key, ours in _HOST_OF_PYPERF.items():
            if shared.get(key):
                configuration.setdefault(ours, {})[str(shared[key])] = None
    return Recording(
        path=str(path),
        format="pyperf JSON",
        one_value="the median of one process",
        series=series,
        configuration={key: tuple(values) for key, values in configuration.items()},
    )


def _pyperf_values(path: Path, benchmark: Json, shared: Json, where: str) -> Sequence[RecordedValue | None]:
    """One value a process: those within a process are too much alike to count as several."""
    runs = benchmark.get("runs")
    if not isinstance(runs, list):
        raise UnreadableOutput(f"{where}.runs is no list")
    found: list[RecordedValue | None] = []
    for number, run in enumerate(runs):
        place = f"{where}.runs[{number}]"
        if not isinstance(run, dict):
            raise UnreadableOutput(f"{place} is no object")
        values = _numbers(run.get("values", []), f"{place}.values")
        loops = {**shared, **_object(run, "metadata", place)}.get("loops", 0)
        iterations = loops if isinstance(loops, int) else 0
        value = RecordedValue(
            value=statistics.median(values or [0.0]),
            iterations=iterations,
            place=f"{path.name}, run {number + 1}",
        )
        found.append(value if values else None)
    return found


def _read_pytest_benchmark(path: Path, found: Json, benchmarks: Sequence[Json]) -> Recording:
    series = {}
    for number, benchmark in enumerate(benchmarks):
        where = f"{path}: benchmarks[{number}]"
        name = str(benchmark.get("fullname") or benchmark.get("name") or number)
        stats = _object(benchmark, "stats", where)
        if not stats:
            raise UnreadableOutput(
                f"{where} ({name}) has no `stats`: the test failed, or this is another format"
            )
        if "data" not in stats:
            raise UnreadableOutput(
                f"{where} ({name}) has no rounds, only their summary: record with --benchmark-json=FILE, or "
                "--benchmark-save-data"
            )
        rounds = _numbers(stats["data"], f"{where}.stats.data")
        if not rounds:
            raise UnreadableOutput(f"{where} ({name}) ran 0 rounds")
        iterations = stats.get("iterations")
        series[RecordedName(package="", name=name), "sec/op"] = tuple(
            RecordedValue(
                value=value,
                iterations=iterations if isinstance(iterations, int) else 0,
                place=f"{path.name}, round {n}",
            )
            for n, value in enumerate(rounds, 1)
        )
    return Recording(
        path=str(path),
        format="pytest-benchmark JSON",
        one_value="one round, all of one process",
        series=series,
        configuration=_host_of_pytest_benchmark(_object(found, "machine_info", str(path))),
        warnings=(f"{path.name}: {_ONE_PROCESS}",),
    )


def _host_of_pytest_benchmark(machine: Json) -> dict[str, tuple[str, ...]]:
    processor = machine.get("cpu")
    found = {
        "python": machine.get("python_version"),
        "implementation": machine.get("python_implementation"),
        "platform": machine.get("system"),
        "cpu": processor.get("brand_raw") if isinstance(processor, dict) else None,
    }
    return {key: (str(value),) for key, value in found.items() if value}


def _object(holder: Json, key: str, where: str) -> Json:
    value = holder.get(key, {})
    if not isinstance(value, dict):
        raise UnreadableOutput(f"{where}.{key} is no object")
    return value


def _numbers(values: object, where: str) -> list[float]:
    """A list of finite numbers that aren't negative."""
    if not isinstance(values, list):
        raise UnreadableOutput(f"{where} is no list")
    for number, value in enumerate(values):
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < float("inf"):
            raise UnreadableOutput(f"{where}[{number}] is {value!r}, not a finite number: record it again")
    return [float(value) for value in values]
