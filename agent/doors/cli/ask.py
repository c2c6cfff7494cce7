"""Ask a question about a target and get a verified report (the default command).

The target is a Go module or package directory, or a Python project directory or script; or a file that was recorded
before (a profile, spans, a Go execution trace, benchmark results); or a program that runs already (http://HOST:PORT
of a pprof endpoint, or pid:N). Files and programs that run are only looked at. The workload of a project is found by
itself (Go benchmarks, a declared command, pytest-benchmark tests, a script's __main__, else the tests), or given
with --bench or --cmd. The working tree is only read; see `ask-profiler apply`.

With --run the question is about a finished run: it is answered from what was measured, and from more where needed.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from agent.doors.cli.arguments import add_output, add_workload, command_of, open_store, sizes_of

ANALYSTS = ("auto", "playbook", "claude")
REPLAY = "replay:"
QUESTION = "What is slow here, and what can be done about it?"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("question", nargs="?", default=QUESTION)
    parser.add_argument(
        "--run", metavar="ID", help="ask about this finished run: an id, a unique beginning of it, or 'last'"
    )
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
    parser.add_argument(
        "--analyst",
        type=analyst_name,
        metavar="NAME",
        default="auto",
        help="who interprets: auto (claude with a key, else the playbook), playbook, claude, "
        "or replay:FILE of a recorded transcript",
    )
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
    if args.run is not None:
        return _follow_up(args)
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
        analyst=with_transcript(args.analyst),
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


def _follow_up(args: argparse.Namespace) -> int:
    """Answer a question about a finished run; 0. Raises: AgentError, ToolError."""
    from agent.errors import BadRequest

    other = [
        f"--{name.replace('_', '-')}"
        for name, otherwise in _NOT_WITH_RUN.items()
        if getattr(args, name) != otherwise
    ]
    if other:
        raise BadRequest(
            f"--run asks about a run as it was made: leave {', '.join(other)} out, or leave out --run"
        )
    if args.question == QUESTION:
        raise BadRequest(f'--run {args.run} needs a question, such as "why this one?"')
    open_store(args, os.environ).open_finished(args.run)  # before anything heavy is loaded
    from agent.doors.cli.following import Conversing

    analyst = with_transcript(args.analyst) if args.analyst != "auto" else None
    with Conversing(args, os.environ, analyst) as talk:
        talk.answer(args.question)
    return 0


_NOT_WITH_RUN = {
    "target": ".", "bench": None, "cmd": None, "module": None, "sizes": None, "agent": None, "python": None,
    "sandbox": "auto", "time_limit": None, "sources": None, "seconds": 10.0, "growth_seconds": None,
    "header_env": "", "counter": "", "seed": 0,
}  # fmt: skip
"""What is said of a new request alone, with its default."""


def analyst_name(text: str) -> str:
    """An analyst as it may be named. Raises: ArgumentTypeError."""
    if text in ANALYSTS or text.removeprefix(REPLAY) not in ("", text):
        return text
    if text == REPLAY:
        raise argparse.ArgumentTypeError(
            f"{REPLAY} names no file: give a run's transcript, such as {REPLAY}transcript.jsonl"
        )
    raise argparse.ArgumentTypeError(f"{text!r} is none of {', '.join(ANALYSTS)}, {REPLAY}FILE")


def with_transcript(analyst: str) -> str:
    """The analyst with its transcript's absolute path, for a run that is resumed elsewhere. Raises: BadRequest."""
    from agent.errors import BadRequest

    if not analyst.startswith(REPLAY):
        return analyst
    file = Path(analyst.removeprefix(REPLAY)).absolute()
    if not file.is_file():
        raise BadRequest(f"the transcript {file} to replay is no file: give a run's transcript.jsonl")
    return f"{REPLAY}{file}"


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
