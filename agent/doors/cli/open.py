"""Open a run's HTML report in the browser, or print where it is."""

from __future__ import annotations

import argparse
import os
import sys

from agent.doors.cli.arguments import add_run


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_run(parser)


def execute(args: argparse.Namespace) -> int:
    """Open the page. Raises: BadRequest when the run has none."""
    import webbrowser

    from agent.doors.cli.arguments import open_store
    from agent.errors import BadRequest

    run = open_store(args, os.environ).open(args.run)
    page = run.path / "report.html"
    if not page.is_file():
        raise BadRequest(
            f"run {run.id} has no report: `ask-profiler resume {run.id}` finishes an interrupted run"
        )
    sys.stdout.write(f"{page}\n")
    if os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
        webbrowser.open(page.as_uri())
    return 0
