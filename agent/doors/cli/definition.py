"""Show what was understood of an agent definition: fields, policy, checklist, and what was recovered."""

from __future__ import annotations

import argparse
import sys


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("file", nargs="?", metavar="FILE", help="the definition (default: the built-in one)")
    parser.add_argument("--json", action="store_true", help="as JSON")


def execute(args: argparse.Namespace) -> int:
    """Print the definition as understood. Raises: BadDefinition."""
    from pathlib import Path

    from agent.definition import Definition, read_definition
    from agent.rendering.definition import render
    from agent.resources import definition_path

    definition = read_definition(Path(args.file) if args.file else definition_path())
    if args.json:
        from pydantic import TypeAdapter

        sys.stdout.write(TypeAdapter(Definition).dump_json(definition, indent=2).decode() + "\n")
    else:
        sys.stdout.write(render(definition))
    return 0
