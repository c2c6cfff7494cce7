"""The project's own figures: `python -m evals.bench [--json FILE]` (`make bench`).

For each bundled example: seconds from question to verified report, and the agent's own share of them
(everything but the target's builds, tests, profiles and benchmarks). Then reading a large profile, side by
side with `go tool pprof` on the same file, as a ratio. Ends with 1 when a figure misses its goal.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from agent.doors.cli.demo import QUESTIONS
from agent.report import Report
from agent.request import Request
from agent.resources import examples_dir
from agent.service import Service
from agent.store import Store
from tools.errors import ToolError
from tools.go.program import GoProgram, find_go
from tools.profiles.builder import ProfileBuilder
from tools.profiles.pprof import read_pprof, write_pprof
from tools.profiles.profile import Function, Profile, ValueType
from tools.profiles.queries import top
from tools.run.process import Runner
from tools.run.sandbox import NoSandbox

GOAL_S = 40.0
GOAL_SHARE = 0.10
STACKS = 50_000
ROUNDS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class ExampleFigures:
    """What answering one example took. `own_share` is the agent's own part of `seconds`, 0 to 1."""

    example: str
    seconds: float
    own_s: float
    own_share: float
    outcome: str
    accepted: int
    stages: Mapping[str, float]

    @property
    def meets_goals(self) -> bool:
        """Whether both goals of the definition are met."""
        return self.seconds < GOAL_S and self.own_share < GOAL_SHARE


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


def main(arguments: Sequence[str]) -> int:
    """Measure, print, write; the exit code."""
    parser = argparse.ArgumentParser(prog="bench", description="The project's own figures.")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    args = parser.parse_args(arguments)
    console = Console()
    found = [bench_example(name) for name in QUESTIONS]
    console.print(example_table(found))
    reading = bench_reading(STACKS)
    if reading is not None:
        console.print(
            f"reading {reading.stacks:,} stacks and listing the top: {reading.ours_s:.2f} s, "
            f"go tool pprof -top {reading.pprof_s:.2f} s, ratio {reading.ratio:.2f} (median of {ROUNDS}, interleaved)"
        )
    if args.json:
        figures = {
            "examples": [asdict(f) for f in found],
            "reading": asdict(reading) if reading is not None else None,
        }
        args.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    return 0 if all(f.meets_goals for f in found) else 1


def bench_example(name: str) -> ExampleFigures:
    """Answer the demo's question on one example, from an empty store. Raises: AgentError, ToolError."""
    with tempfile.TemporaryDirectory(prefix="ask-profiler-bench-") as folder:
        service = Service(store=Store(Path(folder)), environment=os.environ)
        request = Request(question=QUESTIONS[name], target=str(examples_dir() / name))
        started = time.monotonic()
        report = service.run(request, lambda _: None)
        return figures_of(name, report, time.monotonic() - started)


def figures_of(name: str, report: Report, seconds: float) -> ExampleFigures:
    """The figures of a run that took `seconds`; what its stages don't cover is the agent's own, too."""
    target_s = sum(stage.target_s for stage in report.stages)
    stages: dict[str, float] = {}
    for stage in report.stages:
        stages[stage.stage] = stages.get(stage.stage, 0.0) + stage.duration_s
    own_s = max(0.0, seconds - target_s)
    return ExampleFigures(
        example=name,
        seconds=seconds,
        own_s=own_s,
        own_share=own_s / seconds,
        outcome=report.outcome,
        accepted=len(report.accepted),
        stages=stages,
    )


def example_table(found: Sequence[ExampleFigures]) -> Table:
    """One row an example, with the goals in the headings."""
    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column("example")
    for heading in (f"seconds (< {GOAL_S:.0f})", f"own share (< {GOAL_SHARE:.0%})", "accepted"):
        table.add_column(heading, justify="right")
    table.add_column("outcome")
    for row in found:
        cells = (row.example, f"{row.seconds:.1f}", f"{row.own_share:.1%}", str(row.accepted), row.outcome)
        table.add_row(*cells, style=None if row.meets_goals else "yellow")
    return table


def bench_reading(stacks: int) -> ReadingFigures | None:
    """Time both readers in turns on one generated file; None without Go. Raises: ToolError."""
    runner = Runner(NoSandbox())
    try:
        go = find_go(runner)
    except ToolError:
        return None
    with tempfile.TemporaryDirectory(prefix="ask-profiler-bench-") as folder:
        path = Path(folder) / "large.pb.gz"
        write_pprof(generated_profile(stacks), path)
        pairs = [(_time_ours(path), _time_pprof(runner, go, path)) for _ in range(ROUNDS)]
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


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
