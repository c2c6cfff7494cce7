"""Be an MCP server on standard input and output, for coding agents on this machine.

  claude mcp add ask-profiler -- ask-profiler mcp

Whoever starts it may ask about any path. Its tools and a ready .mcp.json are told in docs/guides/mcp.md; the service
(`ask-profiler serve`) offers the same tools over HTTP to callers with a token, for the targets of agent.yaml.
"""

from __future__ import annotations

import argparse
import os

END_S = 3.0
"""How long calls and workers may take to end after a signal."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    from agent.doors.cli.serving import add_configuration

    add_configuration(parser)


def execute(args: argparse.Namespace) -> int:
    """Serve until standard input ends; 0. Nothing but the protocol is written to standard output.

    Raises: BadSettings, BadDefinition, StorageFailed.
    """
    from agent.access.caller import LOCAL_CALLER
    from agent.doors.cli.serving import environment_of, settings_of
    from agent.doors.mcp.server import make_server
    from agent.jobs.opening import open_desk
    from agent.jobs.supervising import Workers
    from agent.telemetry.logs import configure

    environment = environment_of(args, os.environ)
    settings = settings_of(environment)
    configure(settings, environment)
    desk = open_desk(settings, environment)
    server = make_server(desk, settings, lambda _: LOCAL_CALLER)
    # One is enough: a host measures one thing at a time. The current folder is the user's project, which may well hold
    # a `tools` or an `agent`: nothing is imported from there.
    workers = Workers(
        count=1,
        environment={**environment, "PYTHONSAFEPATH": "1"},
        stop_s=settings.queue.stop_s,
    )
    _end_when_told()
    with workers:
        server.run("stdio")
    return 0


def _end_when_told() -> None:
    """Have SIGTERM and Ctrl-C end this process. Calls are cancelled at once, with their runs; yet the thread that waits
    for a line of standard input can't be told, and Python would wait for it.
    """
    import signal
    import threading
    from types import FrameType

    def end(_number: int, _frame: FrameType | None) -> None:
        timer = threading.Timer(END_S, os._exit, (130,))
        timer.daemon = True
        timer.start()
        raise KeyboardInterrupt

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
