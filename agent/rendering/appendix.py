"""The end of report.md: resources, targets, checklist, graphs, what could not be measured, model use, evidence."""

from __future__ import annotations

from agent.evidence import Evidence
from agent.rendering import model_use
from agent.rendering.markup import code, escape, value
from agent.report import Report


def appendix(report: Report) -> tuple[str, ...]:
    """The parts after what was found and changed, in their order; "" for one with nothing to say."""
    return (
        _resources(report),
        _targets(report),
        _checklist(report),
        _graphs(report),
        _monitoring(report),
        _unmeasured(report),
        model_use.section(report),
        _evidence(report),
    )


def _resources(report: Report) -> str:
    if not report.resources:
        return ""
    rows = [
        f"| {escape(r.label)} | {value(report, r.before)} | {value(report, r.after)} |"
        for r in report.resources
    ]
    return "\n".join(["## Resource usage", "", "| what | before | after |", "|---|--:|--:|", *rows, ""])


def _targets(report: Report) -> str:
    if not report.targets:
        return ""
    rows = [
        f"| {escape(t.target.text)} | {t.status} | {value(report, t.measured) if t.measured else ''} "
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
