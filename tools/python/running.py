"""Running a Python workload: the words of its processes, and one fresh process of a benchmark."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.errors import ProgramFailed, ToolError, UnreadableOutput
from tools.measure.outputs import Output
from tools.measure.workload import (
    CPU_SECONDS_PER_OP,
    PEAK_RSS_BYTES,
    PROCESS_CPU_SECONDS,
    SECONDS_PER_OP,
    Benchmark,
    Sample,
)
from tools.python.interpreter import SCRATCH, Interpreter
from tools.run.process import Completed, Limits, Runner
from tools.run.reading import fresh_folder, read_json

INSIDE = Path(__file__).with_name("inside")
PLUGIN = "ask_profiler_benchmark"
RESULT = "result.json"
RESULT_BYTES = 64 * 1024
SAMPLE_LIMITS = Limits(timeout_s=60.0, memory_bytes=8 * 1024**3, processes=512)
PYTEST = "pytest:"
"""A benchmark whose selector starts with this is a pytest node id; any other is a whole command."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """How a benchmark's process is started: words after the interpreter or program, and its environment."""

    argv: tuple[str, ...]
    environment: dict[str, str]
    iterates: bool


def process_of(interpreter: Interpreter, root: Path, benchmark: Benchmark) -> Process:
    """The process that runs one benchmark of the copy at `root`. Raises: ToolError."""
    if benchmark.selector[0] == PYTEST:
        words = pytest_words(interpreter, list(benchmark.selector[1:]))
        return Process(argv=words, environment=interpreter.environment(root, (INSIDE,)), iterates=True)
    argv = command_words(interpreter, root, benchmark.selector)
    inside = (INSIDE,) if PLUGIN in argv else ()  # the target's tests as a workload
    return Process(argv=argv, environment=interpreter.environment(root, inside), iterates=False)


def pytest_words(interpreter: Interpreter, options: Sequence[str]) -> tuple[str, ...]:
    """pytest with our fixture in the place of pytest-benchmark's, and nothing that would disturb a measurement."""
    words = [str(interpreter.path), "-m", "pytest", "-p", "no:cacheprovider", "-p", PLUGIN]
    if "pytest_benchmark" in interpreter.modules:
        words += ["-p", "no:benchmark"]
    if "pytest_cov" in interpreter.modules:
        words.append("--no-cov")
    if "xdist" in interpreter.modules:
        words += ["-n", "0"]
    return (*words, "-q", *options)


def command_words(interpreter: Interpreter, root: Path, command: Sequence[str]) -> tuple[str, ...]:
    """A command run by the target's interpreter: `python …`, a script of the copy, or a console script.

    Raises: ToolError saying what the first word must be.
    """
    first, *rest = command
    if first in ("python", "python3") or (
        Path(first).is_absolute() and Path(first).name.startswith("python")
    ):
        return (str(interpreter.path), *rest)
    if (root / first).is_file():
        return (str(interpreter.path), first, *rest)
    script = interpreter.scripts / first
    if "/" not in first and script.is_file():
        return (str(interpreter.path), str(script), *rest)
    raise ToolError(
        f"the command starts with {first!r}, which is neither `python`, a script of the target, nor a console script "
        f'of {interpreter.path}: write it as "python -m module …" or "python script.py …"'
    )


def sample(
    runner: Runner,
    interpreter: Interpreter,
    root: Path,
    benchmark: Benchmark,
    iterations: int,
    cpus: frozenset[int] | None = None,
) -> Sample:
    """One fresh process, pinned to `cpus`. Raises: ToolError when it fails or gives no result."""
    process = process_of(interpreter, root, benchmark)
    env = dict(process.environment)
    folder = clean_scratch(root, "result") if process.iterates else None
    if folder is not None:
        env |= {"ASK_PROFILER_RESULT": str(folder / RESULT), "ASK_PROFILER_ITERATIONS": str(iterations)}
    kept = (folder,) if folder is not None else ()
    done = run(runner, interpreter, root, process.argv, env, benchmark.name, kept=kept, cpus=cpus)
    if folder is not None:
        return _timed_by_plugin(root, folder / RESULT, benchmark, done)
    values = {
        SECONDS_PER_OP: done.duration_s,
        CPU_SECONDS_PER_OP: done.cpu_s,
        PEAK_RSS_BYTES: float(done.peak_rss_bytes),
    }
    return Sample(
        benchmark=benchmark.name,
        iterations=1,
        values=values,
        duration_s=done.duration_s,
        # What a test runner prints holds the time it took; that the tests pass is asked elsewhere.
        output=None if PLUGIN in process.argv else Output.of(done.stdout),
    )


def run(
    runner: Runner,
    interpreter: Interpreter,
    root: Path,
    argv: Sequence[str],
    env: dict[str, str],
    name: str,
    *,
    limits: Limits = SAMPLE_LIMITS,
    readable: Sequence[Path] = (),
    kept: Sequence[Path] | None = None,
    cpus: frozenset[int] | None = None,
) -> Completed:
    """Run a process of the target's at the copy's root. Raises: ToolError with its last words.

    What it writes into the copy is forgotten but for `kept` folders; None keeps the one that is ours.
    """
    if kept is None:
        (root / SCRATCH).mkdir(exist_ok=True)
    return runner.run(
        argv,
        cwd=root,
        env=env,
        access=interpreter.forgetting_access(root, INSIDE, *readable, kept=kept),
        limits=limits,
        program=name,
        cpus=cpus,
    )


def _timed_by_plugin(root: Path, result: Path, benchmark: Benchmark, done: Completed) -> Sample:
    found = read_json(root, result, limit_bytes=RESULT_BYTES)
    if found is None:
        words = done.stdout.strip()[-300:]
        raise UnreadableOutput(f"{benchmark.name} timed nothing: is it skipped? pytest said: {words}")
    try:
        seconds, count = _seconds_and_count(found)
    except (TypeError, ValueError, KeyError, OverflowError) as error:
        raise UnreadableOutput(f"{benchmark.name} left no time that makes sense: {error}") from error
    if count < 1 or seconds <= 0:
        raise ProgramFailed(f"{benchmark.name} took no time at all", exit_code=0)
    return Sample(
        benchmark=benchmark.name,
        iterations=count,
        values={
            SECONDS_PER_OP: seconds / count,
            PROCESS_CPU_SECONDS: done.cpu_s,
            PEAK_RSS_BYTES: float(done.peak_rss_bytes),
        },
        duration_s=done.duration_s,
    )


def _seconds_and_count(found: object) -> tuple[float, int]:
    """What our fixture wrote. Raises: TypeError, ValueError, KeyError, OverflowError: something else wrote it."""
    if not isinstance(found, dict):
        raise TypeError("it isn't what our fixture writes")
    seconds, count = float(found["seconds"]), int(found["iterations"])
    if not math.isfinite(seconds):
        raise ValueError(f"{seconds} seconds")
    return seconds, count


def clean_scratch(root: Path, name: str) -> Path:
    """An empty folder for a tool's files in the copy."""
    return fresh_folder(root, SCRATCH, name)
