"""Take one profile of a program that runs already, and say what that cost it.

  ask-profiler capture http://localhost:6060 --kind mutex --seconds 30 -o mutex.pb.gz
  ask-profiler capture pid:4711 -o cpu.pb.gz
  ask-profiler capture http://localhost:6060 --kinds      what can be taken

The file is gzipped pprof, for top, peek, list, diff, flame and every other tool that reads it. Nothing is written
unless the profile is whole. The program is watched for 2 seconds before, so that the cost is known.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from agent.doors.cli.recorded import runner_for

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tools.live.endpoint import Endpoint
    from tools.live.pids import LiveProcess
    from tools.measure.toolchain import Capture
    from tools.run.process import Runner

USUAL = ("profile", "py-spy")
"""What is taken where no kind is named: CPU."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("target", metavar="TARGET", help="http://HOST:PORT of a pprof endpoint, or pid:N")
    parser.add_argument("--kind", metavar="KIND", help="which profile (default: CPU)")
    parser.add_argument("--kinds", action="store_true", help="list what can be taken, and take nothing")
    parser.add_argument(
        "--seconds", type=float, default=10.0, metavar="S", help="what the profile covers (default: 10)"
    )
    parser.add_argument("-o", "--output", metavar="OUT", help="the file to write (default: KIND.pb.gz)")
    parser.add_argument("--force", action="store_true", help="write over a file that is there")
    parser.add_argument(
        "--header-env",
        metavar="NAME",
        default="",
        help="the environment variable that holds the endpoint's header",
    )


def execute(args: argparse.Namespace) -> int:
    """Take the profile, or list the kinds; 0. Raises: BadRequest, StorageFailed, ToolError."""
    # What another process wrote (memray's recording) is read in the sandbox.
    runner = runner_for(f"capturing {args.target}")
    try:
        program = _program(args, runner, os.environ)
        if args.kinds:
            sys.stdout.write("".join(f"{kind}\n" for kind in program.kinds()))
            return 0
        return _take(args, program)
    finally:
        runner.close()


def _program(
    args: argparse.Namespace, runner: Runner, environment: Mapping[str, str]
) -> Endpoint | LiveProcess:
    from agent.errors import BadRequest
    from agent.request import Request, Watching
    from agent.targets import check, is_live, pid_of
    from tools.live.endpoint import Endpoint
    from tools.live.pids import LiveProcess

    if not is_live(args.target):
        raise BadRequest(f"{args.target} is no program that runs: give http://HOST:PORT or pid:N")
    check(Request(question="", target=args.target, watching=Watching(capture_s=args.seconds)))
    pid = pid_of(args.target)
    if pid is None:
        return Endpoint(url=args.target, header_env=args.header_env, environment=environment)
    process = LiveProcess(pid=pid, runner=runner, header_env=args.header_env, environment=dict(environment))
    return process.endpoint() if process.process().language == "go" else process


def _take(args: argparse.Namespace, program: Endpoint | LiveProcess) -> int:
    import tempfile

    from agent.errors import BadRequest
    from agent.store import write_atomically

    kind = args.kind or next((k for k in program.kinds() if k in USUAL), USUAL[0])
    out = Path(args.output or f"{kind}.pb.gz")
    if out.is_dir():
        raise BadRequest(f"{out} is a folder: name the file to write with -o")
    if out.exists() and not args.force:
        raise BadRequest(
            f"{out} is already there: choose another name with -o, or write over it with --force"
        )
    with tempfile.TemporaryDirectory(prefix="ask-profiler-") as folder:
        capture = program.capture(kind, args.seconds, Path(folder))
        write_atomically(out, capture.profile_path.read_bytes())
    sys.stdout.write("".join(f"{line}\n" for line in _said(out, kind, capture)))
    return 0


def _said(out: Path, kind: str, capture: Capture) -> list[str]:
    """The file, the profile's totals, what it cost, and doubts."""
    from agent.evidence import Quantity
    from agent.rendering.quantities import format_quantity
    from agent.rendering.terminal import plain

    lines = [f"{out}: {kind}, {capture.profile.samples:,} stacks"]
    for name, (value, unit) in capture.quantities.items():
        text = format_quantity(Quantity(name=name, value=value, unit=unit))
        lines.append(f"  {name.replace('_', ' ')}: {text}")
    return [*lines, *(f"  note: {plain(doubt)}" for doubt in capture.warnings)]
