"""The bench's command line: which sections, how many trials, and the figures against their goals."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from rich.console import Console

from agent.errors import AgentError
from agent.resources import settings_path
from agent.settings import read_settings
from evals.bench.agreement import bench_agreement
from evals.bench.analyst import bench_analyst
from evals.bench.changes import bench_changes
from evals.bench.examples import bench_examples
from evals.bench.figure import Conditions, Figure
from evals.bench.live import bench_live
from evals.bench.live_overhead import bench_overhead
from evals.bench.queue import bench_queue
from evals.bench.reading import bench_reading
from evals.bench.sandbox import bench_sandbox
from evals.bench.streams import bench_streams
from evals.bench.trials import bench_coverage, bench_false_wins, bench_power
from tools.errors import Cancelled, ToolError
from tools.system.host import host_facts

SECTIONS: Mapping[str, Callable[[Conditions], Iterator[Figure]]] = {
    "examples": bench_examples,
    "reading": bench_reading,
    "analyst": bench_analyst,
    "sandbox": bench_sandbox,
    "overhead": bench_overhead,
    "live": bench_live,
    "streams": bench_streams,
    "queue": bench_queue,
    "statistics": bench_agreement,
    "changes": bench_changes,
    "aa": bench_false_wins,
    "power": bench_power,
    "coverage": bench_coverage,
}
LANGUAGES = ("go", "python")


def main(arguments: Sequence[str]) -> int:
    """Measure, print, write; 0 when every goal is met, 1 when one isn't, 2 when a section can't be measured."""
    args = parse(arguments)
    console = Console(highlight=False, soft_wrap=True)
    facts = host_facts().text
    console.print(facts, markup=False)
    found: dict[str, list[Figure]] = {}
    seconds: dict[str, float] = {}
    failed = False
    try:
        for section in args.only:
            started = time.monotonic()
            found[section] = []
            try:
                with tempfile.TemporaryDirectory(prefix="ask-profiler-bench-") as folder:
                    for figure in SECTIONS[section](conditions_of(args, Path(folder))):
                        found[section].append(figure)
                        console.print(line_of(figure), markup=False)
            except (AgentError, ToolError, OSError) as error:
                console.print(f"{section}: {error}", markup=False)
                failed = failed or not isinstance(error, Cancelled)
            seconds[section] = time.monotonic() - started
            console.print(f"  [{section}: {seconds[section]:.0f} s]", markup=False)
    except KeyboardInterrupt:
        return 130
    finally:
        if args.json:
            args.json.write_text(as_json(facts, args, found, seconds), encoding="utf-8")
    missed = [f for figures in found.values() for f in figures if f.is_met is False]
    console.print(f"{len(missed)} goals missed" if missed else "every goal is met")
    return 2 if failed else int(bool(missed))


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """The arguments of the command line."""
    parser = argparse.ArgumentParser(prog="bench", description="The project's own figures.")
    names = ", ".join(SECTIONS)
    parser.add_argument("--only", type=_sections, default=list(SECTIONS), metavar="A,B", help=f"of {names}")
    parser.add_argument("--trials", type=_count, metavar="N", help="trials of each series (the full number)")
    parser.add_argument("--language", choices=LANGUAGES, help="only this language's programs (both)")
    parser.add_argument("--busy", type=int, metavar="N", help="processors to keep busy (for aa all but one)")
    parser.add_argument(
        "--settings", type=Path, default=settings_path(), metavar="FILE", help="an agent.yaml"
    )
    parser.add_argument("--seed", type=int, default=0, help="of orders, gains and samples (0)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    return parser.parse_args(arguments)


def _sections(text: str) -> list[str]:
    unknown = [name for name in text.split(",") if name not in SECTIONS]
    if unknown:
        raise argparse.ArgumentTypeError(
            f"no section is called {unknown[0]!r}: there are {', '.join(SECTIONS)}"
        )
    return text.split(",")


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of trials: give a whole number above 0")
    return int(text)


def conditions_of(args: argparse.Namespace, folder: Path) -> Conditions:
    """What a section is run with; progress goes to standard error where that is a terminal."""
    return Conditions(
        folder=folder,
        trials=args.trials,
        languages=(args.language,) if args.language else LANGUAGES,
        busy=args.busy,
        seed=args.seed,
        measure=read_settings(args.settings).measure,
        say=_say if sys.stderr.isatty() else lambda text: None,
    )


def _say(text: str) -> None:
    sys.stderr.write(f"\r\x1b[K{text}\r")
    sys.stderr.flush()


def line_of(figure: Figure) -> str:
    """A figure as printed."""
    mark = {True: "met", False: "MISSED", None: ""}[figure.is_met]
    goal = f" [goal: {figure.goal}: {mark}]" if figure.goal else ""
    return f"{figure.name}: {figure.found}{goal}"


def as_json(
    facts: str,
    args: argparse.Namespace,
    found: Mapping[str, Sequence[Figure]],
    seconds: Mapping[str, float],
) -> str:
    """Everything that was found, and under which conditions."""
    return (
        json.dumps(
            {
                "host": facts,
                "trials": args.trials,
                "busy": args.busy,
                "seed": args.seed,
                "sections": {
                    name: {"seconds": seconds.get(name), "figures": [asdict(f) for f in figures]}
                    for name, figures in found.items()
                },
            },
            indent=2,
        )
        + "\n"
    )
