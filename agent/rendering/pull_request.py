"""The verdict on a given change for a pull request: a comment that can be read at a glance.

Everything that comes from the target, from the change or from a program is escaped for GitHub.
"""

from __future__ import annotations

from collections.abc import Sequence

from agent.rendering.github import escape
from agent.rendering.quantities import format_number, resolve
from agent.rendering.sentences import UNIT_NAMES, change, interval, ordered_comparisons, title
from agent.rendering.text import unmarked
from agent.report import Report
from tools.measure.verdict import Comparison
from tools.measure.workload import BYTES_PER_OP, PEAK_RSS_BYTES, SECONDS_PER_OP

LIMIT = 65_536
"""GitHub takes no longer comment."""
MARK = "<!-- ask-profiler verify -->"
"""The first line, by which an earlier comment is found again."""
SHOWN_UNITS = (SECONDS_PER_OP, BYTES_PER_OP, PEAK_RSS_BYTES)
MOST_ROWS, MOST_LINES = 30, 15
WIDTHS = (400, 200, 100, 40)
"""How long a text of others may be; the next where the whole would be too long. With the last it never is."""


def render(report: Report) -> str:
    """Markdown of less than `LIMIT` characters. Raises: KeyError when a check names a number not measured."""
    for width in WIDTHS:
        text = _rendered(report, width)
        if len(text) < LIMIT:
            break
    return text


def _rendered(report: Report, width: int) -> str:
    """The comment with no text of others longer than `width`."""
    given = report.given
    checks = [unmarked(resolve(check, report.index)) for check in given.checks] if given is not None else []
    unchecked = [c for c in checks if c.startswith(NOT_CHECKED)]
    parts = [
        MARK,
        f"### {escape(title(report))}",
        _line(report.summary, width),
        _table(given.verdict.comparisons if given is not None else (), width),
        _list("Checked", [c for c in checks if c not in unchecked], width),
        _list(
            "Could not be checked",
            [*unchecked, *(f"{m.what}: {m.leaves_unmeasured}" for m in report.unmeasured)],
            width,
        ),
        _list("Warnings", report.warnings, width),
        _footer(report, width),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


NOT_CHECKED = (
    "Not judged", "Not compared", "Not counted", "Compared by value: nothing", "Inputs couldn't",
    "Instructions couldn't", "Instructions weren't", "One operation is too short",
    "On unseen inputs that signal wasn't", "Data races weren't",
)  # fmt: skip
"""How the sentences begin that say what could not be looked into."""


def _line(text: str, width: int) -> str:
    """One line of someone else's text, not too long."""
    return escape(text if len(text) <= width else text[: width - 1] + "…")


def _table(comparisons: Sequence[Comparison], width: int) -> str:
    """What people ask about first: time and memory, what changed before what didn't."""
    shown = [c for c in ordered_comparisons(comparisons) if c.unit in SHOWN_UNITS]
    shown.sort(key=lambda c: not c.changed)
    if not shown:
        return ""
    rows = [
        f"| {_line(c.benchmark, width)} | {UNIT_NAMES[c.unit]} | {format_number(c.baseline_median, c.unit)} "
        f"| {format_number(c.candidate_median, c.unit)} | {change(c).replace('~', '&#126;')} | {interval(c)} |"
        for c in shown[:MOST_ROWS]
    ]
    head = ["| benchmark | what | before | after | change | 95 % interval |", "|---|---|--:|--:|--:|--:|"]
    more = f"\n\nand {len(shown) - MOST_ROWS} more comparisons." if len(shown) > MOST_ROWS else ""
    pairs = min(c.pairs for c in shown)
    note = f"Medians of {pairs} pairs of fresh processes in random order; &#126;: no difference beyond doubt."
    return "\n".join([*head, *rows]) + more + "\n\n" + note


def _list(heading: str, lines: Sequence[str], width: int) -> str:
    if not lines:
        return ""
    more = [f"- and {len(lines) - MOST_LINES} more"] if len(lines) > MOST_LINES else []
    return "\n".join(
        [f"**{heading}**", "", *(f"- {_line(line, width)}" for line in lines[:MOST_LINES]), *more]
    )


def _footer(report: Report, width: int) -> str:
    said = f"{report.plan.toolchain}; {report.host}; run {report.run_id}"
    return f"<sub>ask-profiler: {_line(said, width)}</sub>"
