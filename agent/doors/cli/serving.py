"""What the commands of the service share: settings and definition, the same for it and for its workers."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agent.settings import Settings

SETTINGS = "ASK_PROFILER_SETTINGS"
DEFINITION = "ASK_PROFILER_DEFINITION"


def add_configuration(parser: argparse.ArgumentParser) -> None:
    """`--settings` and `--agent`: what the service is configured to be."""
    parser.add_argument("--settings", metavar="FILE", help="another agent.yaml")
    parser.add_argument("--agent", metavar="FILE", help="another agent definition")


def environment_of(args: argparse.Namespace, environment: Mapping[str, str]) -> dict[str, str]:
    """The environment with the files that were given, for this process's parts and for its workers."""
    found = dict(environment)
    for name, file in ((SETTINGS, args.settings), (DEFINITION, args.agent)):
        if file is not None:
            found[name] = str(Path(file).absolute())
    return found


def settings_of(environment: Mapping[str, str]) -> Settings:
    """The settings in use. Raises: BadSettings."""
    from agent.resources import settings_path
    from agent.settings import read_settings

    named = environment.get(SETTINGS)
    return read_settings(Path(named) if named else settings_path())
