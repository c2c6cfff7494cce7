"""The answer for a terminal: outcome, bottlenecks, verdicts, before and after, what is missing, model use."""

from __future__ import annotations

import re
import textwrap

from agent.rendering import growth, model_use
from agent.rendering.quantities import format_number, resolve
from agent.rendering.sentences import (
    UNIT_NAMES,
    change,
    headline,
    interval,
    ordered_comparisons,
    title,
    verdict_words,
)
from agent.rendering.terminal import plain
from agent.report import WHERE, Report

_STYLES = {"bold": "1", "green": "32", "yellow": "33", "red": "31", "dim": "2"}


def render(report: Report, *, width: int = 100, colour: bool = False) -> str:
    """A page of text, lines at most `width` wide where they can be broken; ANSI styles when `colour`.

    Control characters of the target's are shown as `?`, so that nothing in it can steer the terminal.
    """
    page = _Page(min(max(width, 60), 120), colour)
    style = {"improved": "green", "accepted": "green", "not measured": "red", "rejected": "red"}.get(
        report.outcome, "yellow"
    )
    page.line(page.styled(title(report), "bold", style))
    page.wrapped(headline(report))
    if report.outcome == "improved" and not report.summary.startswith(WHERE):  # the bottlenecks follow
        page.wrapped(resolve(report.summary.partition(WHERE)[0], report.index))
    if report.bottlenecks:
        page.heading("Bottlenecks")
        for found in report.bottlenecks:
            share = report.index.resolve(found.share)
            page.line(
                f" {found.rank}. {page.styled(found.function, 'bold')}  {plain(found.file)}:{found.line}  "
                f"{format_number(share.value, share.unit)} of {found.view}  "
                f"{found.severity}, confidence {found.confidence}"
            )
            page.wrapped(resolve(found.root_cause, report.index), indent=4)
    for finding in report.findings:
        page.heading(plain(finding.title))
        page.wrapped(unmarked(resolve(finding.text, report.index)), indent=2)
        for item in finding.items:
            page.wrapped(f"- {unmarked(resolve(item, report.index))}", indent=2)
    given = report.given
    if given is not None and given.checks:
        page.heading("Looked into")
        for check in given.checks:
            page.wrapped(unmarked(resolve(check, report.index)), indent=2)
    if report.candidates and given is None:
        page.heading("Candidates")
        for judged in report.candidates:
            mark = page.styled("+", "green") if judged.verdict.accepted else page.styled("-", "yellow")
            page.line(f" {mark} {judged.candidate.id} {plain(judged.candidate.title)}")
            page.wrapped(verdict_words(judged), indent=4)
    if report.combined is not None and report.combined.comparisons:
        page.heading("Before and after (fresh processes, paired, 95 % intervals)")
        _table(page, report)
    _growth(page, report)
    _endings(page, report)
    _asked(page, report)
    return page.text()


def _table(page: _Page, report: Report) -> None:
    if report.combined is None:
        return
    rows = [
        (plain(c.benchmark), UNIT_NAMES.get(c.unit, plain(c.unit)), format_number(c.baseline_median, c.unit),
         format_number(c.candidate_median, c.unit), change(c), interval(c))
        for c in ordered_comparisons(report.combined.comparisons)
        if c.unit in ("sec/op", "B/op", "peak-RSS-B")
    ]  # fmt: skip
    widths = [max(len(row[n]) for row in rows) for n in range(6)] if rows else []
    for row in rows:
        cells = [row[0].ljust(widths[0]), row[1].ljust(widths[1])]
        cells += [row[n].rjust(widths[n]) for n in range(2, 6)]
        page.line("  " + "  ".join(cells))


def _growth(page: _Page, report: Report) -> None:
    told = growth.lines(report)
    if told:
        page.heading("Growth with the input's size")
    for line in told:
        page.wrapped(unmarked(line), indent=2)


def _endings(page: _Page, report: Report) -> None:
    if report.targets:
        page.heading("Targets and checklist")
        met = [t for t in report.targets if t.status != "not measurable"]
        for target in met:
            mark = "met" if target.status == "met" else "NOT MET"
            page.line(f"  {mark}: {plain(target.target.text)}")
        unknown = len(report.targets) - len(met)
        if unknown:
            page.line(f"  not measurable with this workload: {unknown} targets")
        done = sum(c.status == "done" for c in report.checklist)
        page.line(f"  checklist: {done} of {len(report.checklist)} done")
    if report.unmeasured or report.warnings:
        page.heading("Not measured, and warnings")
        for missing in report.unmeasured:
            page.wrapped(f"{missing.what}: {missing.remedy}", indent=2)
        for warning in report.warnings:
            page.wrapped(warning, indent=2)


def _asked(page: _Page, report: Report) -> None:
    told = model_use.lines(report)
    if told:
        page.heading("Model use")
    for line in told:
        page.wrapped(line, indent=2)


_ESCAPED = re.compile(r"\\([\\`*_{}\[\]<>|#])")


def unmarked(prose: str) -> str:
    """Prose without the marks of Markdown."""
    return _ESCAPED.sub(r"\1", prose.replace("`", ""))


class _Page:
    """Lines of text, made harmless and styled."""

    def __init__(self, width: int, colour: bool) -> None:
        self._width = width
        self._colour = colour
        self._lines: list[str] = []

    def styled(self, text: str, *styles: str) -> str:
        text = plain(text)
        codes = ";".join(_STYLES[s] for s in styles)
        return f"\033[{codes}m{text}\033[0m" if self._colour else text

    def line(self, text: str) -> None:
        self._lines.append(text if self._colour else plain(text))

    def heading(self, text: str) -> None:
        self._lines += ["", self.styled(text, "bold")]

    def wrapped(self, text: str, indent: int = 0) -> None:
        space = " " * indent
        self._lines += textwrap.wrap(
            plain(text), self._width, initial_indent=space, subsequent_indent=space, break_long_words=False,
            break_on_hyphens=False,
        )  # fmt: skip

    def text(self) -> str:
        return "\n".join(self._lines) + "\n"
