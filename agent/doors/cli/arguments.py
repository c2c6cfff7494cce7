"""Arguments that several commands share. Light to import: the help must be quick."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agent.store import Store


def add_runs_dir(parser: argparse.ArgumentParser) -> None:
    """`--runs-dir`: where runs are kept."""
    parser.add_argument(
        "--runs-dir", metavar="DIR", help="where runs are kept (default: the user's state folder)"
    )


def add_run(parser: argparse.ArgumentParser) -> None:
    """The run a command is about, and where runs are kept."""
    parser.add_argument(
        "run", nargs="?", default="last", help="a run's id, a unique beginning of it, or 'last'"
    )
    add_runs_dir(parser)


def add_output(parser: argparse.ArgumentParser) -> None:
    """What commands that run the workflow share: where runs are kept and what is printed."""
    add_runs_dir(parser)
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    parser.add_argument("--quiet", action="store_true", help="no progress on standard error")


def open_store(args: argparse.Namespace, environment: Mapping[str, str]) -> Store:
    """The store of runs: `--runs-dir`, else the settings' `storage.runs_folder`, else the user's state folder.

    Raises: BadSettings.
    """
    from agent.resources import settings_path
    from agent.settings import read_settings
    from agent.store import default_runs_dir

    if args.runs_dir:
        return _store(Path(args.runs_dir))
    file = getattr(args, "settings", None) or environment.get("ASK_PROFILER_SETTINGS")
    named = read_settings(Path(file) if file else settings_path()).storage.runs_folder
    return _store(Path(named).expanduser() if named else default_runs_dir(environment))


def _store(folder: Path) -> Store:
    """Without `..` and links in its path: programs run in the copies name their files so, and are compared."""
    from agent.store import Store

    try:
        return Store(folder.resolve())
    except RuntimeError:  # a circle of links; creating a run there will say it
        return Store(folder.absolute())
