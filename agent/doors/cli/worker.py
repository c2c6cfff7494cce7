"""Carry out the service's jobs, one after the other, until it is told to stop.

`ask-profiler serve` starts workers of its own; on further machines this command is one, with the same agent.yaml and
the same PostgreSQL. SIGTERM or Ctrl-C: the step that is worked on is finished, and the run handed on to another worker;
a second time ends it at once.
"""

from __future__ import annotations

import argparse
import os


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    from agent.doors.cli.serving import add_configuration

    parser.add_argument(
        "--label",
        action="append",
        default=[],
        metavar="LABEL",
        help="what this machine offers, such as go, quiet or cores=8; targets may ask for it (repeatable)",
    )
    add_configuration(parser)
    parser.add_argument(
        "--end-with-parent",
        metavar="PID",
        type=int,
        help="end when this process, which started it, does",
    )


def execute(args: argparse.Namespace) -> int:
    """Work until SIGTERM or Ctrl-C; 0. Raises: AgentError."""
    import signal
    from types import FrameType

    from agent.doors.cli.serving import environment_of, settings_of
    from agent.jobs.opening import labels_of, open_worker
    from agent.jobs.supervising import end_with_parent
    from agent.telemetry.logs import configure
    from agent.telemetry.metrics import serve_own
    from agent.telemetry.tracing import start_tracing

    if args.end_with_parent is not None:
        end_with_parent(args.end_with_parent)
    environment = environment_of(args, os.environ)
    settings = settings_of(environment)
    configure(settings, environment)
    worker = open_worker(settings, environment, labels_of(args.label))

    def stop(_number: int, _frame: FrameType | None) -> None:
        worker.stop()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    tracing = start_tracing(settings, "ask-profiler-worker")
    try:
        serve_own(settings.telemetry.worker_metrics_port)
        worker.work()
    finally:
        tracing.close()
    return 0
