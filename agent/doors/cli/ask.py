"""Ask a question about a target and get a verified report (the default command).

The target is a Go module or package directory, or a Python project directory or script. The workload
is found by itself (Go benchmarks, a declared command, pytest-benchmark tests, a script's __main__, else
the tests), or given with --bench or --cmd. The working tree is only read; see `ask-profiler apply`.
"""

from __future__ import annotations

import argparse
import os
import shlex
from pathlib import Path

from agent.doors.cli.arguments import add_output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("question", nargs="?", default="What is slow here, and what can be done about it?")
    parser.add_argument("--target", metavar="PATH", default=".", help="what to examine (default: here)")
    workload = parser.add_mutually_exclusive_group()
    workload.add_argument("--bench", metavar="REGEX", help="the benchmarks to use as workload")
    workload.add_argument(
        "--cmd",
        metavar="COMMAND",
        help="the command to use as workload, run without a shell; {size} is replaced",
    )
    workload.add_argument("-m", "--module", metavar="MODULE", help="a Python module to run as workload")
    parser.add_argument("--sizes", metavar="N,N…", help="input sizes for {size} in --cmd")
    parser.add_argument("--agent", metavar="FILE", help="another agent definition (frontmatter and prompt)")
    parser.add_argument("--settings", metavar="FILE", help="another agent.yaml")
    parser.add_argument("--analyst", choices=["auto", "playbook"], default="auto", help="who interprets")
    parser.add_argument("--python", metavar="PROGRAM", help="the target's Python interpreter")
    parser.add_argument("--sandbox", choices=["auto", "bubblewrap", "none"], default="auto")
    parser.add_argument(
        "--time-limit", metavar="SECONDS", type=float, help="no new candidate is started after it"
    )
    parser.add_argument("--seed", type=int, default=0, help="for the random order of pairs")
    add_output(parser)


def execute(args: argparse.Namespace) -> int:
    """Carry the command out; the exit code. Raises: AgentError, ToolError."""
    from agent.doors.cli.running import answer
    from agent.errors import BadRequest
    from agent.request import Request

    try:
        command = tuple(shlex.split(args.cmd)) if args.cmd else ()
    except ValueError as error:
        raise BadRequest(f"--cmd {args.cmd!r} can't be split into words: {error}") from error
    if args.module:
        command = ("python", "-m", args.module)
    try:
        sizes = tuple(int(s) for s in args.sizes.split(",")) if args.sizes else ()
    except ValueError as error:
        raise BadRequest(f"--sizes {args.sizes!r} is not a list of whole numbers such as 100,1000") from error
    request = Request(
        question=args.question,
        target=str(Path(args.target).absolute()),
        bench=args.bench,
        command=command,
        sizes=sizes,
        definition_file=_absolute(args.agent),
        settings_file=_absolute(args.settings),
        analyst=args.analyst,
        sandbox=args.sandbox,
        time_limit_s=args.time_limit,
        python=args.python,
        seed=args.seed,
    )
    return answer(args, lambda service, progress: service.run(request, progress), os.environ)


def _absolute(path: str | None) -> str | None:
    return str(Path(path).absolute()) if path else None
