"""Make the service's tables, or bring them to this version; on PostgreSQL, of the queue and the checkpoints, too.

Run it once before the first `ask-profiler serve` on a PostgreSQL, and after each new version. A file of SQLite is
brought up to date by itself.
"""

from __future__ import annotations

import argparse
import os
import sys


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    from agent.doors.cli.serving import add_configuration

    add_configuration(parser)


def execute(args: argparse.Namespace) -> int:
    """Bring the tables up to date; 0. Raises: BadSettings, StorageFailed."""
    from agent.database.opening import VERSION, open_database
    from agent.doors.cli.serving import environment_of, settings_of

    environment = environment_of(args, os.environ)
    database = open_database(settings_of(environment), environment)
    before = database.found_version()
    if database.is_postgres:
        from agent.cluster.opening import migrate

        migrate(database)
    else:
        database.migrate()
    what = f"were of version {before}" if before else "were made"
    sys.stdout.write(f"{database.shown}: the tables {what}, and are of version {VERSION}\n")
    return 0
