"""Reading large profiles side by side with other readers: `go tool pprof`, and a plain one of collapsed stacks."""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from evals.bench.figure import Conditions, Figure
from evals.bench.large import large_profile
from tools.errors import ToolError
from tools.go.program import find_go
from tools.profiles.pprof import write_pprof
from tools.profiles.writing import as_collapsed
from tools.run.process import Runner
from tools.run.sandbox import NoSandbox
from tools.run.watch import Limits

SAMPLES, FUNCTIONS, ROUNDS = 1_000_000, 100_000, 3
SHORT_SAMPLES, SHORT_FUNCTIONS, SHORT_ROUNDS = 2_000, 500, 1
COLLAPSED_BYTES = 100_000_000
TIME_GOAL, MEMORY_GOAL, FLAME_GOAL = 0.25, 1.0, 2.0
LIMITS = Limits(timeout_s=600)
ROOT = Path(__file__).parents[2]

_TOP = """
import sys
from pathlib import Path
from tools.profiles.queries import rank
from tools.profiles.reading import read_profile
profile = read_profile(Path(sys.argv[1]))
for by in ("self", "cumulative"):
    for cost in rank(profile, value=profile.default_value, by=by, limit=40).costs:
        print(cost.self_value, cost.cumulative_value, cost.function.name)
"""
_READ = """
import sys
from pathlib import Path
from tools.profiles.reading import read_profile
print(read_profile(Path(sys.argv[1])).samples)
"""
_FLAME = """
import json, sys, time
from pathlib import Path
from tools.profiles.flamegraph import flame_svg
from tools.profiles.reading import read_profile
started = time.perf_counter()
profile = read_profile(Path(sys.argv[1]))
read = time.perf_counter()
svg = flame_svg(profile, value=profile.default_value, title="large")
print(json.dumps([read - started, time.perf_counter() - read]))
"""
_PLAIN = """
import sys
stacks, known = [], {}
with open(sys.argv[1], encoding="utf-8") as file:
    for line in file:
        stack, _, count = line.rpartition(" ")
        stacks.append(([known.setdefault(name, len(known)) for name in stack.split(";")], int(count)))
print(len(stacks))
"""
"""What one writes without more ado: each stack as a list of numbers of names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """The medians of some runs of one reader, each a process of its own."""

    wall_s: float
    peak_bytes: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Our reader and another on the same file, run in turns."""

    ours: Run
    theirs: Run

    @property
    def time_ratio(self) -> float:
        """Our time divided by theirs; below 1 ours is faster."""
        return self.ours.wall_s / self.theirs.wall_s

    @property
    def memory_ratio(self) -> float:
        """Our peak memory divided by theirs."""
        return self.ours.peak_bytes / self.theirs.peak_bytes


def bench_reading(conditions: Conditions) -> Iterator[Figure]:
    """Top, flame graph and collapsed stacks of one large profile; without Go not against pprof. Raises: ToolError."""
    full = conditions.trials is None
    samples, functions, rounds = (
        (SAMPLES, FUNCTIONS, ROUNDS) if full else (SHORT_SAMPLES, SHORT_FUNCTIONS, SHORT_ROUNDS)
    )
    conditions.say(f"making a profile of {samples:,} samples")
    path = generate(samples, functions, conditions.folder)
    size = f"{samples:,} samples over {functions:,} functions ({path.stat().st_size / 1e6:.1f} MB)"
    found = compare_readers(path, rounds)
    if found is not None:
        yield from _against_pprof(found, size, rounds, judged=full)
    yield _flame(path, size, rounds, judged=full)
    yield _collapsed(conditions.folder, samples, functions, rounds, full=full)


def generate(samples: int, functions: int, folder: Path) -> Path:
    """A gzipped pprof file in `folder`."""
    path = folder / "large.pb.gz"
    write_pprof(large_profile(samples, functions), path)
    return path


def compare_readers(path: Path, rounds: int) -> Pair | None:
    """Ours and `go tool pprof -top` on one file; None without Go. Raises: ToolError."""
    runner = Runner(NoSandbox())
    try:
        go = find_go(runner)
    except ToolError:
        return None
    try:
        run = [[sys.executable, "-c", _TOP, str(path)], [str(go.path), "tool", "pprof", "-top", str(path)]]
        return _in_turns(runner, run, rounds)
    finally:
        runner.close()


def _in_turns(runner: Runner, commands: Sequence[Sequence[str]], rounds: int) -> Pair:
    """The first command is ours."""
    found: list[list[tuple[float, int]]] = [[] for _ in commands]
    for _ in range(rounds):
        for runs, command in zip(found, commands, strict=True):
            done = runner.run(command, cwd=ROOT, limits=LIMITS, confined=False)
            runs.append((done.duration_s, done.peak_rss_bytes))
    ours, theirs = (
        Run(wall_s=statistics.median(s for s, _ in runs), peak_bytes=statistics.median(b for _, b in runs))
        for runs in found
    )
    return Pair(ours=ours, theirs=theirs)


def _against_pprof(found: Pair, size: str, rounds: int, *, judged: bool) -> Iterator[Figure]:
    how = f"median of {rounds}, in turns"
    yield Figure(
        name=f"reading {size} and listing the top",
        found=f"{found.ours.wall_s:.2f} s, go tool pprof -top {found.theirs.wall_s:.2f} s, "
        f"ratio {found.time_ratio:.2f} ({how})",
        goal=f"<= {TIME_GOAL}" if judged else "",
        is_met=found.time_ratio <= TIME_GOAL if judged else None,
        data=asdict(found),
    )
    yield Figure(
        name="peak memory of that",
        found=f"{found.ours.peak_bytes / 1e6:.0f} MB, go tool pprof -top {found.theirs.peak_bytes / 1e6:.0f} MB, "
        f"ratio {found.memory_ratio:.2f} ({how})",
        goal=f"<= {MEMORY_GOAL}" if judged else "",
        is_met=found.memory_ratio <= MEMORY_GOAL if judged else None,
    )


def _flame(path: Path, size: str, rounds: int, *, judged: bool) -> Figure:
    """Drawing the flame graph, relative to reading the file."""
    runner = Runner(NoSandbox())
    found: list[tuple[float, float]] = []
    for _ in range(rounds):
        done = runner.run([sys.executable, "-c", _FLAME, str(path)], cwd=ROOT, limits=LIMITS, confined=False)
        read_s, draw_s = json.loads(done.stdout)
        found.append((read_s, draw_s))
    runner.close()
    ratio = statistics.median(draw_s / read_s for read_s, draw_s in found)
    read_s, draw_s = (statistics.median(times) for times in zip(*found, strict=True))
    return Figure(
        name=f"flame graph of {size}",
        found=f"{draw_s:.2f} s after {read_s:.2f} s of reading, ratio {ratio:.2f} (median of {rounds})",
        goal=f"< {FLAME_GOAL}" if judged else "",
        is_met=ratio < FLAME_GOAL if judged else None,
        data={"read_s": read_s, "draw_s": draw_s, "ratio": ratio},
    )


def _collapsed(folder: Path, samples: int, functions: int, rounds: int, *, full: bool) -> Figure:
    """Collapsed stacks beside a plain reader, which checks nothing and adds nothing up: no goal, only a measure.

    The goal is to be faster than readers on PyPI; they are no dependency of ours and aren't run here.
    """
    content = as_collapsed(large_profile(samples // 10, functions), "samples").content
    path = folder / "large.folded"
    copies = max(1, COLLAPSED_BYTES // len(content)) if full else 1
    path.write_bytes(content * copies)
    runner = Runner(NoSandbox())
    commands = [[sys.executable, "-c", script, str(path)] for script in (_READ, _PLAIN)]
    found = _in_turns(runner, commands, rounds)
    runner.close()
    return Figure(
        name=f"reading {path.stat().st_size / 1e6:.0f} MB of collapsed stacks",
        found=f"{found.ours.wall_s:.2f} s, a plain reader {found.theirs.wall_s:.2f} s, "
        f"ratio {found.time_ratio:.2f} (median of {rounds}, in turns)",
        data=asdict(found),
    )
