"""Apply a run's patch to the target's working tree: exactly and whole, or not at all."""

from __future__ import annotations

import argparse
import os
import sys

from agent.doors.cli.arguments import add_run


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_run(parser)
    parser.add_argument("--target", metavar="PATH", help="another copy of the target's root")
    parser.add_argument("--check", action="store_true", help="only say whether it would apply")


def execute(args: argparse.Namespace) -> int:
    """Apply the patch. Raises: BadRequest when there is none or it doesn't apply cleanly."""
    from pathlib import Path

    from agent.doors.cli.arguments import open_store
    from agent.ending import why_unfinished
    from agent.errors import BadRequest
    from agent.patches import apply_patch, check_patch
    from agent.store import read_object
    from agent.targets import locate
    from tools.run.process import Runner
    from tools.run.sandbox import NoSandbox

    run = open_store(args, os.environ).open(args.run)
    patch = run.path / "optimization.patch"
    if (run.path / "change.patch").is_file():
        raise BadRequest(
            f"run {run.id} judged a change that was given to it: it has no patch of its own to apply"
        )
    if not (run.path / "report.json").is_file():
        raise BadRequest(why_unfinished(run.id, run.ending))
    if not patch.is_file():
        raise BadRequest(f"run {run.id} has no patch: nothing was accepted")
    outcome = read_object(run.path / "report.json")["outcome"]
    if outcome != "improved":
        raise BadRequest(
            f"run {run.id} ended with {outcome!r}: its patch didn't pass as a whole; "
            f"to apply it all the same: git apply {patch}"
        )
    target = args.target or str(read_object(run.path / "request.json")["target"])
    root = locate(Path(target)).root
    act = check_patch if args.check else apply_patch
    files = act(Runner(NoSandbox()), root, patch.read_bytes().decode("utf-8"))
    verb = "would change" if args.check else "changed"
    sys.stdout.write("".join(f"{verb} {root / name}\n" for name in files))
    return 0
