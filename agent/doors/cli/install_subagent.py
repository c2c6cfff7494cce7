"""Write the agent definition as a Claude Code subagent that uses the tools of `ask-profiler mcp`.

  ask-profiler install-subagent .claude/agents

Claude Code then hands questions about performance to it. A file that is there already and differs is left as it is.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

NEXT = """\
{what} {path}

Next:
  1. Have the tools at hand, once for each project:
       claude mcp add {server} --scope project -- ask-profiler mcp
  2. Start Claude Code anew, and ask it, such as: "Use {name}: why is report generation slow?"
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("dir", metavar="DIR", help="where subagents are: .claude/agents or ~/.claude/agents")
    parser.add_argument("--agent", metavar="FILE", help="another agent definition")
    parser.add_argument(
        "--server",
        metavar="NAME",
        default="ask-profiler",
        help="what the MCP server is called in .mcp.json (default: ask-profiler)",
    )
    parser.add_argument("--force", action="store_true", help="replace a file that is there and differs")


def execute(args: argparse.Namespace) -> int:
    """Write the subagent's file; 0. Raises: BadRequest when one that differs is there, BadDefinition, StorageFailed."""
    from agent.definition import read_definition
    from agent.doors.mcp.subagent import file_name, render, subagent_name
    from agent.errors import BadRequest
    from agent.resources import definition_path
    from agent.store import write_atomically

    named = args.agent or os.environ.get("ASK_PROFILER_DEFINITION")
    definition = read_definition(Path(named) if named else definition_path())
    text, path = render(definition, args.server), Path(args.dir).expanduser() / file_name(definition)
    is_same = _holds(path, text)
    if not is_same:
        if os.path.lexists(path) and not args.force:
            raise BadRequest(f"{path} is there and differs: --force replaces it")
        write_atomically(path, text.encode())
    what = "this is there already:" if is_same else "wrote"
    sys.stdout.write(NEXT.format(what=what, path=path, server=args.server, name=subagent_name(definition)))
    return 0


def _holds(path: Path, text: str) -> bool:
    try:
        return path.read_bytes() == text.encode()
    except OSError:
        return False
