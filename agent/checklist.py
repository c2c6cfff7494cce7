"""The definition's checklist and performance targets, decided by code from evidence, never by say-so."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from agent.evidence import Evidence, Reference
from agent.policy import Comparator, Decider, PerformanceTarget, Policy, Threshold
from agent.report import Bottleneck, ChecklistResult, JudgedCandidate, TargetResult
from agent.request import Plan
from tools.measure.verdict import Verdict
from tools.measure.workload import PEAK_RSS_BYTES, SECONDS_PER_OP


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a run has to show for itself. `searched` says that bottlenecks were looked for."""

    plan: Plan
    evidence: Sequence[Evidence]
    searched: bool
    bottlenecks: Sequence[Bottleneck]
    wanted_bottlenecks: int
    judged: Sequence[JudgedCandidate]
    combined: Verdict | None
    combined_evidence: Sequence[str]
    monitoring: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Decision:
    done: bool
    why: str
    evidence: tuple[str, ...] = ()


def decide(policy: Policy, facts: Facts) -> tuple[ChecklistResult, ...]:
    """Every checklist item: done, not done, or not decidable here; with the evidence that decides it."""
    results = []
    for item in policy.checklist:
        if not item.deciders:
            results.append(
                ChecklistResult(
                    item=item,
                    status="not decidable by this program",
                    why="nothing that this program measures can decide it; a person must",
                )
            )
            continue
        decisions = [_DECIDERS[name](facts) for name in item.deciders]
        open_ones = [d for d in decisions if not d.done]
        why = "; ".join(d.why for d in (open_ones or decisions))
        evidence = tuple(dict.fromkeys(e for d in decisions for e in d.evidence))
        status = "not done" if open_ones else "done"
        results.append(ChecklistResult(item=item, status=status, why=why, evidence=evidence))  # type: ignore[arg-type]
    return tuple(results)


def _profiled(view: str) -> Callable[[Facts], _Decision]:
    def decide_view(facts: Facts) -> _Decision:
        if view == "goroutines" and facts.plan.language != "go":
            return _Decision(done=True, why=f"goroutines don't exist in {facts.plan.language.capitalize()}")
        found = [
            e.id
            for e in facts.evidence
            if e.kind == "capture" and e.title == f"{view} profile, before" and not e.failure
        ]
        name = {"cpu": "CPU"}.get(view, view)
        if found:
            return _Decision(done=True, why=f"{name} profiled", evidence=tuple(found))
        return _Decision(done=False, why=f"no {name} profile was captured")

    return decide_view


def _bottlenecks_identified(facts: Facts) -> _Decision:
    evidence = tuple(dict.fromkeys(e for b in facts.bottlenecks for e in b.evidence))
    count = len(facts.bottlenecks)
    if not facts.searched:
        return _Decision(done=False, why="bottlenecks were not looked for")
    if count >= facts.wanted_bottlenecks:
        return _Decision(done=True, why=f"{count} named", evidence=evidence)
    ranking = tuple(e.id for e in facts.evidence if e.kind == "analysis" and e.title == "ranking")
    words = f"only {count} stand out" if count else "nothing stands out"
    return _Decision(done=True, why=f"{words} in the target's own code", evidence=evidence or ranking)


def _implemented(facts: Facts) -> _Decision:
    accepted = [j for j in facts.judged if j.verdict.accepted]
    if accepted and (facts.combined is None or not facts.combined.accepted):
        reason = facts.combined.reason if facts.combined else "not measured"
        return _Decision(done=False, why=f"what was accepted alone is not kept together: {reason}")
    if accepted:
        evidence = tuple(e for j in accepted for e in j.evidence)
        return _Decision(
            done=True,
            why=f"{len(accepted)} accepted: {', '.join(j.candidate.id for j in accepted)}",
            evidence=evidence,
        )
    return _Decision(done=False, why=f"none of {len(facts.judged)} candidates was accepted")


def _benchmarked(facts: Facts) -> _Decision:
    if facts.combined is not None and facts.combined.comparisons:
        return _Decision(
            done=True, why="the combination was measured in pairs", evidence=tuple(facts.combined_evidence)
        )
    return _Decision(done=False, why="there is no improvement to benchmark")


def _no_regressions(facts: Facts) -> _Decision:
    accepted = [j for j in facts.judged if j.verdict.accepted]
    if not accepted:
        return _Decision(done=True, why="nothing was changed")
    if facts.combined is None or not facts.combined.comparisons:
        return _Decision(done=False, why="the combination was not measured")
    if facts.combined.reason == "slower elsewhere":
        return _Decision(done=False, why=facts.combined.detail, evidence=tuple(facts.combined_evidence))
    tests = _passing_tests(facts)
    if tests is None:
        return _Decision(
            done=False,
            why="the target has no tests, so only its benchmarks were compared",
            evidence=tuple(facts.combined_evidence),
        )
    return _Decision(
        done=True,
        why="the target's tests pass and no benchmark got worse",
        evidence=(tests, *facts.combined_evidence),
    )


def _passing_tests(facts: Facts) -> str | None:
    """The last test run of an accepted candidate, if any test ran in it."""
    accepted = {e for j in facts.judged if j.verdict.accepted for e in j.evidence}
    ran = [
        e
        for e in facts.evidence
        if e.kind == "tests"
        and e.id in accepted
        and not e.failure
        and any(q.name == "ran" and q.value for q in e.quantities)
    ]
    return ran[-1].id if ran else None


def _documented(facts: Facts) -> _Decision:
    accepted = [j for j in facts.judged if j.verdict.accepted]
    if not accepted:
        return _Decision(done=True, why="nothing was changed")
    if all(j.candidate.rationale.strip() for j in accepted):
        return _Decision(done=True, why="each change has its reason, risk and diff in the report")
    return _Decision(done=False, why="a change has no rationale")


def _monitored(facts: Facts) -> _Decision:
    if facts.monitoring:
        return _Decision(done=True, why=f"proposed in {len(facts.monitoring)} files under monitoring/")
    return _Decision(done=False, why="no monitoring was proposed")


_DECIDERS: dict[Decider, Callable[[Facts], _Decision]] = {
    "cpu_profiled": _profiled("cpu"),
    "memory_profiled": _profiled("memory"),
    "goroutines_profiled": _profiled("goroutines"),
    "top_bottlenecks_identified": _bottlenecks_identified,
    "optimisations_implemented": _implemented,
    "improvements_benchmarked": _benchmarked,
    "no_regressions_verified": _no_regressions,
    "changes_documented": _documented,
    "monitoring_updated": _monitored,
}


def judge_targets(policy: Policy, facts: Facts) -> tuple[TargetResult, ...]:
    """The policy's performance targets against the final state, as far as this workload can measure them."""
    return tuple(_judge_target(target, facts) for target in policy.targets)


def _judge_target(target: PerformanceTarget, facts: Facts) -> TargetResult:
    threshold = target.threshold
    if threshold is None:
        return TargetResult(target=target, status="not measurable", why="its limit was not understood")
    if threshold.metric == "duration" and threshold.per_records is not None:
        return _duration_target(target, threshold, facts)
    if threshold.metric == "memory":
        return _memory_target(target, threshold, facts)
    if threshold.metric == "goroutines":
        return _goroutine_target(target, threshold, facts)
    return TargetResult(
        target=target, status="not measurable", why=_WHY_NOT.get(threshold.metric, _WHY_OTHER)
    )


_WHY_OTHER = "this workload doesn't measure it"
_WHY_NOT = {
    "latency": "the workload sends no requests, so there are no response times to take a percentile of",
    "cpu": "a benchmark uses all the CPU it gets; use at peak needs a live service under its own load",
    "concurrent_users": "the workload has no concurrent users",
    "leaks": "leaks show over hours of a live process, not in a benchmark",
    "duration": "it names no input size that could be compared",
}


def _duration_target(target: PerformanceTarget, threshold: Threshold, facts: Facts) -> TargetResult:
    sizes = {b.name: b.size for b in facts.plan.workload.benchmarks}
    found = [name for name, size in sizes.items() if size == threshold.per_records]
    if not found:
        return TargetResult(
            target=target,
            status="not measurable",
            why=f"no benchmark has the input size {threshold.per_records:,}",
        )
    for name in found:
        reference = _final(facts, f"{name}:{SECONDS_PER_OP}")
        if reference is not None:
            return _compared(target, threshold, reference, facts, f"time per operation of {name}")
    return TargetResult(target=target, status="not measurable", why=f"{found[0]} was not measured")


def _memory_target(target: PerformanceTarget, threshold: Threshold, facts: Facts) -> TargetResult:
    sized = sorted(facts.plan.workload.benchmarks, key=lambda b: -(b.size or 0))
    for benchmark in sized:
        reference = _final(facts, f"{benchmark.name}:{PEAK_RSS_BYTES}")
        if reference is not None:
            return _compared(target, threshold, reference, facts, f"peak resident memory of {benchmark.name}")
    return TargetResult(target=target, status="not measurable", why="peak memory was not measured")


def _goroutine_target(target: PerformanceTarget, threshold: Threshold, facts: Facts) -> TargetResult:
    for item in facts.evidence:
        if any(q.name == "peak_goroutines" for q in item.quantities):
            return _compared(
                target,
                threshold,
                Reference(evidence_id=item.id, name="peak_goroutines"),
                facts,
                "goroutines at their peak",
            )
    return TargetResult(target=target, status="not measurable", why="goroutines were not profiled")


def _final(facts: Facts, name: str) -> Reference | None:
    """The last word on a quantity: after the accepted changes where they were measured, else the baseline's."""
    accepted = facts.combined is not None and facts.combined.accepted
    for item in reversed(facts.evidence):
        names = {q.name for q in item.quantities}
        if accepted and item.id in facts.combined_evidence and f"{name}:after" in names:
            return Reference(evidence_id=item.id, name=f"{name}:after")
    for item in facts.evidence:
        names = {q.name for q in item.quantities}
        if item.kind == "calibration" and name in names:
            return Reference(evidence_id=item.id, name=name)
    return None


def _compared(
    target: PerformanceTarget, threshold: Threshold, measured: Reference, facts: Facts, what: str
) -> TargetResult:
    item = next(e for e in facts.evidence if e.id == measured.evidence_id)
    value = item.quantity(measured.name).value
    met = _HOLDS[threshold.comparator](value, threshold.value)
    return TargetResult(target=target, status="met" if met else "not met", why=what, measured=measured)


_HOLDS: dict[Comparator, Callable[[float, float], bool]] = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "==": lambda a, b: a == b,
}
