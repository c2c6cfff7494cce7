"""What the commands about one recorded profile share: which part of it is looked at, and how the answer is printed."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agent.rendering.profile_answers.answer import Answer
    from agent.rendering.profile_answers.questions import Question
    from tools.profiles.filters import Filters
    from tools.profiles.profile import Profile
    from tools.run.process import Runner


def add_profile(parser: argparse.ArgumentParser) -> None:
    """The file; everything that `add_part` and `add_printed` declare."""
    parser.add_argument(
        "file",
        metavar="FILE",
        help="a recorded profile: pprof, collapsed stacks, speedscope JSON, memray's recording",
    )
    add_part(parser)
    add_printed(parser)


def add_part(parser: argparse.ArgumentParser) -> None:
    """Which value and which part of a profile is looked at."""
    parser.add_argument("--value", metavar="NAME", help="what is counted, such as alloc_space")
    parser.add_argument("--focus", metavar="REGEX", help="only stacks with a function or file that matches")
    parser.add_argument("--ignore", metavar="REGEX", help="no stacks with a function or file that matches")
    parser.add_argument("--hide", metavar="REGEX", help="without the functions that match")
    parser.add_argument("--show", metavar="REGEX", help="with the functions that match alone")
    parser.add_argument("--show-from", metavar="REGEX", help="stacks from the outermost match inwards")
    parser.add_argument(
        "--tag", metavar="KEY=VALUE", action="append", default=[],
        help="only samples with this label: a REGEX, or LOW:HIGH for numbers",
    )  # fmt: skip


def add_printed(parser: argparse.ArgumentParser) -> None:
    """How an answer is printed and how long it may be."""
    parser.add_argument("--format", choices=["text", "compact", "markdown", "json"], default="text")
    parser.add_argument("--tokens", metavar="N", type=int, help="how long the answer may be (default 4000)")


def add_limit(parser: argparse.ArgumentParser, what: str, default: int) -> None:
    """`-n`: how much is shown."""
    parser.add_argument(
        "-n", "--top", metavar="N", type=int, default=default, help=f"{what} (default {default})"
    )


def open_question(args: argparse.Namespace) -> Question:
    """The profile that was asked about. Raises: BadRequest when it or what is asked can't be used."""
    from agent.rendering.profile_answers.questions import question_about

    check_numbers(args)
    filters = filters_of(args)
    return question_about(read(args.file), filters, value=args.value, file=args.file)


def read(file: str) -> Profile:
    """A recorded profile. Raises: BadRequest when it can't be used; ToolError when what reads it can't run."""
    from agent.errors import BadRequest
    from tools.errors import UnreadableOutput

    if not Path(file).is_file():
        raise BadRequest(f"there is no file {file}: give a recorded profile")
    try:
        return opened(Path(file))
    except UnreadableOutput as error:
        raise BadRequest(str(error)) from error


def opened(path: Path) -> Profile:
    """The profile in a file; a recording of memray's is read in the sandbox. Raises: ToolError."""
    from tools.opening import open_profile

    runners: list[Runner] = []

    def make_runner() -> Runner:
        runners.append(runner_for(f"reading {path}"))
        return runners[0]

    try:
        return open_profile(path, make_runner)
    finally:
        for runner in runners:
            runner.close()


def runner_for(purpose: str) -> Runner:
    """A runner whose confined programs are in the sandbox; without one that is said. Whoever asked closes it."""
    from tools.run.process import Runner
    from tools.run.sandbox import choose_sandbox

    chosen = choose_sandbox("auto")
    if chosen.warning:
        sys.stderr.write(f"ask-profiler: {purpose}: {chosen.warning}\n")
    return Runner(chosen.sandbox)


def filters_of(args: argparse.Namespace) -> Filters:
    """The filters that were given. Raises: BadRequest."""
    from agent.errors import BadRequest
    from agent.rendering.profile_answers.questions import pattern_of
    from tools.profiles.filters import Filters
    from tools.profiles.tags import parse_tag

    try:
        tags = tuple(parse_tag(text) for text in args.tag)
    except ValueError as error:
        raise BadRequest(f"--tag: {error}") from error
    return Filters(
        focus=pattern_of("--focus", args.focus),
        ignore=pattern_of("--ignore", args.ignore),
        hide=pattern_of("--hide", args.hide),
        show=pattern_of("--show", args.show),
        show_from=pattern_of("--show-from", args.show_from),
        tags=tags,
    )


def check_numbers(args: argparse.Namespace) -> None:
    """Refuse limits that leave nothing to show. Raises: BadRequest."""
    from agent.errors import BadRequest

    for option, number in (("--top", getattr(args, "top", None)), ("--tokens", args.tokens)):
        if number is not None and number < 1:
            raise BadRequest(f"{option} {number} leaves nothing to show: give at least 1")


def print_answer(answer: Answer, args: argparse.Namespace) -> int:
    """Print an answer as was asked; 0."""
    from agent.rendering.profile_answers.writing import render

    sys.stdout.write(render(answer, args.format, args.tokens))
    return 0
