"""Show what each line of a function costs in a recorded profile, beside its source.

  ask-profiler list cpu.pb.gz 'store[.].*Load'
  ask-profiler list cpu.pb.gz Report.build --source ~/app/src

FUNCTION is a function's whole name, or a regular expression that is found in it. Sources are read from below the
folders given by --source (default: the current one) and nowhere else.
"""

from __future__ import annotations

import argparse
from itertools import islice
from pathlib import Path

from agent.doors.cli.recorded import add_limit, add_profile, open_question, print_answer


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_profile(parser)
    parser.add_argument("function", metavar="FUNCTION", help="a function's name, or a regular expression")
    parser.add_argument(
        "--source", metavar="DIR", action="append", default=[],
        help="where sources are, can be given several times (default: here)",
    )  # fmt: skip
    add_limit(parser, "functions that match, the costliest", 5)


def execute(args: argparse.Namespace) -> int:
    """Print the lines; 0. Raises: BadRequest when nothing matches or a folder isn't there."""
    from agent.errors import BadRequest
    from agent.rendering.profile_answers.lines import list_answer
    from agent.rendering.profile_answers.questions import functions_asked
    from tools.profiles.source import annotated

    roots = [Path(name).expanduser() for name in args.source or ["."]]
    for root in roots:
        if not root.is_dir():
            raise BadRequest(f"--source {root} is no folder: name the one that the sources are below")
    question = open_question(args)
    asked = functions_asked(question, args.function)
    found = annotated(
        question.profile, dict(islice(asked.items(), args.top)), value=question.value, roots=roots
    )
    return print_answer(list_answer(question.subject, found, matched=len(asked)), args)
