"""Convert a recorded profile: pprof, collapsed stacks, speedscope JSON; a recording of memray, too.

  ask-profiler convert cpu.pb.gz -o cpu.speedscope.json
  ask-profiler convert memray.bin -o memory.pb.gz
  ask-profiler convert stacks.folded -o stacks.pb.gz

The form to write follows from OUT's ending: .pb.gz or .pprof; .collapsed, .folded or .txt; .speedscope.json or .json.
Only pprof holds all values and labels; what a form can't hold is said.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from agent.doors.cli.recorded import opened

if TYPE_CHECKING:
    from tools.profiles.profile import Profile
    from tools.profiles.writing import Written

_ENDINGS = {
    ".pb.gz": "pprof", ".pprof": "pprof",
    ".collapsed": "collapsed", ".folded": "collapsed", ".txt": "collapsed",
    ".json": "speedscope",
}  # fmt: skip


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("file", metavar="FILE", help="a recorded profile")
    parser.add_argument("-o", "--output", metavar="OUT", required=True, help="the file to write")
    parser.add_argument(
        "--to", choices=sorted(set(_ENDINGS.values())), help="the form to write (default: by OUT's ending)"
    )
    parser.add_argument(
        "--value", metavar="NAME", help="the value to write (default: all in pprof, else the profile's own)"
    )
    parser.add_argument("--force", action="store_true", help="write over a file that is there")


def execute(args: argparse.Namespace) -> int:
    """Write the file, say what isn't in it; 0. Raises: BadRequest, StorageFailed."""
    from agent.errors import BadRequest
    from agent.store import write_atomically
    from tools.errors import UnreadableOutput

    target, form = Path(args.output), args.to or _form(args.output)
    _check(Path(args.file), target, force=args.force)
    try:
        profile = opened(Path(args.file))
        written = _written(profile, form, args)
    except (UnreadableOutput, ValueError) as error:
        raise BadRequest(str(error)) from error
    write_atomically(target, written.content)
    sys.stdout.write(f"{target}: {form}, {profile.samples:,} samples\n")
    for lost in written.lost:
        sys.stdout.write(f"  not in it: {lost}\n")
    return 0


def _form(output: str) -> str:
    from agent.errors import BadRequest

    for ending, form in _ENDINGS.items():
        if output.endswith(ending):
            return form
    raise BadRequest(f"{output}: no form has this ending: choose one of {', '.join(_ENDINGS)}, or give --to")


def _check(source: Path, target: Path, *, force: bool) -> None:
    """Raises: BadRequest when there is nothing to read, or something that must not be lost."""
    from agent.errors import BadRequest

    if not source.is_file():
        raise BadRequest(f"there is no file {source}: give a recorded profile")
    if target.is_dir():
        raise BadRequest(f"{target} is a folder: name the file to write with -o")
    if target.exists() and target.samefile(source):
        raise BadRequest(f"{target} is the profile to convert: choose another name with -o")
    if target.exists() and not force:
        raise BadRequest(f"{target} is already there: choose another name, or write over it with --force")


def _written(profile: Profile, form: str, args: argparse.Namespace) -> Written:
    """Raises: BadRequest, ValueError."""
    from tools.profiles.writing import as_collapsed, as_speedscope

    value = _value(profile, args)
    if form == "collapsed":
        return as_collapsed(profile, value)
    if form == "speedscope":
        return as_speedscope(profile, value, Path(args.file).name)
    return _as_pprof(profile, args.value)


def _as_pprof(profile: Profile, value: str | None) -> Written:
    import dataclasses
    import gzip

    from tools.profiles.pprof_encoding import encode_pprof
    from tools.profiles.writing import Written

    lost: tuple[str, ...] = ()
    if value is not None and len(profile.value_types) > 1:
        column = profile.column(value)
        others = [v.name for v in profile.value_types if v.name != value]
        lost = (f"the values {', '.join(others)}",)
        profile = dataclasses.replace(
            profile,
            value_types=(profile.value_types[column],),
            values=profile.values[:, [column]],
            default_value=value,
        )
    return Written(content=gzip.compress(encode_pprof(profile), compresslevel=6, mtime=0), lost=lost)


def _value(profile: Profile, args: argparse.Namespace) -> str:
    from agent.errors import BadRequest

    name = str(args.value or profile.default_value)
    names = [v.name for v in profile.value_types]
    if name not in names:
        raise BadRequest(
            f"{args.file} doesn't measure {name!r}: choose one of {', '.join(names)} with --value"
        )
    return name
