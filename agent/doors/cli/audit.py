"""Print who asked the service for what, and what became of it: requests, approvals, applied patches.

One line each, the oldest first: time, caller, door, action, subject, outcome, detail.
"""

from __future__ import annotations

import argparse
import os
import sys


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "--since",
        default="24h",
        metavar="TIME",
        help="how far back: 90m, 24h, 30d (default 24h), or a day: 2026-11-29",
    )
    parser.add_argument("--caller", metavar="ID", help="only this caller, such as token:ci")
    parser.add_argument("--settings", metavar="FILE", help="another agent.yaml")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")


def execute(args: argparse.Namespace) -> int:
    """Print the lines; 0. Raises: BadRequest, BadSettings, StorageFailed."""
    import json
    from dataclasses import asdict
    from pathlib import Path

    from agent.access.audit import Audit
    from agent.database.opening import open_database
    from agent.doors.cli.durations import day_and_time
    from agent.resources import settings_path
    from agent.settings import read_settings

    since = _moment(args.since)
    file = args.settings or os.environ.get("ASK_PROFILER_SETTINGS")
    database = open_database(read_settings(Path(file) if file else settings_path()), os.environ)
    database.check()
    for line in Audit(database).lines(since=since, caller=args.caller):
        if args.json:
            sys.stdout.write(json.dumps({**asdict(line), "time": day_and_time(line.time)}) + "\n")
            continue
        words = [
            day_and_time(line.time),
            line.caller,
            line.door,
            line.action,
            line.subject or "-",
            line.outcome,
        ]
        sys.stdout.write("  ".join([*words, line.detail]).rstrip() + "\n")
    return 0


def _moment(text: str) -> float:
    """When it begins, in seconds since 1970: so long ago, or that day or moment in UTC. Raises: BadRequest."""
    import time
    from datetime import UTC, datetime

    from agent.doors.cli.durations import duration_s

    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return time.time() - duration_s(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
