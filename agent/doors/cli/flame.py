"""Draw a recorded profile as a flame graph: one SVG that needs nothing else.

  ask-profiler flame cpu.pb.gz                           writes cpu.svg here
  ask-profiler flame after.pb.gz --diff before.pb.gz     what grew is red, what shrank is blue

Open the file in a browser to zoom (click), search (/) and turn it over; it can be read without its script, too.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from agent.doors.cli.recorded import add_part, filters_of, read

if TYPE_CHECKING:
    from tools.profiles.flamegraph import FlameGraph
    from tools.profiles.profile import Profile, ValueType

_ENDINGS = (".gz", ".pb", ".pprof", ".prof", ".json", ".speedscope", ".collapsed", ".folded", ".raw", ".txt")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("file", metavar="FILE", help="a recorded profile")
    parser.add_argument("--diff", metavar="BASE", help="an older profile: draw how FILE differs from it")
    parser.add_argument(
        "--normalise", action="store_true", help="with --diff: compare parts of equal totals, not amounts"
    )
    parser.add_argument(
        "-o", "--output", metavar="OUT", help="the SVG to write (default: here, named as FILE)"
    )
    parser.add_argument("--force", action="store_true", help="write over a file that is there")
    add_part(parser)
    parser.add_argument("--icicle", action="store_true", help="callers on top, not at the bottom")
    parser.add_argument("--title", metavar="TITLE", help="the picture's title (default: file and value)")


def execute(args: argparse.Namespace) -> int:
    """Write the picture and say where it is and what it leaves out; 0. Raises: BadRequest, StorageFailed."""
    from agent.errors import BadRequest
    from tools.errors import UnreadableOutput

    target = _target(args)
    try:
        graph, doubts = _graph(args)
    except UnreadableOutput as error:
        raise BadRequest(str(error)) from error
    _write(target, graph.svg)
    sys.stdout.write(f"{target}: {_told(graph)}\n")
    for doubt in doubts:
        sys.stdout.write(f"  {doubt}\n")
    return 0


def _target(args: argparse.Namespace) -> Path:
    """Where to write. Raises: BadRequest when something is there that must not be lost."""
    from agent.errors import BadRequest

    if args.normalise and not args.diff:
        raise BadRequest("--normalise compares two profiles: give the older one with --diff BASE")
    target = Path(args.output) if args.output else Path(default_name(args.file, difference=bool(args.diff)))
    if target.is_dir():
        raise BadRequest(f"{target} is a folder: name the SVG to write with -o")
    given = [Path(name) for name in (args.file, args.diff) if name]
    if target.exists() and any(name.exists() and target.samefile(name) for name in given):
        raise BadRequest(f"{target} is a profile that is to be drawn: choose another name with -o")
    if target.exists() and not args.force:
        raise BadRequest(
            f"{target} is already there: choose another name with -o, or write over it with --force"
        )
    return target


def default_name(file: str, *, difference: bool) -> str:
    """`profiles/cpu.pb.gz` is drawn as `cpu.svg`, a difference as `cpu-difference.svg`."""
    name = Path(file).name
    while any(name.endswith(ending) and name != ending for ending in _ENDINGS):
        name = name[: name.rindex(".")]
    return f"{name or 'profile'}{'-difference' if difference else ''}.svg"


def _graph(args: argparse.Namespace) -> tuple[FlameGraph, list[str]]:
    """The picture, and what there is to say of the filters. Raises: BadRequest, UnreadableOutput."""
    from agent.errors import BadRequest
    from agent.rendering.profile_answers.subject import unmatched_told
    from tools.profiles.filters import filtered
    from tools.profiles.flamegraph import Comparison, flame_graph

    filters = filters_of(args)
    found = filtered(read(args.file), filters)
    older = filtered(read(args.diff), filters) if args.diff else None
    profile, base = found.profile, older.profile if older is not None else None
    value = _value(profile, args.file, args.value)
    if older is None and filters.patterns and not profile.samples:
        raise BadRequest(
            f"nothing is left of {args.file} by these filters: `ask-profiler top` lists what is there"
        )
    unmatched = [option for option in found.unmatched if older is None or option in older.unmatched]
    name = Path(args.file).name
    if base is not None:
        _check_same(value, base, args)
        name = f"{Path(args.diff).name} to {name}"
    only = [f"{option} {pattern}" for option, pattern in filters.patterns.items()]
    title = args.title or "; ".join([f"{name}: {value.name}", *only])
    graph = flame_graph(
        profile,
        value=value.name,
        title=title,
        compared=Comparison(base=base, as_recorded=not args.normalise) if base is not None else None,
        orientation="icicle" if args.icicle else "flame",
    )
    return graph, [unmatched_told(option) for option in unmatched]


def _value(profile: Profile, file: str, name: str | None) -> ValueType:
    """The value called `name`, else what the profile is about. Raises: BadRequest naming those there are."""
    from agent.rendering.profile_answers.questions import chosen_value

    return profile.value_types[profile.column(chosen_value(profile, name, file))]


def _check_same(value: ValueType, base: Profile, args: argparse.Namespace) -> None:
    from agent.errors import BadRequest

    found = _value(base, args.diff, value.name)
    if found.unit != value.unit:
        raise BadRequest(
            f"{value.name} is in {value.unit} in {args.file} and in {found.unit} in {args.diff}: "
            "only amounts in one unit can be compared"
        )


def _write(target: Path, svg: str) -> None:
    """Write all or nothing. Raises: StorageFailed."""
    from agent.errors import StorageFailed
    from agent.store import write_atomically

    try:
        write_atomically(target, svg.encode())
    except StorageFailed as error:
        why = getattr(error.__cause__, "strerror", None) or str(error)
        raise StorageFailed(f"could not write {target}: {why}: choose another place with -o") from error


def _told(graph: FlameGraph) -> str:
    from tools.profiles.flamegraph import told_of

    drawn = (
        f"{graph.shown.drawn_frames:,} frames drawn" if graph.shown.drawn_frames else "nothing was measured"
    )
    return "; ".join(part for part in (drawn, told_of(graph.shown)) if part)
