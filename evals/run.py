"""The evals: `python -m evals.run [case ...] [--json FILE]`. Ends with 0 when every case is solved, else 1.

2 when a case can't be used or checked, 130 when interrupted.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from rich.console import Console

from agent.errors import AgentError
from evals.attempt import Attempt
from evals.case import BadCase, Case, read_cases
from evals.checking import NotRight
from evals.display import as_json, show
from evals.scoring import Score
from tools.errors import Cancelled, ToolError


def main(arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """Try the cases, print the table, write the JSON; the exit code."""
    args = parse(arguments)
    errors = Console(stderr=True, highlight=False)
    try:
        cases = read_cases(tuple(args.cases))
        with kept_in(args.keep) as folder:
            attempt = Attempt(folder=folder, environment=environment, seed=args.seed, quiet=args.quiet)
            scores = try_all(cases, attempt, errors)
    except (Cancelled, KeyboardInterrupt):
        return 130
    except (BadCase, NotRight, AgentError, ToolError, OSError) as error:
        errors.print(f"evals: {error}", markup=False)
        return 2
    show(scores, Console())
    if args.json:
        args.json.write_text(as_json(scores), encoding="utf-8")
    return 0 if all(found.solved for found in scores) else 1


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """The arguments of the command line."""
    parser = argparse.ArgumentParser(prog="evals", description="Score the agent on small cases.")
    parser.add_argument("cases", nargs="*", metavar="case", help="names of cases (all)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every score there")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep runs and copies in this new folder")
    parser.add_argument("--seed", type=int, default=0, help="of the order of pairs (0)")
    parser.add_argument("--quiet", action="store_true", help="no progress on standard error")
    return parser.parse_args(arguments)


@contextlib.contextmanager
def kept_in(keep: Path | None) -> Iterator[Path]:
    """The folder for runs and copies: the one given, which must be new, else one that is removed at the end."""
    if keep is not None:
        keep.mkdir(parents=True)
        yield keep.resolve()
        return
    with tempfile.TemporaryDirectory(prefix="ask-profiler-evals-") as name:
        yield Path(name)


def try_all(cases: Sequence[Case], attempt: Attempt, errors: Console) -> tuple[Score, ...]:
    """The cases' scores in order. Raises: NotRight with the case's name, ToolError, Cancelled."""
    scores = []
    for number, case in enumerate(cases, 1):
        if not attempt.quiet:
            errors.print(f"{number}/{len(cases)} {case.name}: {case.facts.question}", markup=False)
        try:
            scores.append(attempt.score(case))
        except NotRight as wrong:
            raise NotRight(f"the case {case.name} isn't right itself: {wrong}") from wrong
    return tuple(scores)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
