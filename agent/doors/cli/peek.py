"""Show who calls a function of a recorded profile and what it calls.

  ask-profiler peek cpu.pb.gz 'json[.]Marshal$'
  ask-profiler peek cpu.pb.gz encoding/json.Marshal --tree      all that is above and below it

FUNCTION is a function's whole name, or a regular expression that is found in it.
"""

from __future__ import annotations

import argparse
from itertools import islice
from typing import TYPE_CHECKING

from agent.doors.cli.recorded import add_limit, add_profile, functions_asked, open_question, print_answer

if TYPE_CHECKING:
    from agent.doors.cli.recorded import Question
    from agent.rendering.profile_answers.answer import Answer
    from tools.profiles.profile import Profile
    from tools.profiles.queries import BoolArray, FunctionCost
    from tools.profiles.tree import Cut

FUNCTIONS = 5
"""Of so many functions that match, the costliest, callers and callees are shown."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    from agent.doors.cli.top import add_cut

    add_profile(parser)
    parser.add_argument("function", metavar="FUNCTION", help="a function's name, or a regular expression")
    add_limit(parser, "callers, and callees, of each function", 20)
    parser.add_argument("--tree", action="store_true", help="all that is above and below it, as trees")
    add_cut(parser)


def execute(args: argparse.Namespace) -> int:
    """Print callers and callees; 0. Raises: BadRequest when nothing matches, or too much for a tree."""
    question = open_question(args)
    found = functions_asked(question, args.function)
    answer = _trees(question, found, args) if args.tree else _neighbours(question, found, args)
    return print_answer(answer, args)


def cut_of(args: argparse.Namespace) -> Cut:
    """What a tree leaves out. Raises: BadRequest."""
    from agent.errors import BadRequest
    from tools.profiles.tree import Cut

    if not 0 <= args.min_percent <= 100:
        raise BadRequest(f"--min-percent {args.min_percent} is no part of a total: give 0 to 100")
    if args.depth < 1:
        raise BadRequest(f"--depth {args.depth} leaves nothing to show: give at least 1")
    return Cut(share=args.min_percent / 100, depth=args.depth)


def _neighbours(question: Question, found: dict[int, FunctionCost], args: argparse.Namespace) -> Answer:
    from agent.rendering.profile_answers.calls import Peek, peek_answer
    from tools.profiles.queries import neighbours

    profile, value = question.profile, question.value
    peeks = [
        Peek(
            cost=cost,
            callers=neighbours(profile, _only(profile, number), value, 1),
            callees=neighbours(profile, _only(profile, number), value, -1),
        )
        for number, cost in islice(found.items(), FUNCTIONS)
    ]
    return peek_answer(question.subject, peeks, matched=len(found), limit=args.top)


def _only(profile: Profile, function: int) -> BoolArray:
    import numpy as np

    wanted = np.zeros(len(profile.functions), dtype=np.bool_)
    wanted[function] = True
    return wanted


def _trees(question: Question, found: dict[int, FunctionCost], args: argparse.Namespace) -> Answer:
    from agent.errors import BadRequest
    from agent.rendering.profile_answers.calls import sandwich_answer
    from tools.profiles.tree import sandwich

    if len(found) > 1:
        names = ", ".join(cost.function.name for cost in islice(found.values(), 3))
        more = f" and {len(found) - 3} more" if len(found) > 3 else ""
        raise BadRequest(
            f"{args.function!r} means several functions and a tree is of one: choose of {names}{more}"
        )
    ((number, cost),) = found.items()
    both = sandwich(question.profile, _only(question.profile, number), question.value, cut_of(args))
    return sandwich_answer(question.subject, cost.function, both)
