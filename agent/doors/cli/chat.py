"""Ask about a finished run, one question after the other, until the end of the input.

Questions are lines of standard input; `/quit` or Ctrl-D ends, Ctrl-C ends an answer and keeps what was said before.
With a key Claude answers, has more measured where that is needed, and tries changes; without one known forms of
questions are answered. Nothing is applied to the target.
"""

from __future__ import annotations

import argparse
import os
import sys

from agent.doors.cli.arguments import add_run, open_store
from agent.doors.cli.ask import analyst_name, with_transcript


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_run(parser)
    parser.add_argument(
        "--analyst",
        type=analyst_name,
        metavar="NAME",
        help="who answers, as for ask (default: as for the run)",
    )
    parser.add_argument("--json", action="store_true", help="print each answer as a line of JSON")
    parser.add_argument("--quiet", action="store_true", help="no progress on standard error")


def execute(args: argparse.Namespace) -> int:
    """Answer every question; 0, or where nobody watches the code of the last that failed. Raises: AgentError."""
    analyst = with_transcript(args.analyst) if args.analyst else None
    open_store(args, os.environ).open_finished(args.run)  # before anything heavy is loaded
    from agent.doors.cli.following import Conversing, lines_of

    is_watched = sys.stdin.isatty()
    code = 0
    with Conversing(args, os.environ, analyst, after="\n") as talk:
        for line in lines_of(talk, is_prompted=is_watched and sys.stdout.isatty()):
            if line == "/quit":
                break
            if line:
                code = talk.try_to_answer(line) or code
    return 0 if is_watched and not talk.is_ended else code
