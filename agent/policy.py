"""The typed policy that an agent definition's sections become: triggers, priorities, targets, checklist."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["CRITICAL", "HIGH", "MEDIUM", "LOW"]
Metric = Literal["latency", "duration", "memory", "cpu", "concurrent_users", "leaks", "goroutines", "other"]
Comparator = Literal["<", "<=", ">", ">=", "=="]
Decider = Literal[
    "cpu_profiled",
    "memory_profiled",
    "goroutines_profiled",
    "top_bottlenecks_identified",
    "optimisations_implemented",
    "improvements_benchmarked",
    "no_regressions_verified",
    "changes_documented",
    "monitoring_updated",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """`metric comparator value unit`, in base units (s, B, ratio 0-1, count).

    `percentile` is 0-1 (0.99 for p99) or None; `per_records` is the input size it is said for.
    """

    metric: Metric
    comparator: Comparator
    value: float
    unit: str
    percentile: float | None = None
    per_records: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """When to profile: the definition's words, and the threshold in them where there is one."""

    text: str
    threshold: Threshold | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Priority:
    """A kind of problem and how much it matters."""

    severity: Severity
    subject: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PerformanceTarget:
    """A performance target: the definition's words and the threshold understood, None if not understood."""

    text: str
    threshold: Threshold | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChecklistItem:
    """One `- [ ]` line. `deciders` are the code checks that must all hold; empty: not decidable here."""

    text: str
    deciders: tuple[Decider, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What the definition asks for, typed; every figure in base units."""

    triggers: tuple[Trigger, ...] = ()
    priorities: tuple[Priority, ...] = ()
    targets: tuple[PerformanceTarget, ...] = ()
    checklist: tuple[ChecklistItem, ...] = ()
    minimum_gain_ratio: float = 0.10
    benchmark_sizes: tuple[int, ...] = (100, 1000, 10_000, 100_000)
    metrics_interval_s: float = 10.0
    excessive_goroutines: int = 10_000
    slow_operation_s: float = 0.1
    bottlenecks: int = 3
