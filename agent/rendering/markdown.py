"""report.md: summary first, then bottlenecks, code, before and after, targets, checklist, evidence."""

from __future__ import annotations

import re
from collections.abc import Iterable

from agent.rendering import findings, growth
from agent.rendering.appendix import appendix
from agent.rendering.markup import block, code, escape, prose, value
from agent.rendering.quantities import format_number
from agent.rendering.sentences import (
    SAID_AS_IT_IS,
    UNIT_NAMES,
    change,
    headline,
    interval,
    ordered_comparisons,
    title,
    verdict_words,
)
from agent.report import Bottleneck, JudgedCandidate, Report, WorkloadGrowth
from agent.request import VIEW_NAMES

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
"""What could steer a terminal that shows the file."""
PATCH = "change.patch"
"""Where a given change is kept in the run's folder."""
SHOWN_FILES = 20
SHOWN_LINES = 400


def render(report: Report) -> str:
    """The report in Markdown. Raises: KeyError when prose names a number that was not measured."""
    parts = [
        _summary(report),
        _bottlenecks(report),
        findings.section(report),
        _optimisations(report),
        _before_after(report),
        _growth(report),
        *appendix(report),
    ]
    return _CONTROL.sub("\ufffd", "\n".join(part.rstrip() + "\n" for part in parts if part))


def _summary(report: Report) -> str:
    plan = report.plan
    said = headline(report)
    if report.outcome == "improved" or report.outcome in SAID_AS_IT_IS:
        said = escape(said)  # names of benchmarks, a program's own words; else it is prose with quoted names
    lines = [
        f"# {title(report)}: {escape(report.question)}",
        "",
        f"**{said}**",
        "",
    ]
    if report.outcome == "improved":
        lines += [prose(report, report.summary), ""]
    lines += [
        _target(report),
        f"- Workload: {plan.workload.kind}; {escape(plan.workload.chosen_because)}",
        *_counted(report),
        *([] if report.outcome == "observed" else [f"- Host: {escape(report.host)}"]),
        *(f"- Measured: {escape(note)}" for note in plan.notes if note not in report.warnings),
        *([] if report.given else [f"- Analyst: {escape(report.analyst)}. {escape(report.analyst_note)}"]),
        f"- Definition: {escape(report.agent_name)} {escape(report.agent_version)}; "
        f"run {report.run_id}, {report.created}",
    ]
    if report.patch:
        lines += ["", f"To apply: `ask-profiler apply {report.run_id}`"]
    if report.warnings:
        lines += ["", "Warnings:", "", *(f"- {escape(w)}" for w in report.warnings)]
    return "\n".join(lines) + "\n"


def _target(report: Report) -> str:
    plan = report.plan
    if plan.kind != "project":
        return f"- Target: {code(plan.toolchain)}"
    part = f" / {code(plan.subdirectory)}" if plan.subdirectory else ""
    return f"- Target: {code(plan.root)}{part} ({escape(plan.toolchain)})"


def _counted(report: Report) -> list[str]:
    """How many were found and judged, and what could be told at all."""
    if report.outcome == "observed":
        found = f"{len(report.bottlenecks)} bottlenecks" if report.profiles else "what was recorded"
        return [f"- Found: {found}; only looked at, so that nothing was changed or compared"]
    detectable = f"- Smallest gain this host could tell: {value(report, report.smallest_detectable_gain)}"
    if report.given:
        return [detectable]
    return [
        f"- Bottlenecks: {len(report.bottlenecks)}; candidates judged: {len(report.candidates)}, "
        f"accepted: {len(report.accepted)}",
        detectable,
    ]


def _bottlenecks(report: Report) -> str:
    if report.given is not None or (report.outcome == "observed" and not report.profiles):
        return ""
    if not report.bottlenecks:
        return (
            ""
            if report.outcome == "not measured"
            else "## Bottlenecks\n\nNone stands out in the target's own code.\n"
        )
    return "## Bottlenecks\n\n" + "\n".join(_bottleneck(report, b) for b in report.bottlenecks)


def _bottleneck(report: Report, found: Bottleneck) -> str:
    lines = [
        f"### {found.rank}. {code(found.function)}",
        "",
        f"{code(f'{found.file}:{found.line}')}; severity **{found.severity}**; "
        f"{value(report, found.share)} of {VIEW_NAMES[found.view]}; "
        f"confidence {found.confidence}: {escape(found.confidence_reason)}",
        "",
        f"**Root cause.** {prose(report, found.root_cause)}",
        "",
        prose(report, found.explanation),
        "",
        f"Evidence: {', '.join(found.evidence)}"
        + (
            f"; seen below it: {', '.join(code(n) for n in found.other_frames)}" if found.other_frames else ""
        ),
        "",
    ]
    return "\n".join(lines)


def _optimisations(report: Report) -> str:
    if report.given is not None:
        return _given(report, report.given)
    if not report.candidates:
        return ""
    lines = ["## Optimisation code", ""]
    for judged in sorted(report.candidates, key=lambda j: not j.verdict.accepted):
        lines += [_candidate(report, judged), ""]
    return "\n".join(lines)


def _given(report: Report, judged: JudgedCandidate) -> str:
    """The change that someone else wrote: its files, what was looked into, the patch where it can be read here."""
    found = judged.candidate
    files = ", ".join(code(name) for name in found.files[:SHOWN_FILES])
    more = f" and {len(found.files) - SHOWN_FILES} more" if len(found.files) > SHOWN_FILES else ""
    long = found.patch.count("\n") > SHOWN_LINES
    lines = [
        "## The change",
        "",
        f"Measured with it: {files or 'nothing'}{more}. Evidence: {', '.join(judged.evidence) or 'none'}.",
        "",
        *_checks(report, judged.checks),
        f"[{PATCH}]({PATCH})" if long else block(found.patch, "diff"),
    ]
    return "\n".join(lines)


def _candidate(report: Report, judged: JudgedCandidate) -> str:
    found = judged.candidate
    lines = [
        f"### {found.id}: {escape(found.title)}",
        "",
        f"**{escape(verdict_words(judged))}** (bottleneck {found.bottleneck_rank}; {escape(found.origin)}; "
        f"evidence {', '.join(judged.evidence) or 'none'})",
        "",
        found.rationale,
        "",
        f"Risk: {found.risk}",
        "",
        *_checks(report, judged.checks),
        block(found.patch, "diff"),
    ]
    return "\n".join(lines)


def _checks(report: Report, checks: Iterable[str]) -> list[str]:
    """What was looked into beyond the pairs, as a list."""
    lines = [f"- {prose(report, check)}" for check in checks]
    return [*lines, ""] if lines else []


def _before_after(report: Report) -> str:
    if report.combined is None or not report.combined.comparisons:
        return ""
    rows = [
        f"| {escape(c.benchmark)} | {UNIT_NAMES.get(c.unit, escape(c.unit))} "
        f"| {format_number(c.baseline_median, c.unit)} | {format_number(c.candidate_median, c.unit)} "
        f"| {change(c)} | {interval(c)} | {c.pairs} |"
        for c in ordered_comparisons(report.combined.comparisons)
    ]
    head = [
        "| benchmark | what | before | after | change | 95 % interval | pairs |",
        "|---|---|--:|--:|--:|--:|--:|",
    ]
    note = (
        "Medians of fresh processes, baseline and candidate in pairs of random order; the change is the "
        "Hodges-Lehmann estimate of the paired ratios with its interval, corrected for all comparisons of a unit. `~`: "
        "nothing significant."
    )
    where = f"Evidence: {', '.join(report.combined_evidence)}."
    verdict = (
        ""
        if report.combined.accepted or report.given
        else f"\n**{report.combined.reason}**: {escape(report.combined.detail)}\n"
    )
    checks = [] if report.given else _checks(report, report.combined_checks)
    return "\n".join(["## Before and after", "", *head, *rows, "", *checks, note, where, verdict])


def _growth(report: Report) -> str:
    if not report.scaling:
        return ""
    head = ["## Growth", "", "| workload | sizes | exponent before | after |", "|---|--:|--:|--:|"]
    rows = [
        f"| {escape(f.family)} | {growth.sizes(f)} | {_grows(report, f.before)} | {_grows(report, f.after)} |"
        for f in report.scaling
        if f.before is not None
    ]
    functions = [
        f"| {escape(f.function)} | {escape(f.file)} | {f.side} | {value(report, f.share)} "
        f"| {'at least ' if f.is_least else ''}{value(report, f.exponent)} |"
        for family in report.scaling
        for f in family.functions
    ]
    lines = [*head, *rows, ""] if rows else ["## Growth", ""]
    lines += [f"{prose(report, s)}\n" for s in growth.tomorrow(report)]
    if functions:
        lines += ["| function | file | side | part at the largest size | exponent |", "|---|---|---|--:|--:|"]
        lines += [*functions, ""]
    lines += [f"- {escape(note)}" for note in growth.notes(report)]
    return "\n".join([*lines, ""])


def _grows(report: Report, found: WorkloadGrowth | None) -> str:
    if found is None:
        return ""
    return f"{growth.in_words(report.index.resolve(found.exponent))}: {value(report, found.exponent)}"
