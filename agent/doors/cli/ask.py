"""Ask a question about a target and get a verified report (the default command).

The target is a Go module or package directory, or a Python project directory or script; or a file that was recorded
before (a profile, spans, a Go execution trace, benchmark results); or a program that runs already (http://HOST:PORT
of a pprof endpoint, or pid:N). Files and programs that run are only looked at. The workload of a project is found by
itself (Go benchmarks, a declared command, pytest-benchmark tests, a script's __main__, else the tests), or given
with --bench or --cmd. The working tree is only read; see `ask-profiler apply`.
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
        help="what to examine: a folder or script (default: here), a recorded file, "
        "http://HOST:PORT of a pprof endpoint, or pid:N",
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
    parser.add_argument(
        "--sources", metavar="DIR", help="the sources of the program that was recorded, or runs already"
    )
    _add_watching(parser)
    parser.add_argument("--seed", type=int, default=0, help="for the random order of pairs")
    add_output(parser)


def execute(args: argparse.Namespace) -> int:
    """Carry the command out; the exit code. Raises: AgentError, ToolError."""
    from agent.request import Request, Watching
    from agent.targets import check, is_live

    watching = Watching(
        capture_s=args.seconds, growth_s=args.growth_seconds, header_env=args.header_env, counter=args.counter
    )
    request = Request(
        question=args.question,
        target=args.target if is_live(args.target) else str(Path(args.target).absolute()),
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
        watching=watching,
    )
    check(request)  # before anything heavy is loaded: what can't be used is said at once
    from agent.doors.cli.running import answer

    return answer(args, lambda service, progress: service.run(request, progress), os.environ)


def _add_watching(parser: argparse.ArgumentParser) -> None:
    live = parser.add_argument_group("a program that runs already")
    live.add_argument(
        "--seconds", type=float, default=10.0, metavar="S", help="what each profile covers (default: 10)"
    )
    live.add_argument(
        "--growth-seconds",
        type=float,
        metavar="S",
        help="how long growth is watched, 0 not at all (default: 60 if the question is about what grows)",
    )
    live.add_argument(
        "--header-env",
        metavar="NAME",
        default="",
        help="the environment variable that holds the endpoint's header",
    )
    live.add_argument(
        "--counter",
        metavar="NAME",
        default="",
        help="the expvar number that counts requests (default: by its name)",
    )


def _absolute(path: str | None) -> str | None:
    return str(Path(path).absolute()) if path else None
