"""List the runs that are kept: id, state, target, question."""

from __future__ import annotations

import argparse
import os
import sys

from agent.doors.cli.arguments import add_runs_dir


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("--limit", type=int, default=20, metavar="N", help="the newest N (default 20)")
    add_runs_dir(parser)


def execute(args: argparse.Namespace) -> int:
    """Print one line a run, the newest last."""
    from agent.doors.cli.arguments import open_store
    from agent.store import read_object

    store = open_store(args, os.environ)
    for run in store.list()[-args.limit :]:
        request = read_object(run.path / "request.json")
        state = "interrupted"
        if (run.path / "report.json").is_file():
            state = str(read_object(run.path / "report.json")["outcome"])
        question = str(request["question"])
        line = f"{run.id}  {state:<22} {request['target']}  {question}"
        sys.stdout.write(line.replace("\n", " ") + "\n")
    if not store.list():
        sys.stderr.write(f"no runs in {store.runs_dir}\n")
    return 0
