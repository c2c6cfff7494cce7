"""Prometheus recording and alerting rules from a policy and a run's verdict.

Source: Prometheus documentation, "Defining recording rules", "Alerting rules"; checked with promtool 2.42.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import yaml

from agent.policy import PerformanceTarget, Policy, Threshold
from agent.rendering.quantities import format_number
from tools.measure.verdict import Comparison, Verdict
from tools.measure.workload import PEAK_RSS_BYTES, SECONDS_PER_OP, Language

VIOLATED = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!="}
SEVERITIES = {"latency": "critical", "leaks": "warning", "memory": "warning"}
LEAK_WINDOW = "6h"


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """How a metric of the policy is recorded, and for how long a violation must last before it alerts."""

    record: str
    expression: str
    lasting: str = "10m"


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitoredService:
    """What is watched: the Prometheus `job` label, and what an accepted change improved, if there is one."""

    job: str
    language: Language
    verdict: Verdict | None
    evidence: str
    change: str


def rules_text(policy: Policy, service: MonitoredService) -> str:
    """The rules file in YAML; one group for the policy's targets and one for what was changed."""
    groups = [
        {
            "name": f"{service.job}-targets",
            "interval": f"{policy.metrics_interval_s:g}s",
            "rules": list(_target_rules(policy, service)),
        }
    ]
    changed = list(_change_rules(service))
    if changed:
        groups.append({"name": f"{service.job}-changes", "rules": changed})
    return yaml.safe_dump({"groups": groups}, sort_keys=False, width=1000, allow_unicode=True)


def unwatched(policy: Policy) -> tuple[PerformanceTarget, ...]:
    """The targets that no rule can watch: not understood, or about something a service doesn't export."""
    return tuple(
        t for t in policy.targets if t.threshold is None or _watch(t.threshold, "job", policy) is None
    )


def job_name(name: str) -> str:
    """A name as a Prometheus job label and rule name part: letters, digits, hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "service"


def _watch(threshold: Threshold, job: str, policy: Policy) -> Watch | None:
    where = f'{{job="{job}"}}'
    match threshold.metric:
        case "latency":
            rank = threshold.percentile or 0.99
            buckets = f"sum by (job, le) (rate(request_duration_seconds_bucket{where}[5m]))"
            return Watch(
                record=f"job:request_duration_seconds:p{rank * 100:g}".replace(".", "_"),
                expression=f"histogram_quantile({rank:g}, {buckets})",
            )
        case "duration":
            total, count = (
                f"rate(operation_duration_seconds_{part}{where}[5m])" for part in ("sum", "count")
            )
            return Watch(
                record="job_operation:operation_duration_seconds:mean",
                expression=f"sum by (job, operation) ({total}) / sum by (job, operation) ({count})",
            )
        case "memory":
            return Watch(record="job:process_resident_memory_bytes:max", expression=_resident(job))
        case "cpu":
            used = f"rate(process_cpu_seconds_total{where}[5m])"
            return Watch(
                record="job:process_cpu_usage:ratio",
                expression=f"max by (job) ({used} / on (job, instance) process_cpu_cores{where})",
            )
        case "leaks":
            return Watch(
                record=f"job:process_resident_memory_bytes:deriv{LEAK_WINDOW}",
                expression=f"max by (job) (deriv(process_resident_memory_bytes{where}[{LEAK_WINDOW}]))",
                lasting="1h",
            )
        case "goroutines":
            return Watch(record="job:go_goroutines:max", expression=f"max by (job) (go_goroutines{where})")
        case _:
            return None


def _operation_mean(job: str) -> str:
    """Mean seconds of each operation."""
    total, count = (
        f'sum by (job, operation) (rate(operation_duration_seconds_{part}{{job="{job}"}}[5m]))'
        for part in ("sum", "count")
    )
    return f"{total} / {count}"


def _resident(job: str) -> str:
    return f'max by (job) (process_resident_memory_bytes{{job="{job}"}})'


def _target_rules(policy: Policy, service: MonitoredService) -> Iterator[dict[str, object]]:
    recorded: set[str] = set()
    thresholds = [(t.text, t.threshold) for t in policy.targets if t.threshold is not None]
    limit = policy.excessive_goroutines
    job = service.job
    if service.language == "go" and not any(t.metric == "goroutines" for _, t in thresholds):
        excessive = Threshold(metric="goroutines", comparator="<=", value=float(limit), unit="count")
        thresholds.append((f"Not more than {limit} goroutines", excessive))
    for text, threshold in thresholds:
        watch = _watch(threshold, job, policy)
        if watch is None:
            continue
        if watch.record not in recorded:
            recorded.add(watch.record)
            yield {"record": watch.record, "expr": watch.expression}
        yield _alert(watch, text, threshold, job)


def _alert(watch: Watch, text: str, threshold: Threshold, job: str) -> dict[str, object]:
    operator = VIOLATED[threshold.comparator]
    value = threshold.value
    if threshold.metric == "leaks":
        operator, value = ">", 0.0
    expression = f'{watch.record}{{job="{job}"}} {operator} {value:g}'
    if threshold.metric == "leaks":
        grown = f'min_over_time(process_resident_memory_bytes{{job="{job}"}}[{LEAK_WINDOW}])'
        low = (
            f'min_over_time(process_resident_memory_bytes{{job="{job}"}}[{LEAK_WINDOW}] offset {LEAK_WINDOW})'
        )
        expression += f" and on (job) max by (job) ({grown} - {low}) > 0"
    return {
        "alert": _alert_name(threshold),
        "expr": expression,
        "for": watch.lasting,
        "labels": {"severity": SEVERITIES.get(threshold.metric, "warning")},
        "annotations": {"summary": f"{{{{ $labels.job }}}} misses its target: {text}"},
    }


def _alert_name(threshold: Threshold) -> str:
    name = "".join(part.capitalize() for part in threshold.metric.split("_"))
    return f"{name}TargetMissed"


def _change_rules(service: MonitoredService) -> Iterator[dict[str, object]]:
    """An alert for each improvement of the accepted combination: back to what it was before the change."""
    if service.verdict is None or not service.verdict.accepted:
        return
    best = max(
        (c for c in service.verdict.comparisons if c.unit == SECONDS_PER_OP and c.ratio_high < 1),
        key=lambda c: c.baseline_median,
        default=None,
    )
    if best is not None:
        record = "job_operation:operation_duration_seconds:mean"
        yield _regression(
            service, best, f'{record}{{job="{service.job}"}}', "OperationAsSlowAsBeforeTheChange"
        )
    memory = max(
        (c for c in service.verdict.comparisons if c.unit == PEAK_RSS_BYTES and c.ratio_high < 1),
        key=lambda c: c.baseline_median,
        default=None,
    )
    if memory is not None:
        yield _regression(service, memory, _resident(service.job), "MemoryAsHighAsBeforeTheChange")


def _regression(service: MonitoredService, found: Comparison, series: str, name: str) -> dict[str, object]:
    before = format_number(found.baseline_median, found.unit)
    return {
        "alert": name,
        "expr": f"{series} >= {found.baseline_median:.6g}",
        "for": "10m",
        "labels": {"severity": "warning"},
        "annotations": {
            "summary": f"{{{{ $labels.job }}}} is back at {before}, where {found.benchmark} was before the change",
            "description": f"Changed: {service.change}. Measured in {service.evidence}. "
            "The threshold is from the measuring host and workload; set it to your own once measured.",
        },
    }
