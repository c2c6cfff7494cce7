"""Compare two recorded benchmark files, or two profiles.

Benchmark files: the output of `go test -bench` with -count, a run's benchmarks.txt (FILE:before and FILE:after
are its two sides), pyperf's and pytest-benchmark's JSON. Profiles: pprof, gzipped or not. What was recorded can't
be measured in pairs any more, so drift of the host isn't cancelled; `ask-profiler verify` measures afresh.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from agent.doors.cli.recorded import opened

if TYPE_CHECKING:
    from tools.measure.recorded import Recording
    from tools.profiles.profile import Profile


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("before", metavar="A", help="a file recorded before the change")
    parser.add_argument("after", metavar="B", help="a file of the same kind, recorded after it")
    parser.add_argument(
        "--unit", metavar="UNIT", action="append", default=[], help="a benchmark's unit, such as sec/op"
    )
    parser.add_argument("--value", metavar="NAME", help="a profile's value, such as alloc_space")
    parser.add_argument(
        "--top", metavar="N", type=int, default=20, help="functions of a profile (default 20)"
    )
    parser.add_argument(
        "--by", choices=["self", "cumulative"], default="self", help="which cost of a function is compared"
    )
    parser.add_argument("--format", choices=["text", "markdown", "json"], default="text")


def execute(args: argparse.Namespace) -> int:
    """Print the comparison; 0. Raises: BadRequest when a file can't be used."""
    from agent.errors import BadRequest
    from tools.errors import UnreadableOutput

    try:
        sys.stdout.write(_compare(args))
    except UnreadableOutput as error:
        raise BadRequest(str(error)) from error
    return 0


def _compare(args: argparse.Namespace) -> str:
    from agent.errors import BadRequest
    from agent.rendering.comparison import render_profiles, render_recordings
    from tools.measure.recorded_comparison import compare_recordings
    from tools.profiles.difference import compare_profiles
    from tools.profiles.profile import Profile

    before, after = _read(args.before), _read(args.after)
    if isinstance(before, Profile) and isinstance(after, Profile):
        if args.top < 1:
            raise BadRequest(f"--top {args.top} leaves nothing to show: give at least 1")
        found = compare_profiles(before, after, value=args.value, by=args.by, limit=args.top)
        return render_profiles(found, (args.before, args.after), args.format)
    if isinstance(before, Profile) or isinstance(after, Profile):
        raise BadRequest(f"{args.before} and {args.after}: one is a profile, the other isn't; give two alike")
    units = tuple(tidy(unit) for unit in args.unit)
    return render_recordings(compare_recordings(before, after, units), args.format)


def tidy(unit: str) -> str:
    """The unit under which values are kept: `ns/op` is `sec/op`."""
    from tools.measure.benchmark_format import tidy_unit

    return tidy_unit(1.0, unit)[1]


def _read(given: str) -> Profile | Recording:
    """A profile or a recording, by what the file holds. Raises: UnreadableOutput, BadRequest."""
    from agent.errors import BadRequest
    from tools.kinds import what_is
    from tools.measure.recorded_reading import read_recorded

    path, side = _path_and_side(given)
    if not path.is_file():
        raise BadRequest(f"there is no file {given}: give a benchmark file or a profile")
    kind = what_is(path)
    if kind in ("spans", "execution trace"):
        raise BadRequest(
            f"{path} holds {kind}: two of them can't be compared yet; give benchmark files or profiles"
        )
    if side is None and kind == "profile":
        return opened(path)
    found = read_recorded(path, side)
    if side is None and len(found.sides) > 1:
        raise BadRequest(
            f"{path} holds several sides: name one, such as {given}:{found.sides[0]} or {given}:{found.sides[-1]}"
        )
    return found


def _path_and_side(given: str) -> tuple[Path, str | None]:
    """`benchmarks.txt:after` is a side of a file, unless a file is called so."""
    name, colon, side = given.rpartition(":")
    if colon and side and not Path(given).exists() and Path(name).is_file():
        return Path(name), side
    return Path(given), None
