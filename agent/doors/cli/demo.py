"""Run the main job on the two bundled examples, one in Go and one in Python."""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING

from agent.doors.cli.arguments import add_output

if TYPE_CHECKING:
    from agent.doors.cli.running import Ask
    from agent.request import Request

QUESTIONS = {
    "daily-reports-go": "The daily report takes too long for 100,000 trades. What is slow, and what helps?",
    "daily-reports-py": "Report generation is slow for 100,000 records. Why, and how can it be made faster?",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("--only", choices=sorted(QUESTIONS), help="one of the examples")
    add_output(parser)


def execute(args: argparse.Namespace) -> int:
    """Answer both questions; the worst exit code of the two. Raises: AgentError, ToolError."""
    from agent.doors.cli.running import answer
    from agent.request import Request
    from agent.resources import examples_dir

    worst = 0
    for name in [args.only] if args.only else QUESTIONS:
        target = examples_dir() / name
        sys.stderr.write(f'\nask-profiler "{QUESTIONS[name]}" --target {target}\n\n')
        request = Request(question=QUESTIONS[name], target=str(target))
        worst = max(worst, answer(args, _asking(request), os.environ))
    return worst


def _asking(request: Request) -> Ask:
    return lambda service, report_progress: service.run(request, report_progress)
