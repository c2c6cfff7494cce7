"""Ask a question about a target and get a verified report (the default command).

The target is a Go module or package directory, or a Python project directory or script, or a file that was recorded
before (a profile, spans, a Go execution trace, benchmark results), which is only looked at. The workload
is found by itself (Go benchmarks, a declared command, pytest-benchmark tests, a script's __main__, else
the tests), or given with --bench or --cmd. The working tree is only read; see `ask-profiler apply`.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from agent.doors.cli.arguments import add_output, add_workload, command_of, sizes_of


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("question", nargs="?", default="What is slow here, and what can be done about it?")
    parser.add_argument(
        "--target",
        metavar="TARGET",
        default=".",
        help="what to examine: a folder or script (default: here), or a recorded file",
    )
    add_workload(parser)
    parser.add_argument("--agent", metavar="FILE", help="another agent definition (frontmatter and prompt)")
    parser.add_argument("--settings", metavar="FILE", help="another agent.yaml")
    parser.add_argument("--analyst", choices=["auto", "playbook"], default="auto", help="who interprets")
    parser.add_argument("--python", metavar="PROGRAM", help="the target's Python interpreter")
    parser.add_argument("--sandbox", choices=["auto", "bubblewrap", "none"], default="auto")
    parser.add_argument(
        "--time-limit", metavar="SECONDS", type=float, help="no new candidate is started after it"
    )
    parser.add_argument("--sources", metavar="DIR", help="the sources of the program that was recorded")
    parser.add_argument("--seed", type=int, default=0, help="for the random order of pairs")
    add_output(parser)


def execute(args: argparse.Namespace) -> int:
    """Carry the command out; the exit code. Raises: AgentError, ToolError."""
    from agent.doors.cli.running import answer
    from agent.request import Request

    request = Request(
        question=args.question,
        target=str(Path(args.target).absolute()),
        bench=args.bench,
        command=command_of(args),
        sizes=sizes_of(args),
        definition_file=_absolute(args.agent),
        settings_file=_absolute(args.settings),
        analyst=args.analyst,
        sandbox=args.sandbox,
        time_limit_s=args.time_limit,
        python=args.python,
        seed=args.seed,
        sources=_absolute(args.sources),
    )
    return answer(args, lambda service, progress: service.run(request, progress), os.environ)


def _absolute(path: str | None) -> str | None:
    return str(Path(path).absolute()) if path else None
