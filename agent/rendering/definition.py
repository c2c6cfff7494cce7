"""An agent definition as it was understood, for a terminal."""

from __future__ import annotations

from agent.definition import Definition
from agent.policy import Threshold
from agent.rendering.quantities import format_number


def render(definition: Definition) -> str:
    """Fields, policy and checklist, each with what was understood of it, and what was recovered."""
    policy = definition.policy
    lines = [
        f"name: {definition.name}",
        f"model: {definition.model or '(none)'}",
        f"version: {definition.version or '(none)'}",
        f"priority: {definition.priority or '(none)'}",
        f"estimated time: {definition.estimated_time or '(none)'}",
        f"complexity: {definition.complexity_level or '(none)'}",
        f"requires: {'; '.join(definition.requires_context) or '(nothing)'}",
        f"depends on: {', '.join(definition.dependencies) or '(nothing)'}",
        f"outputs: {', '.join(definition.outputs) or '(none named)'}",
        f"validation criteria: {', '.join(definition.validation_criteria) or '(none named)'}",
        f"examples: {len(definition.examples)}",
        "",
        "when to profile:",
        *(f"  {t.text}{_understood(t.threshold)}" for t in policy.triggers),
        "",
        "priorities:",
        *(f"  {p.severity}: {p.subject}" for p in policy.priorities),
        "",
        "performance targets:",
        *(f"  {t.text}{_understood(t.threshold) or '  [no threshold understood]'}" for t in policy.targets),
        "",
        "checklist:",
        *(
            f"  {i.text}  [{', '.join(i.deciders) or 'not decidable by this program'}]"
            for i in policy.checklist
        ),
        "",
        f"minimum gain: {format_number(policy.minimum_gain_ratio, 'ratio')}",
        f"benchmark sizes: {', '.join(str(size) for size in policy.benchmark_sizes)}",
        f"runtime metrics every {format_number(policy.metrics_interval_s, 's')}",
        f"excessive goroutines: more than {policy.excessive_goroutines:,}",
        f"slow operation: over {format_number(policy.slow_operation_s, 's')}",
        f"bottlenecks named: {policy.bottlenecks}",
    ]
    if definition.assumed:
        lines += ["", "not said in the file, so assumed:", *(f"  {figure}" for figure in definition.assumed)]
    if definition.recovered:
        lines += [
            "",
            "recovered, or not understood, line by line:",
            *(f"  {note}" for note in definition.recovered),
        ]
    return "\n".join(lines) + "\n"


def _understood(threshold: Threshold | None) -> str:
    if threshold is None:
        return ""
    text = f"{threshold.metric} {threshold.comparator} {format_number(threshold.value, threshold.unit)}"
    if threshold.percentile is not None:
        text += f" at p{100 * threshold.percentile:g}"
    if threshold.per_records is not None:
        text += f" for {threshold.per_records:,} records"
    return f"  [{text}]"
