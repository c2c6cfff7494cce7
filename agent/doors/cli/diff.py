"""Show how a recorded profile differs from an older one.

  ask-profiler diff before.pb.gz after.pb.gz
  ask-profiler diff before.pb.gz after.pb.gz --normalise      parts of equal totals, not amounts
  ask-profiler diff heap1.pb.gz heap2.pb.gz --value inuse_space --by cumulative

What sampling alone may do is marked with `~`. `ask-profiler compare` compares benchmark files, too.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from agent.doors.cli import recorded

if TYPE_CHECKING:
    from tools.profiles.difference import ProfileDifference
    from tools.profiles.profile import Profile


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("base", metavar="BASE", help="the older profile")
    parser.add_argument("file", metavar="FILE", help="the newer profile, of the same kind")
    recorded.add_part(parser)
    parser.add_argument(
        "--by", choices=["self", "cumulative"], default="self", help="which cost of a function is compared"
    )
    parser.add_argument("--normalise", action="store_true", help="scale BASE to the total of FILE")
    recorded.add_limit(parser, "functions, those that changed most", 20)
    recorded.add_printed(parser)


def execute(args: argparse.Namespace) -> int:
    """Print the difference; 0. Raises: BadRequest when the files can't be compared."""
    from agent.rendering.profile_answers.changes import difference_answer
    from tools.profiles.filters import filtered

    recorded.check_numbers(args)
    filters = recorded.filters_of(args)
    before, after = (filtered(recorded.read(name), filters) for name in (args.base, args.file))
    answer = difference_answer(
        _difference(before.profile, after.profile, args),
        (args.base, args.file),
        filters.patterns,
        [name for name in before.unmatched if name in after.unmatched],
    )
    return recorded.print_answer(answer, args)


def _difference(before: Profile, after: Profile, args: argparse.Namespace) -> ProfileDifference:
    from agent.errors import BadRequest
    from tools.errors import UnreadableOutput
    from tools.profiles.difference import compare_profiles

    try:
        return compare_profiles(
            before, after, value=args.value, by=args.by, limit=args.top, normalised=args.normalise
        )
    except UnreadableOutput as error:
        raise BadRequest(str(error)) from error
