"""Show which functions of a recorded profile cost most.

  ask-profiler top cpu.pb.gz --by cumulative
  ask-profiler top heap.pb.gz --value inuse_space --focus 'store[.]'
  ask-profiler top cpu.pb.gz --tree                 calls from the root down
  ask-profiler top app.raw.txt --split thread       what each thread costs; `state` for goroutines

A function's own cost is that of its own lines, its cumulative cost includes all that it calls.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from agent.doors.cli.recorded import add_limit, add_profile, open_question, print_answer

if TYPE_CHECKING:
    from agent.rendering.profile_answers.answer import Answer
    from agent.rendering.profile_answers.questions import Question


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_profile(parser)
    parser.add_argument(
        "--by", choices=["self", "cumulative"], default="self", help="which cost decides the order"
    )
    add_limit(parser, "functions, or values of a label", 20)
    shape = parser.add_mutually_exclusive_group()
    shape.add_argument("--tree", action="store_true", help="calls from the root down")
    shape.add_argument(
        "--split",
        metavar="LABEL",
        help="the total by a label's values, such as thread; or by goroutines' state",
    )
    add_cut(parser)


def add_cut(parser: argparse.ArgumentParser) -> None:
    """What a tree leaves out."""
    parser.add_argument(
        "--min-percent",
        metavar="P",
        type=float,
        default=1.0,
        help="trees: leave out less than that (default 1)",
    )
    parser.add_argument(
        "--depth", metavar="N", type=int, default=40, help="trees: no deeper calls (default 40)"
    )


def execute(args: argparse.Namespace) -> int:
    """Print the costliest functions; 0. Raises: BadRequest when the file or a filter can't be used."""
    from agent.rendering.profile_answers.costs import top_answer
    from tools.profiles.queries import rank

    question = open_question(args)
    if args.tree:
        return print_answer(_tree(question, args), args)
    if args.split is not None:
        return print_answer(_split(question, args), args)
    found = rank(
        question.profile, value=question.value, by=args.by, limit=args.top, total=question.subject.total
    )
    return print_answer(top_answer(question.subject, found, args.by), args)


def _tree(question: Question, args: argparse.Namespace) -> Answer:
    from agent.doors.cli.peek import cut_of
    from agent.rendering.profile_answers.calls import tree_answer
    from tools.profiles.tree import call_tree

    return tree_answer(question.subject, call_tree(question.profile, question.value, cut_of(args)))


def _split(question: Question, args: argparse.Namespace) -> Answer:
    from agent.rendering.profile_answers.costs import split_answer
    from agent.rendering.profile_answers.questions import groups_asked

    groups = groups_asked(question, args.split)
    return split_answer(question.subject, args.split, groups, args.top)
