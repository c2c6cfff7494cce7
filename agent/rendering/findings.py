"""What a target shows beside the places that cost, for every rendering."""

from __future__ import annotations

from agent.rendering.markup import escape, prose
from agent.report import Report


def section(report: Report) -> str:
    """The findings in Markdown, "" without any."""
    if not report.findings:
        return ""
    lines = ["## Findings", ""]
    for found in report.findings:
        severity = f"; severity **{found.severity}**" if found.severity else ""
        lines += [f"### {escape(found.title)}", "", prose(report, found.text), ""]
        lines += [*(f"- {prose(report, item)}" for item in found.items), *([""] if found.items else [])]
        lines += [f"Evidence: {', '.join(found.evidence)}{severity}", ""]
    return "\n".join(lines)
