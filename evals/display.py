"""Scores as a table and as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

from rich.console import Console
from rich.table import Table

from evals.scoring import Score

RIGHT = ("gain", "human", "share", "s")
COLUMNS = ("case", "place", "outcome", "gain", "human", "share", "tests", "honest", "s", "solved")
SHORT = {"nothing worth changing": "nothing", "no change to offer": "no change"}


def show(scores: Sequence[Score], console: Console) -> None:
    """Print one row a case, a line of totals, then what went wrong; it fits into 80 columns."""
    table = Table(box=None, padding=(0, 1, 0, 0))
    for name in COLUMNS:
        table.add_column(name, justify="right" if name in RIGHT else "left", no_wrap=True)
    for found in scores:
        table.add_row(*row(found), style=None if found.solved else "red")
    console.print(table)
    console.print(totals(scores), markup=False)
    for found in scores:
        for trouble in troubles(found):
            console.print(f"{found.case}: {trouble}", markup=False, soft_wrap=True)


def row(found: Score) -> tuple[str, ...]:
    """One case as cells, in the order of COLUMNS. `human` is the reference's gain."""
    human = "-" if found.reference_speedup is None else f"{found.reference_speedup:.2f}x"
    share = "-" if found.share_of_reference is None else f"{found.share_of_reference:.0%}"
    return (
        found.case,
        "first" if found.right_first else "in three" if found.right_in_three else "missed",
        SHORT.get(found.outcome, found.outcome),
        f"{found.speedup:.2f}x",
        human,
        share,
        "pass" if found.tests_passed else "FAIL",
        "yes" if found.honest else "NO",
        f"{found.duration_s:.0f}",
        "yes" if found.solved else "no",
    )


def troubles(found: Score) -> list[str]:
    """What went wrong in a case, a sentence each; empty when nothing did."""
    if found.failure:
        return [f"no answer: {found.failure}"]
    said = []
    if not found.right_first:
        said.append(f"it named {', '.join(found.named) or 'nothing'}")
    if not found.tests_passed:
        said.append(f"the result isn't right: {found.tests_failed}")
    if not found.honest:
        said.append(
            f"it said {found.outcome!r} with {found.accepted} accepted, which the check doesn't confirm"
        )
    return said


def totals(scores: Sequence[Score]) -> str:
    """One line over all cases."""
    shares = [s.share_of_reference for s in scores if s.share_of_reference is not None]
    mean = f"{sum(shares) / len(shares):.0%}" if shares else "-"
    return (
        f"solved {sum(s.solved for s in scores)}/{len(scores)}, "
        f"right bottleneck first {sum(s.right_first for s in scores)}, "
        f"in three {sum(s.right_in_three for s in scores)}, "
        f"correct {sum(s.tests_passed for s in scores)}, honest {sum(s.honest for s in scores)}, "
        f"mean share of the reference's gain {mean}, {sum(s.duration_s for s in scores):.0f} s"
    )


def as_json(scores: Sequence[Score]) -> str:
    """Every score with all its fields, and whether it counts as solved."""
    cases = [{**asdict(found), "solved": found.solved} for found in scores]
    solved = sum(found.solved for found in scores)
    return json.dumps({"cases": cases, "solved": solved, "of": len(scores)}, indent=2) + "\n"
