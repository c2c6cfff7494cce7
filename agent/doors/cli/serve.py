"""Serve questions: over HTTP (plain, A2A and MCP) and, where it is configured, from Slack.

Jobs wait in a queue that survives restarts, and are carried out by worker processes that are started with the service
(`queue.workers` in agent.yaml). Nothing else needs to be installed; for many machines see docs/guides/operating.md.
SIGTERM or Ctrl-C ends it: running steps are finished, and their runs go on when it is started again.
"""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agent.settings import Settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    from agent.doors.cli.serving import add_configuration

    add_configuration(parser)
    parser.add_argument("--host", metavar="ADDRESS", help="where to listen (default: doors.http.host)")
    parser.add_argument("--port", metavar="N", type=int, help="on which port (default: doors.http.port)")
    parser.add_argument("--workers", metavar="N", type=int, help="worker processes (default: queue.workers)")
    parser.add_argument(
        "--slack-manifest",
        metavar="URL",
        nargs="?",
        const="",
        help="print the Slack app's manifest and end: for Socket Mode, or for HTTP at URL",
    )
    parser.add_argument(
        "--check", action="store_true", help="only look whether the configuration can be used"
    )


def execute(args: argparse.Namespace) -> int:
    """Serve until SIGTERM or Ctrl-C; 0. Raises: BadSettings with every problem at once, StorageFailed."""
    import logging

    if args.slack_manifest is not None:
        from agent.doors.slack.manifest import manifest

        sys.stdout.write(manifest(args.slack_manifest or None))
        return 0
    from agent.access.configuration import doubts, problems
    from agent.access.gate import Gate
    from agent.doors.cli.serving import environment_of, settings_of
    from agent.doors.web.app import make_app
    from agent.doors.web.serving import listen, serve, url_of
    from agent.errors import BadSettings
    from agent.jobs.frozen import FrozenWriters
    from agent.jobs.opening import claims_of, definition_in_use, open_desk
    from agent.jobs.retention import Retention
    from agent.jobs.supervising import Workers
    from agent.telemetry.logs import configure

    environment = environment_of(args, os.environ)
    settings = _overridden(settings_of(environment), args)
    configure(settings, environment)
    found = problems(settings, environment, definition_in_use(environment))
    if found:
        raise BadSettings("the configuration can't be used:\n" + "\n".join(f"  - {each}" for each in found))
    for doubt in doubts(settings, environment, definition_in_use(environment)):
        logging.getLogger(__name__).warning("%s", doubt)
    if args.check:
        sys.stdout.write("the configuration can be used\n")
        return 0
    desk = open_desk(settings, environment)
    listener = listen(settings)
    url = settings.doors.http.public_url or url_of(listener)
    app = make_app(desk, Gate.open(settings, desk.records.database), settings, environment, public_url=url)
    workers = Workers(count=settings.queue.workers, environment=environment, stop_s=settings.queue.stop_s)
    frozen = FrozenWriters(claims_of(settings, desk.records.database))
    with workers, Retention(desk=desk), frozen.watching(settings.queue.heartbeat_s):
        serve(app, settings, _say_where, None, listener)
    return 0


def _overridden(settings: Settings, args: argparse.Namespace) -> Settings:
    """The settings with what the command line says instead."""
    http = settings.doors.http
    if args.host is not None or args.port is not None:
        changed = {"host": args.host or http.host, "port": http.port if args.port is None else args.port}
        http = http.model_validate({**http.model_dump(), **changed})
        doors = settings.doors.model_copy(update={"http": http})
        settings = settings.model_copy(update={"doors": doors})
    if args.workers is not None:
        queue = settings.queue.model_validate({**settings.queue.model_dump(), "workers": args.workers})
        settings = settings.model_copy(update={"queue": queue})
    return settings


def _say_where(url: str) -> None:
    sys.stderr.write(
        f"ask-profiler: serving on {url} (questions: POST {url}/v1/ask; what it offers: {url}/openapi.json)\n"
    )
    sys.stderr.flush()
