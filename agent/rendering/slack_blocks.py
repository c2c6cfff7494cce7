"""The answer of a run in Slack's blocks: verdict, bottlenecks, before and after, checklist, what can be done next."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from agent.evidence import Evidence
from agent.rendering import mrkdwn, slack_parts
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
from agent.rendering.slack_parts import Block, Button
from agent.report import Bottleneck, ChecklistStatus, Report
from agent.request import VIEW_NAMES
from tools.measure.verdict import Comparison

APPLY, AGAIN, EVIDENCE = "apply", "again", "evidence"
"""What the buttons below an answer do; their value is the job."""
_SHOWN_BOTTLENECKS, _SHOWN_FINDINGS, _SHOWN_ROWS, _SHOWN_EVIDENCE = 3, 3, 20, 40
_MARKS: dict[ChecklistStatus, str] = {
    "done": "[x]",
    "not done": "[ ]",
    "not decidable by this program": "[?]",
}
_SUMMARY, _PART, _LIST, _TABLE = 1000, 700, 1300, 2200
"""Characters: together about 12,000, so that a message as a whole isn't too long either."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What can be done with an answer: `can_apply` says that its patch may be put on a branch; `pressed` is the job
    that the buttons are about.
    """

    pressed: str
    can_apply: bool = False


def answer(report: Report, offer: Offer) -> list[Block]:
    """The whole answer with its buttons. Raises: KeyError when prose names a number that was not measured."""
    blocks = [slack_parts.header(title(report)), slack_parts.section(_summary(report), _SUMMARY)]
    blocks += _bottlenecks(report)
    blocks += _findings(report)
    blocks += _part("Changes", _changes(report), _LIST)
    blocks += _before_after(report)
    blocks += _part("Targets", _targets(report), _PART)
    blocks += _part("Checklist", _checklist(report), _LIST)
    blocks += _part("Not measured, and warnings", _doubts(report), _PART)
    return [*blocks, _origin(report), slack_parts.buttons(_offered(report, offer))]


def fallback(report: Report) -> str:
    """The answer in one line, for notifications."""
    return mrkdwn.clip(f"{mrkdwn.escape(title(report))}: {_said(report)}", slack_parts.FALLBACK)


def reply(text: str) -> list[Block]:
    """The answer to a follow-up question, from Markdown whose numbers are in place."""
    found = mrkdwn.pieces(mrkdwn.prose(text), slack_parts.SECTION, 4)
    return [slack_parts.section(piece) for piece in found or ["There is nothing to say about that."]]


def evidence(report: Report) -> list[Block]:
    """What the answer rests on: each tool run with its numbers."""
    shown = report.evidence[:_SHOWN_EVIDENCE]
    text = "\n".join(_one_evidence(each) for each in shown)
    blocks = [slack_parts.section(piece) for piece in mrkdwn.pieces(text, slack_parts.SECTION, 4)]
    left = len(report.evidence) - len(shown)
    more = (
        f"{left} more, with programs and arguments, in the report" if left else "more of each in the report"
    )
    return [slack_parts.header("Evidence"), *blocks, slack_parts.context(more)]


def _summary(report: Report) -> str:
    lines = [f"*Question:* {mrkdwn.clip(mrkdwn.escape(report.question), 300)}", _said(report)]
    if report.outcome == "improved":
        lines.append(_prose(report, report.summary))
    return "\n".join(lines)


def _said(report: Report) -> str:
    """The answer in one sentence: prose, or where it holds names of benchmarks or a program's own words, their text."""
    is_text = report.outcome == "improved" or report.outcome in SAID_AS_IT_IS
    return mrkdwn.escape(headline(report)) if is_text else mrkdwn.prose(headline(report))


def _bottlenecks(report: Report) -> list[Block]:
    if report.given is not None or not report.bottlenecks:
        return []
    shown = report.bottlenecks[:_SHOWN_BOTTLENECKS]
    left = len(report.bottlenecks) - len(shown)
    blocks = [slack_parts.section("*Bottlenecks*"), *(_bottleneck(report, each) for each in shown)]
    return [*blocks, *([slack_parts.context(f"{left} more in the report")] if left else [])]


def _bottleneck(report: Report, found: Bottleneck) -> Block:
    share = f"{format_quantity(report.index.resolve(found.share))} ({found.share.evidence_id})"
    place = mrkdwn.clip(mrkdwn.code(f"{found.file}:{found.line}"), 200)
    name = mrkdwn.clip(mrkdwn.code(found.function), 200)
    text = (
        f"*{found.rank}.* {name} {place}\n{share} of {VIEW_NAMES[found.view]}; severity *{found.severity}*, "
        f"confidence {found.confidence}\n{_prose(report, found.root_cause)}"
    )
    return slack_parts.section(text, _PART)


def _findings(report: Report) -> list[Block]:
    shown = report.findings[:_SHOWN_FINDINGS]
    blocks = []
    for found in shown:
        severity = f"; severity *{found.severity}*" if found.severity else ""
        lines = [f"*{mrkdwn.escape(found.title)}*{severity}", _prose(report, found.text)]
        lines += [f"• {_prose(report, item)}" for item in found.items]
        blocks.append(slack_parts.section("\n".join(lines), _PART))
    left = len(report.findings) - len(shown)
    return [*blocks, *([slack_parts.context(f"{left} more findings in the report")] if left else [])]


def _changes(report: Report) -> list[str]:
    ordered = sorted(report.candidates, key=lambda j: not j.verdict.accepted)
    return [
        f"• *{j.candidate.id}* {mrkdwn.clip(mrkdwn.escape(j.candidate.title), 200)}: "
        f"{mrkdwn.clip(mrkdwn.escape(verdict_words(j)), 300)}"
        for j in ordered
    ]


def _before_after(report: Report) -> list[Block]:
    if report.combined is None or not report.combined.comparisons:
        return []
    compared = ordered_comparisons(report.combined.comparisons)
    shown = compared[:_SHOWN_ROWS]
    table = _table([_row(each) for each in shown])
    left = len(compared) - len(shown)
    note = (
        f"Medians of fresh processes in pairs of random order, 95 % interval; ~: nothing significant. "
        f"Evidence: {', '.join(report.combined_evidence)}."
        + (f" {left} more rows in the report." if left else "")
    )
    text = f"*Before and after*\n{mrkdwn.block(table)}"
    return [slack_parts.section(text, _TABLE), slack_parts.context(note)]


def _row(found: Comparison) -> tuple[str, ...]:
    return (
        _short(found.benchmark, 32),
        _short(UNIT_NAMES.get(found.unit, found.unit), 16),
        format_number(found.baseline_median, found.unit),
        format_number(found.candidate_median, found.unit),
        change(found),
        interval(found),
    )


def _table(rows: list[tuple[str, ...]]) -> str:
    """Columns under each other; names to the left, numbers to the right."""
    rows = [("benchmark", "what", "before", "after", "change", "95 % interval"), *rows]
    widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
    return "\n".join(
        "  ".join(
            cell.ljust(w) if n < 2 else cell.rjust(w)
            for n, (cell, w) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    )


def _targets(report: Report) -> list[str]:
    known = [t for t in report.targets if t.status != "not measurable"]
    lines = [
        f"{'[x]' if t.status == 'met' else '[ ]'} {mrkdwn.escape(t.target.text)}: {t.status}" for t in known
    ]
    unknown = len(report.targets) - len(known)
    return [*lines, f"{unknown} not measurable with this workload"] if unknown else lines


def _checklist(report: Report) -> list[str]:
    return [
        f"{_MARKS[c.status]} {mrkdwn.escape(c.item.text)}: {mrkdwn.clip(mrkdwn.escape(c.why), 200)}"
        + (f" ({', '.join(c.evidence[:4])})" if c.evidence else "")
        for c in report.checklist
    ]


def _doubts(report: Report) -> list[str]:
    missing = [f"• {mrkdwn.escape(m.what)}: {mrkdwn.escape(m.remedy)}" for m in report.unmeasured]
    return [*missing, *(f"• {mrkdwn.escape(w)}" for w in report.warnings)]


def _origin(report: Report) -> Block:
    words = [
        f"run {report.run_id}",
        f"analyst {report.analyst}",
        f"{report.agent_name} {report.agent_version}",
    ]
    return slack_parts.context(mrkdwn.escape("; ".join(words)))


def _offered(report: Report, offer: Offer) -> list[Button]:
    job = offer.pressed
    found = [
        Button(text="Try again with more time", action=AGAIN, value=job),
        Button(text="Show evidence", action=EVIDENCE, value=job),
    ]
    if offer.can_apply and report.patch and report.outcome == "improved":
        sure = "A new branch with the patch is made in the target's repository."
        found.insert(0, Button(text="Apply on a branch", action=APPLY, value=job, style="primary", sure=sure))
    return found


def _one_evidence(found: Evidence) -> str:
    tool = " ".join(part for part in (found.tool, found.tool_version) if part)
    words = [
        f"*{found.id}* {mrkdwn.clip(mrkdwn.escape(found.title), 120)} ({mrkdwn.clip(mrkdwn.escape(tool), 80)})"
    ]
    numbers = [f"{mrkdwn.escape(q.name)} {format_quantity(q)}" for q in found.quantities[:4]]
    left = len(found.quantities) - 4
    numbers += [f"{left} more numbers"] if left > 0 else []
    if numbers:
        words.append(mrkdwn.clip(", ".join(numbers), 400))
    if found.failure is not None:
        words.append(f"failed: {mrkdwn.clip(mrkdwn.escape(found.failure), 200)}")
    return ": ".join(words)


def _part(name: str, lines: Iterable[str], limit: int) -> list[Block]:
    """A titled list in one section; what doesn't fit is said to be in the report."""
    kept, size, left = [f"*{name}*"], len(name) + 2, 0
    for line in lines:
        if left or size + len(line) + 1 > limit - 40:
            left += 1
            continue
        kept.append(line)
        size += len(line) + 1
    if left:
        kept.append(f"{left} more in the report")
    return [slack_parts.section("\n".join(kept), limit)] if len(kept) > 1 else []


def _prose(report: Report, text: str) -> str:
    """Prose with each number beside its evidence."""
    shown = resolve(text, report.index, lambda value, reference: f"{value} ({reference.evidence_id})")
    return mrkdwn.prose(shown)


def _short(text: str, limit: int) -> str:
    shown = " ".join(text.split())
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"
