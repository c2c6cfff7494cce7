"""The files of `monitoring/`: rules, collector in the target's language, how to use them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from agent.policy import Policy
from agent.rendering.monitoring.rules import MonitoredService, job_name, rules_text, unwatched
from agent.report import JudgedCandidate
from agent.request import Plan
from tools.measure.verdict import Verdict

COLLECTORS = {"go": "collector.go", "python": "collector.py"}


def monitoring_files(
    policy: Policy,
    plan: Plan,
    judged: Sequence[JudgedCandidate],
    combined: Verdict | None,
    evidence: Sequence[str],
) -> dict[str, str]:
    """File name (in the run's folder) to text. `evidence` are the ids behind `combined`."""
    job = job_name(plan.module.rpartition("/")[2] or Path(plan.root).name)
    accepted = [j.candidate for j in judged if j.verdict.accepted]
    service = MonitoredService(
        job=job,
        language=plan.language,
        verdict=combined,
        evidence=", ".join(evidence),
        change="; ".join(f"{c.title} in {', '.join(c.functions) or ', '.join(c.files)}" for c in accepted),
    )
    templates = Environment(
        loader=PackageLoader("agent.rendering", "templates/monitoring"),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 # source code and Markdown, not HTML
    )
    collector = COLLECTORS[plan.language]
    facts = {
        "job": job,
        "collector": collector,
        "language": plan.language,
        "interval_s": f"{policy.metrics_interval_s:g}",
        "unwatched": [t.text for t in unwatched(policy)],
        "has_change": combined is not None and combined.accepted,
    }
    return {
        "monitoring/rules.yml": rules_text(policy, service),
        f"monitoring/{collector}": templates.get_template(f"{collector}.j2").render(facts),
        "monitoring/README.md": templates.get_template("README.md.j2").render(facts),
    }
