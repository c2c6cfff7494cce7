"""Print a completion script for bash, zsh or tcsh.

ask-profiler completion bash > ~/.local/share/bash-completion/completions/ask-profiler
"""

from __future__ import annotations

import argparse
import sys


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("shell", choices=["bash", "zsh", "tcsh"])


def execute(args: argparse.Namespace) -> int:
    """Print the script."""
    import shtab

    from agent.doors.cli.main import make_parser

    sys.stdout.write(shtab.complete(make_parser(), args.shell) + "\n")
    return 0
