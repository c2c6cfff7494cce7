"""Judge known cheats and honest changes on this host: does it catch what it must, and accept what it should?

Small programs in Go and Python come with many changes: cheats that only look faster, and honest optimisations. Each
goes through the gates of `ask-profiler verify`. Then the measurement itself is tried: equal code against itself (false
wins), and a true gain of 10 % (detection). Nothing of it stays on the host.

exit codes:
  0  every cheat is rejected, every honest change accepted, and there aren't more false wins than there may be
  1  one of these isn't so
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agent.selftest.result import JudgedChange

TRIALS = 20
QUICK_TRIALS = 2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("--quick", action="store_true", help="a sample that takes about two minutes")
    parser.add_argument(
        "--only", metavar="NAME", action="append", default=[], help="one change; can be given several times"
    )
    parser.add_argument("--language", choices=["go", "python"], help="only programs in this language")
    parser.add_argument(
        "--trials",
        metavar="N",
        type=int,
        help=f"trials of the measurement for each language (default: {TRIALS}; {QUICK_TRIALS} with --quick; "
        "none with --only)",
    )
    parser.add_argument("--list", action="store_true", help="name the changes and end")
    parser.add_argument("--python", metavar="PROGRAM", help="the Python interpreter, with pytest")
    parser.add_argument("--sandbox", choices=["auto", "bubblewrap", "none"], default="auto")
    parser.add_argument("--seed", type=int, default=0, help="for the random order of pairs")
    parser.add_argument("--json", metavar="FILE", help="write what was found as JSON, too")
    parser.add_argument("--quiet", action="store_true", help="no progress on standard error")


def execute(args: argparse.Namespace) -> int:
    """Judge the changes and print a line for each; 0 or 1. Raises: AgentError, ToolError."""
    from agent.errors import BadRequest
    from agent.selftest.catalogue import choose, read_catalogue

    if args.trials is not None and args.trials < 0:
        raise BadRequest(f"--trials {args.trials} is no number of trials: give 0 or more")
    changes = choose(read_catalogue(), only=args.only, language=args.language, is_quick=args.quick)
    if args.list:
        for change in changes:
            sys.stdout.write(f"{change.id:<36} {change.kind:<7} {change.why}\n")
        return 0
    from agent.doors.cli.running import ProgressDisplay, ended_by_interrupt
    from agent.selftest import telling
    from agent.selftest.suite import Selftest
    from agent.store import write_atomically

    display = ProgressDisplay(quiet=args.quiet)
    selftest = Selftest(
        environment=os.environ,
        report_progress=display.show,
        on_change=_print,
        python=args.python,
        sandbox=args.sandbox,
        seed=args.seed,
    )
    with display, ended_by_interrupt(selftest):
        result = selftest.run(changes, _trials(args))
    if args.json:
        write_atomically(Path(args.json), telling.as_json(result).encode())
    sys.stdout.write(telling.summary(result))
    return 0 if result.passed else 1


def _trials(args: argparse.Namespace) -> int:
    if args.trials is not None:
        return int(args.trials)
    return 0 if args.only else QUICK_TRIALS if args.quick else TRIALS


def _print(judged: JudgedChange) -> None:
    from agent.selftest import telling

    sys.stdout.write(telling.line(judged))
    sys.stdout.flush()
