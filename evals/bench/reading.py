"""Reading a large profile and listing its top, side by side with `go tool pprof` on the same file."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from evals.bench.figure import Conditions, Figure
from tools.errors import ToolError
from tools.go.program import GoProgram, find_go
from tools.profiles.builder import ProfileBuilder
from tools.profiles.pprof import read_pprof, write_pprof
from tools.profiles.profile import Function, Profile, ValueType
from tools.profiles.queries import top
from tools.run.process import Runner
from tools.run.sandbox import NoSandbox

STACKS = 50_000
SHORT_STACKS = 2_000
ROUNDS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingFigures:
    """Reading a profile of `stacks` stacks and listing its top: ours against `go tool pprof -top`."""

    stacks: int
    ours_s: float
    pprof_s: float

    @property
    def ratio(self) -> float:
        """Ours divided by pprof's; below 1 ours is faster."""
        return self.ours_s / self.pprof_s


def bench_reading(conditions: Conditions) -> Iterator[Figure]:
    """Time both readers in turns on one generated file; nothing without Go. Raises: ToolError."""
    stacks = STACKS if conditions.trials is None else SHORT_STACKS
    found = compare_readers(stacks, conditions.folder)
    if found is not None:
        words = f"{found.ours_s:.2f} s, go tool pprof -top {found.pprof_s:.2f} s, ratio {found.ratio:.2f}"
        yield Figure(
            name=f"reading {stacks:,} stacks and listing the top",
            found=f"{words} (median of {ROUNDS}, in turns)",
            data=asdict(found),
        )


def compare_readers(stacks: int, folder: Path) -> ReadingFigures | None:
    """Both readers on a generated file below `folder`; None without Go. Raises: ToolError."""
    runner = Runner(NoSandbox())
    try:
        go = find_go(runner)
    except ToolError:
        return None
    path = folder / "large.pb.gz"
    write_pprof(generated_profile(stacks), path)
    pairs = [(_time_ours(path), _time_pprof(runner, go, path)) for _ in range(ROUNDS)]
    runner.close()
    ours, theirs = zip(*pairs, strict=True)
    return ReadingFigures(stacks=stacks, ours_s=statistics.median(ours), pprof_s=statistics.median(theirs))


def generated_profile(stacks: int) -> Profile:
    """A profile with so many different stacks of 10 to 60 frames over 2,000 functions, always the same."""
    random_ = random.Random(7)  # noqa: S311 - data, not a secret
    functions = [Function(name=f"example.com/p{n % 40}.f{n}", file=f"p{n % 40}/f.go") for n in range(2000)]
    builder = ProfileBuilder(
        [ValueType(name="samples", unit="count"), ValueType(name="cpu", unit="nanoseconds")]
    )
    for _ in range(stacks):
        stack = [
            (random_.choice(functions), random_.randrange(1, 400)) for _ in range(random_.randrange(10, 60))
        ]
        builder.add(stack, [1, 10_000_000])
    return builder.build(default_value="cpu")


def _time_ours(path: Path) -> float:
    started = time.perf_counter()
    top(read_pprof(path), value="cpu")
    return time.perf_counter() - started


def _time_pprof(runner: Runner, go: GoProgram, path: Path) -> float:
    done = runner.run([go.path, "tool", "pprof", "-top", path], cwd=path.parent, confined=False)
    return done.duration_s
