"""Print a run's report: as Markdown, as JSON, or one piece of its evidence."""

from __future__ import annotations

import argparse
import os
import sys

from agent.doors.cli.arguments import add_run


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_run(parser)
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="the report as JSON")
    form.add_argument("--patch", action="store_true", help="the patch alone")
    form.add_argument("--evidence", metavar="ID", help="one piece of evidence, such as E7, as JSON")


def execute(args: argparse.Namespace) -> int:
    """Print what was asked for. Raises: BadRequest when the run or the evidence isn't there."""
    from agent.doors.cli.arguments import open_store
    from agent.ending import why_unfinished
    from agent.errors import BadRequest

    run = open_store(args, os.environ).open(args.run)
    if args.evidence:
        sys.stdout.write(_evidence(run.path / "evidence.jsonl", args.evidence) + "\n")
        return 0
    name = "report.json" if args.json else "optimization.patch" if args.patch else "report.md"
    path = run.path / name
    if not path.is_file():
        if args.patch and (run.path / "report.json").is_file():
            raise BadRequest(f"run {run.id} has no {name}: no change was accepted")
        raise BadRequest(why_unfinished(run.id, run.ending))
    sys.stdout.write(path.read_text(encoding="utf-8"))
    return 0


def _evidence(path: os.PathLike[str], evidence_id: str) -> str:
    import json
    from pathlib import Path

    from agent.errors import BadRequest

    text = Path(path).read_text(encoding="utf-8") if Path(path).is_file() else ""
    known = [json.loads(line) for line in text.split("\n")[:-1]]  # without a torn last line
    for item in known:
        if item["id"] == evidence_id:
            return json.dumps(item, indent=2, ensure_ascii=False)
    names = f"{known[0]['id']} to {known[-1]['id']}" if known else "none"
    raise BadRequest(f"no evidence {evidence_id!r} in this run; it has {names}")
