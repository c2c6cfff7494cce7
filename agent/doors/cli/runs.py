"""List the runs that are kept: id, state, target, question, and why one failed."""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING

from agent.doors.cli.arguments import add_runs_dir

if TYPE_CHECKING:
    from agent.store import RunFolder


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("--limit", type=int, default=20, metavar="N", help="the newest N (default 20)")
    add_runs_dir(parser)


def execute(args: argparse.Namespace) -> int:
    """Print one line a run, the newest last."""
    from agent.doors.cli.arguments import open_store
    from agent.errors import BadRequest
    from agent.rendering.terminal import plain

    store = open_store(args, os.environ)
    for run in store.list()[-args.limit :]:
        try:
            line = _line(run)
        except (BadRequest, KeyError) as error:
            line = f"{run.id}  unreadable: {error}"
        sys.stdout.write(plain(" ".join(line.splitlines())) + "\n")
    if not store.list():
        sys.stderr.write(f"no runs in {store.runs_dir}\n")
    return 0


def _line(run: RunFolder) -> str:
    from agent.store import read_object

    request = read_object(run.path / "request.json")
    state, problem = "interrupted", ""
    if (run.path / "report.json").is_file():
        state = str(read_object(run.path / "report.json")["outcome"])
    elif run.ending is not None:
        state = run.ending.how
        problem = f"  ({run.ending.problem})" if state == "failed" else ""
    return f"{run.id}  {state:<22} {request['target']}  {request['question']}{problem}"
