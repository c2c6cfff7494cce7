"""ask-profiler: ask why a program is slow or big, and get a verified answer.

  ask-profiler "Report generation takes 30 s for 1000 records" --target ./service

A question runs real profilers and benchmarks on a private copy of the target, proposes optimised code,
proves each change, and writes a report in which every number is measured.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import NoReturn

COMMANDS = (
    "ask", "chat", "verify", "compare", "top", "peek", "list", "diff", "flame", "convert", "path",
    "capture", "runs", "show", "open", "apply", "resume", "serve", "worker", "migrate", "token", "audit",
    "mcp", "install-subagent", "doctor", "selftest", "definition", "demo", "completion",
)  # fmt: skip
"""Subcommands in the order of the help; each is a module of this package, _ for -, whose docstring is its help."""

EXIT_CODES = """exit codes:
  0 answered, whatever the answer is                5 the analyst failed
  2 the request can't be used                        6 a budget was spent
  3 definition or settings can't be used             7 the run's folder can't be written
  4 the target can't be measured as it stands        8 a tool is missing or failed
  10 to 14 a given change is rejected (see verify --help)
  130 interrupted (the run can be resumed)"""


def run() -> NoReturn:
    """Entry point of the `ask-profiler` script."""
    sys.exit(main(sys.argv[1:]))


def main(argv: Sequence[str]) -> int:
    """Run one command line; the exit code. Errors become one clear sentence on standard error."""
    parser = make_parser()
    args = parser.parse_args(_with_default_command(list(argv)))
    if args.command is None:
        parser.print_help()
        return 2
    from agent.errors import AgentError
    from tools.errors import Cancelled, ToolError

    try:
        return int(_command(args.command).execute(args))
    except AgentError as error:
        return _complain(str(error), error.exit_code)
    except (Cancelled, KeyboardInterrupt):
        return _complain("interrupted; nothing of it is running any more", 130)
    except ToolError as error:
        return _complain(str(error), 8)
    except BrokenPipeError:
        sys.stderr.close()
        return 0


class _Version(argparse.Action):
    """Looks the version up only when it is asked for: reading what is installed takes 30 ms."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        """Print the version and exit."""
        from importlib.metadata import PackageNotFoundError, version

        try:
            found = version("ask-profiler")
        except PackageNotFoundError:
            found = "unknown (not installed)"
        sys.stdout.write(f"ask-profiler {found}\n")
        sys.exit(0)


def make_parser() -> argparse.ArgumentParser:
    """The whole command line as an argparse parser (completion is generated from it)."""
    parser = argparse.ArgumentParser(
        prog="ask-profiler",
        description=__doc__,
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="show program's version number and exit")
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND")
    for name in COMMANDS:
        module = _command(name)
        doc = (module.__doc__ or "").strip()
        subparser = subparsers.add_parser(
            name,
            help=doc.splitlines()[0],
            description=doc,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        module.add_arguments(subparser)
    return parser


def _command(name: str) -> ModuleType:
    return importlib.import_module(f"agent.doors.cli.{name.replace('-', '_')}")


def _with_default_command(argv: list[str]) -> list[str]:
    """`ask-profiler "why slow?" …` means `ask-profiler ask "why slow?" …`."""
    if not argv or argv[0] in COMMANDS or argv[0] in ("-h", "--help", "--version"):
        return argv
    return ["ask", *argv]


def _complain(message: str, exit_code: int) -> int:
    from agent.rendering.terminal import plain

    # The message may hold what the target printed.
    print(f"ask-profiler: {plain(message)}", file=sys.stderr)  # noqa: T201 - the CLI's one way to say what failed
    return exit_code


if __name__ == "__main__":
    run()
