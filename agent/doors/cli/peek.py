"""Show who calls a function of a recorded profile and what it calls.

  ask-profiler peek cpu.pb.gz 'json[.]Marshal$'
  ask-profiler peek cpu.pb.gz encoding/json.Marshal --tree      all that is above and below it

FUNCTION is a function's whole name, or a regular expression that is found in it.
"""

from __future__ import annotations

import argparse
from itertools import islice
from typing import TYPE_CHECKING

from agent.doors.cli.recorded import add_limit, add_profile, open_question, print_answer

if TYPE_CHECKING:
    from agent.rendering.profile_answers.answer import Answer
    from agent.rendering.profile_answers.questions import Question
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
    answer = _trees(question, args) if args.tree else _neighbours(question, args)
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


def _neighbours(question: Question, args: argparse.Namespace) -> Answer:
    from agent.rendering.profile_answers.calls import peek_answer
    from agent.rendering.profile_answers.questions import functions_asked, peek_of

    found = functions_asked(question, args.function)
    peeks = [peek_of(question, number, cost) for number, cost in islice(found.items(), FUNCTIONS)]
    return peek_answer(question.subject, peeks, matched=len(found), limit=args.top)


def _trees(question: Question, args: argparse.Namespace) -> Answer:
    from agent.rendering.profile_answers.calls import sandwich_answer
    from agent.rendering.profile_answers.questions import sandwich_asked

    cost, both = sandwich_asked(question, args.function, cut_of(args))
    return sandwich_answer(question.subject, cost.function, both)
