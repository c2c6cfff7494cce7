"""Putting the report together: resources, targets, checklist and warnings, from state and evidence."""

from __future__ import annotations

from collections.abc import Iterable

from agent.checklist import Facts, decide, judge_targets
from agent.deps import Deps
from agent.evidence import EvidenceIndex, Reference
from agent.nodes.answer import (
    detectable,
    given_summary,
    outcome_of,
    outcome_of_given,
    summary,
    why_unanswerable,
)
from agent.nodes.harness import written_tests
from agent.nodes.model_use import model_use
from agent.rendering.terminal import plain as printable
from agent.report import (
    MODEL_USE,
    Graph,
    Outcome,
    Report,
    ResourceRow,
    StageTime,
)
from agent.request import Missing
from agent.state import Baseline, Combined, RunState
from tools.measure.workload import (
    ALLOCATIONS_PER_OP,
    BYTES_PER_OP,
    CPU_SECONDS_PER_OP,
    PEAK_RSS_BYTES,
    SECONDS_PER_OP,
    Benchmark,
)

_RESOURCES = (
    (SECONDS_PER_OP, "time"),
    (CPU_SECONDS_PER_OP, "CPU time"),
    (PEAK_RSS_BYTES, "peak memory"),
    (BYTES_PER_OP, "bytes allocated"),
    (ALLOCATIONS_PER_OP, "allocations"),
)
COST_NOTE = "the cost is "
"""How the note begins that stands with the table of what models cost, and is no doubt about the answer."""


def assemble(
    state: RunState,
    deps: Deps,
    *,
    graphs: tuple[Graph, ...],
    monitoring: tuple[str, ...],
    concluding: Iterable[StageTime],
) -> Report:
    """The report of a run that has come to its end."""
    plan, found, combined = state["plan"], state.get("baseline"), state.get("combined")
    judged = tuple(state.get("judged", []))
    policy = deps.definition.policy
    stopped = state.get("stopped", "")
    change = state["request"].change
    judging = change is None and plan.kind == "project"
    if plan.kind != "project":
        outcome: Outcome = "observed"
    elif change is None:
        stopped = stopped or why_unanswerable(state, judged)
        outcome = outcome_of(
            stopped,
            judged,
            combined,
            policy.minimum_gain_ratio,
            found.primary if found else (),
            is_found=bool(state.get("bottlenecks")),
        )
    else:
        outcome = outcome_of_given(stopped, combined)
    evidence = deps.evidence.index
    facts = Facts(
        plan=plan,
        evidence=evidence.items,
        searched="bottlenecks" in state,
        bottlenecks=state.get("bottlenecks", []),
        wanted_bottlenecks=policy.bottlenecks,
        judged=judged,
        combined=combined.verdict if combined else None,
        combined_evidence=combined.evidence if combined else (),
        monitoring=monitoring,
    )
    kept = judging and combined is not None and combined.verdict.accepted
    return Report(
        run_id=deps.folder.id,
        created=deps.created,
        question=printable(state["request"].question),
        agent_name=deps.definition.name,
        agent_version=deps.definition.version,
        analyst=deps.analyst.name,
        analyst_note=deps.analyst.note,
        plan=plan,
        host=_host(evidence),
        outcome=outcome,
        summary=(
            summary(outcome, stopped, state, found, judged)
            if change is None
            else given_summary(stopped, combined)
        ),
        bottlenecks=tuple(state.get("bottlenecks", [])),
        findings=tuple(state.get("findings", [])),
        candidates=judged,
        combined=combined.verdict if combined else None,
        combined_evidence=combined.evidence if combined else (),
        combined_checks=combined.checks if combined else (),
        smallest_detectable_gain=detectable(found),
        resources=_resources(plan.workload.benchmarks, evidence, combined, found),
        targets=judge_targets(policy, facts) if judging else (),
        checklist=decide(policy, facts) if judging else (),
        unmeasured=_unmeasured(state, deps),
        warnings=_warnings(state, deps, evidence),
        graphs=graphs,
        profiles=tuple(r.profile for r in [*state.get("captures", []), *state.get("captures_after", [])]),
        patch="optimization.patch" if kept else None,
        optimized_files=combined.files if kept and combined else (),
        monitoring=monitoring,
        evidence=evidence.items,
        stages=(*state.get("stages", []), *concluding),
        scaling=tuple(state.get("scaling", [])),
        model_use=model_use(evidence),
    )


def _host(evidence: EvidenceIndex) -> str:
    return next((e.title for e in evidence.items if e.kind == "host"), "unknown")


def _resources(
    benchmarks: tuple[Benchmark, ...],
    evidence: EvidenceIndex,
    combined: Combined | None,
    found: Baseline | None,
) -> tuple[ResourceRow, ...]:
    """Of each decisive benchmark what it uses, before and after where both were measured."""
    if found is None:
        return ()
    measured = [e for e in evidence.items if combined and e.id in combined.evidence and e.kind == "pairs"]
    rows = []
    for benchmark in _largest_first(benchmarks)[:3]:
        for unit, label in _RESOURCES:
            key = f"{benchmark.name}:{unit}"
            before = after = None
            if measured:
                names = {q.name for q in measured[0].quantities}
                if f"{key}:before" in names:
                    before = Reference(evidence_id=measured[0].id, name=f"{key}:before")
                    after = Reference(evidence_id=measured[0].id, name=f"{key}:after")
            elif any(q.name == key for q in evidence.get(found.calibration_evidence).quantities):
                before = Reference(evidence_id=found.calibration_evidence, name=key)
            if before is not None:
                rows.append(ResourceRow(label=f"{benchmark.name}: {label}", before=before, after=after))
    return tuple(rows)


def _largest_first(benchmarks: tuple[Benchmark, ...]) -> list[Benchmark]:
    """The largest size of each family, in order."""
    families: dict[str, Benchmark] = {}
    for benchmark in benchmarks:
        family = benchmark.name.rpartition("/")[0] if benchmark.size is not None else benchmark.name
        old = families.get(family)
        if old is None or (benchmark.size or 0) > (old.size or 0):
            families[family] = benchmark
    return list(families.values())


def _unmeasured(state: RunState, deps: Deps) -> tuple[Missing, ...]:
    found = list(state.get("unmeasured", []))
    if state.get("stopped"):
        found.append(
            Missing(
                what="the workload",
                leaves_unmeasured="everything: nothing was profiled or changed",
                remedy="make the target build and pass its tests, or give another workload with --bench or --cmd",
            )
        )
    return tuple(found)


def _warnings(state: RunState, deps: Deps, evidence: EvidenceIndex) -> tuple[str, ...]:
    change = state["request"].change
    found = [*(change.notes if change else ()), *([deps.sandbox_note] if deps.sandbox_note else [])]
    found += [w for e in evidence.items if e.kind in ("host", "calibration", "pairs") for w in e.warnings]
    found += [
        w
        for e in evidence.items
        if e.title.startswith(MODEL_USE)
        for w in e.warnings
        if not w.startswith(COST_NOTE)
    ]
    found += [
        f"{name} was written by the agent, passed on the code as it was, and is frozen since; it lies in written/"
        for name in written_tests(evidence.items)
    ]
    combined = state.get("combined")
    found += combined.verdict.warnings if combined is not None else ()
    found += [w for judged in state.get("judged", []) if change for w in judged.verdict.warnings]
    tests = [e for e in evidence.items if e.kind == "tests" and not e.failure]
    if tests and all(q.value == 0 for e in tests for q in e.quantities if q.name == "ran"):
        found.append("the target has no tests of its own: correctness rests on its output alone")
    return tuple(dict.fromkeys(found))
