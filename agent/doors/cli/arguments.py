"""Arguments that several commands share. Light to import: the help must be quick."""

from __future__ import annotations

import argparse
import shlex
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


def add_workload(parser: argparse.ArgumentParser) -> None:
    """How the target is exercised: benchmarks, a command or a module, and input sizes."""
    workload = parser.add_mutually_exclusive_group()
    workload.add_argument("--bench", metavar="REGEX", help="the benchmarks to use as workload")
    workload.add_argument(
        "--cmd",
        metavar="COMMAND",
        help="the command to use as workload, run without a shell; {size} is replaced",
    )
    workload.add_argument("-m", "--module", metavar="MODULE", help="a Python module to run as workload")
    parser.add_argument("--sizes", metavar="N,N…", help="input sizes for {size} in --cmd")


def command_of(args: argparse.Namespace) -> tuple[str, ...]:
    """The workload's command in words, empty when none was given. Raises: BadRequest."""
    from agent.errors import BadRequest

    if args.module:
        return ("python", "-m", args.module)
    try:
        return tuple(shlex.split(args.cmd)) if args.cmd else ()
    except ValueError as error:
        raise BadRequest(f"--cmd {args.cmd!r} can't be split into words: {error}") from error


def sizes_of(args: argparse.Namespace) -> tuple[int, ...]:
    """The input sizes that were given. Raises: BadRequest."""
    from agent.errors import BadRequest

    try:
        return tuple(int(s) for s in args.sizes.split(",")) if args.sizes else ()
    except ValueError as error:
        raise BadRequest(f"--sizes {args.sizes!r} is not a list of whole numbers such as 100,1000") from error


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
