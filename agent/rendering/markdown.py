"""report.md: summary first, then bottlenecks, code, before and after, targets, checklist, evidence."""

from __future__ import annotations

import re
from collections.abc import Iterable

from agent.evidence import Evidence, Reference
from agent.rendering import growth
from agent.rendering.quantities import format_number, format_quantity, resolve
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
from agent.report import MARKUP, Bottleneck, JudgedCandidate, Report, WorkloadGrowth

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
"""What could steer a terminal that shows the file."""
PATCH = "change.patch"
"""Where a given change is kept in the run's folder."""
SHOWN_FILES = 20
SHOWN_LINES = 400


def escape(text: str) -> str:
    """Text from a target as plain Markdown: nothing in it is markup, and it stays on one line."""
    return MARKUP.sub(r"\\\1", " ".join(text.split()))


def code(text: str) -> str:
    """Text from a target as inline code, whatever backticks it holds. Not for tables: a `|` would end the cell."""
    text = " ".join(text.split()) or " "
    fence = "`" * (max((len(run) for run in re.findall(r"`+", text)), default=0) + 1)
    space = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{space}{text}{space}{fence}"


def block(text: str, language: str) -> str:
    """Text from a target as a fenced block that it can't break out of."""
    fence = "`" * max(3, max((len(run) for run in re.findall(r"`+", text)), default=0) + 1)
    return f"{fence}{language}\n{text.rstrip()}\n{fence}\n"


def render(report: Report) -> str:
    """The report in Markdown. Raises: KeyError when prose names a number that was not measured."""
    parts = [
        _summary(report),
        _bottlenecks(report),
        _optimisations(report),
        _before_after(report),
        _growth(report),
        _resources(report),
        _targets(report),
        _checklist(report),
        _graphs(report),
        _monitoring(report),
        _unmeasured(report),
        _evidence(report),
    ]
    return _CONTROL.sub("\ufffd", "\n".join(part.rstrip() + "\n" for part in parts if part))


def _prose(report: Report, text: str) -> str:
    return resolve(text, report.index, lambda value, reference: f"{value} ({reference.evidence_id})")


def _value(report: Report, reference: Reference | None) -> str:
    if reference is None:
        return "not measured"
    return f"{format_quantity(report.index.resolve(reference))} ({reference.evidence_id})"


def _summary(report: Report) -> str:
    plan = report.plan
    accepted = len(report.accepted)
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
        lines += [_prose(report, report.summary), ""]
    lines += [
        f"- Target: {code(plan.root)}{' / ' + code(plan.subdirectory) if plan.subdirectory else ''} "
        f"({escape(plan.toolchain)})",
        f"- Workload: {plan.workload.kind}; {escape(plan.workload.chosen_because)}",
        *(
            []
            if report.given
            else [
                f"- Bottlenecks: {len(report.bottlenecks)}; "
                f"candidates judged: {len(report.candidates)}, accepted: {accepted}"
            ]
        ),
        f"- Smallest gain this host could tell: {_value(report, report.smallest_detectable_gain)}",
        f"- Host: {escape(report.host)}",
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


def _bottlenecks(report: Report) -> str:
    if report.given is not None:
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
        f"{_value(report, found.share)} of {_VIEW[found.view]}; "
        f"confidence {found.confidence}: {escape(found.confidence_reason)}",
        "",
        f"**Root cause.** {_prose(report, found.root_cause)}",
        "",
        _prose(report, found.explanation),
        "",
        f"Evidence: {', '.join(found.evidence)}"
        + (
            f"; seen below it: {', '.join(code(n) for n in found.other_frames)}" if found.other_frames else ""
        ),
        "",
    ]
    return "\n".join(lines)


_VIEW = {"cpu": "CPU time", "memory": "memory", "goroutines": "goroutines"}


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
    lines = [f"- {_prose(report, check)}" for check in checks]
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
        "Medians of fresh processes, baseline and candidate in pairs of random order; the change is the median paired "
        "ratio with its bootstrap interval, corrected for all comparisons of a unit (Holm). `~`: nothing significant."
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
        f"| {escape(f.function)} | {escape(f.file)} | {f.side} | {_value(report, f.share)} "
        f"| {'at least ' if f.is_least else ''}{_value(report, f.exponent)} |"
        for family in report.scaling
        for f in family.functions
    ]
    lines = [*head, *rows, ""] if rows else ["## Growth", ""]
    lines += [f"{_prose(report, s)}\n" for s in growth.tomorrow(report)]
    if functions:
        lines += ["| function | file | side | part at the largest size | exponent |", "|---|---|---|--:|--:|"]
        lines += [*functions, ""]
    lines += [f"- {escape(note)}" for note in growth.notes(report)]
    return "\n".join([*lines, ""])


def _grows(report: Report, found: WorkloadGrowth | None) -> str:
    if found is None:
        return ""
    return f"{growth.in_words(report.index.resolve(found.exponent))}: {_value(report, found.exponent)}"


def _resources(report: Report) -> str:
    if not report.resources:
        return ""
    rows = [
        f"| {escape(r.label)} | {_value(report, r.before)} | {_value(report, r.after)} |"
        for r in report.resources
    ]
    return "\n".join(["## Resource usage", "", "| what | before | after |", "|---|--:|--:|", *rows, ""])


def _targets(report: Report) -> str:
    if not report.targets:
        return ""
    rows = [
        f"| {escape(t.target.text)} | {t.status} | {_value(report, t.measured) if t.measured else ''} "
        f"| {escape(t.why)} |"
        for t in report.targets
    ]
    return "\n".join(
        ["## Performance targets", "", "| target | status | measured | why |", "|---|---|--:|---|", *rows, ""]
    )


def _checklist(report: Report) -> str:
    if not report.checklist:
        return ""
    lines = ["## Checklist", ""]
    for result in report.checklist:
        tick = "x" if result.status == "done" else " "
        evidence = f" ({', '.join(result.evidence)})" if result.evidence else ""
        lines.append(
            f"- [{tick}] {escape(result.item.text)}: {result.status}; {escape(result.why)}{evidence}"
        )
    return "\n".join(lines) + "\n"


def _graphs(report: Report) -> str:
    if not report.graphs:
        return ""
    return "\n".join(["## Graphs", "", *(f"- [{g.title}]({g.path})" for g in report.graphs), ""])


def _monitoring(report: Report) -> str:
    if not report.monitoring:
        return ""
    return "\n".join(["## Monitoring", "", *(f"- [{name}]({name})" for name in report.monitoring), ""])


def _unmeasured(report: Report) -> str:
    if not report.unmeasured:
        return ""
    lines = [
        f"- **{escape(m.what)}**: leaves unmeasured {escape(m.leaves_unmeasured)}. {escape(m.remedy)}"
        for m in report.unmeasured
    ]
    return "\n".join(["## What could not be measured", "", *lines, ""])


def _evidence(report: Report) -> str:
    lines = ["## Evidence", "", *(_evidence_line(e) for e in report.evidence), ""]
    total = sum(s.duration_s for s in report.stages)
    own = total - sum(s.target_s for s in report.stages)
    stages: dict[str, float] = {}
    for stage in report.stages:
        stages[stage.stage] = stages.get(stage.stage, 0.0) + stage.duration_s
    times = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in stages.items())
    lines.append(
        f"Stages: {times}. In all {total:.1f} s, of which {own:.1f} s outside the target's own builds, tests, "
        "profiles and benchmarks."
    )
    return "\n".join(lines) + "\n"


def _evidence_line(found: Evidence) -> str:
    bits = [
        f"**{found.id}** {found.kind}: {escape(found.title)}; "
        f"{escape(found.tool)} {escape(found.tool_version)}".rstrip()
    ]
    if found.argv:
        bits.append(code(" ".join(found.argv)[:200]))
    if found.exit_code is not None:
        bits.append(f"exit code {found.exit_code}")
    if found.duration_s:
        bits.append(f"{found.duration_s:.1f} s")
    bits += [f"[{a.path}]({a.path})" for a in found.artefacts]
    if found.failure:
        bits.append(f"**failed**: {escape(found.failure[:400])}")
    bits += [escape(w) for w in found.warnings[:12]]
    return "- " + "; ".join(bits)
