"""Go on where a run stopped that was interrupted or failed; finished steps aren't repeated."""

from __future__ import annotations

import argparse
import os

from agent.doors.cli.arguments import add_output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "run", nargs="?", default="last", help="a run's id, a unique beginning of it, or 'last'"
    )
    add_output(parser)


def execute(args: argparse.Namespace) -> int:
    """Resume the run and print its report. Raises: AgentError, ToolError."""
    from agent.doors.cli.running import answer

    return answer(args, lambda service, progress: service.resume(args.run, progress), os.environ)
