"""Putting the report together: outcome, summary, resources, targets, checklist, from state and evidence."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from agent.checklist import Facts, decide, judge_targets
from agent.deps import Deps
from agent.evidence import EvidenceIndex, Reference
from agent.nodes.growth_asked import growth_asked
from agent.nodes.harness import written_tests
from agent.nodes.model_use import model_use
from agent.rendering.terminal import plain as printable
from agent.report import (
    MODEL_USE,
    WHERE,
    Graph,
    JudgedCandidate,
    Outcome,
    Report,
    ResourceRow,
    StageTime,
    plain,
    quoted,
)
from agent.request import VIEW_NAMES, Missing
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
_ABOUT_GAIN = frozenset({"no detectable gain", "gain below the policy"})


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
        stopped = stopped or _unseen(state, judged)
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
            _summary(outcome, stopped, state, found, judged)
            if change is None
            else given_summary(stopped, combined)
        ),
        bottlenecks=tuple(state.get("bottlenecks", [])),
        findings=tuple(state.get("findings", [])),
        candidates=judged,
        combined=combined.verdict if combined else None,
        combined_evidence=combined.evidence if combined else (),
        combined_checks=combined.checks if combined else (),
        smallest_detectable_gain=_detectable(found),
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


def outcome_of_given(stopped: str, combined: Combined | None) -> Outcome:
    """What became of a change that someone else wrote."""
    if stopped or combined is None:
        return "not measured"
    return "accepted" if combined.verdict.accepted else "rejected"


def given_summary(stopped: str, combined: Combined | None) -> str:
    """The verdict on a given change in one sentence, as it was said: it may hold a program's own words."""
    if stopped or combined is None:
        return f"Nothing was measured: {stopped}."
    return combined.verdict.detail


def _unseen(state: RunState, judged: tuple[JudgedCandidate, ...]) -> str:
    """Why the question can't be answered from what was captured; "" when it can."""
    captured = {r.view for r in state.get("captures", [])}
    if not captured:
        return "no profile could be captured"
    asked = state["plan"].focus[0]
    if asked not in captured and not any(j.verdict.accepted for j in judged):
        return f"the question is about {VIEW_NAMES[asked]}, and no profile of that could be captured"
    return ""


def outcome_of(
    stopped: str,
    judged: tuple[JudgedCandidate, ...],
    combined: Combined | None,
    minimum_gain: float,
    primary: Collection[str],
    *,
    is_found: bool,
) -> Outcome:
    """The answer in one word; `primary` are the benchmarks that decide, `is_found` says that bottlenecks are named.

    "nothing worth changing" only when nothing but the gain spoke against candidates, and every interval excludes a
    gain that would have been worth it; "cannot tell" when one doesn't. Where bottlenecks are named and nothing was
    tried, there may well be something: "no change to offer".
    """
    if stopped:
        return "not measured"
    if any(j.verdict.accepted for j in judged):
        return "improved" if combined is not None and combined.verdict.accepted else "not improved"
    if is_found and not judged:
        return "no change to offer"
    if all(j.verdict.reason in _ABOUT_GAIN for j in judged):
        undecided = any(_may_be_worth_it(j, minimum_gain, primary) for j in judged)
        return "cannot tell" if undecided else "nothing worth changing"
    return "not improved"


def _may_be_worth_it(judged: JudgedCandidate, minimum_gain: float, primary: Collection[str]) -> bool:
    """Whether a rejected candidate's interval leaves room for a gain that the policy asks for."""
    times = [c for c in judged.verdict.comparisons if c.unit == SECONDS_PER_OP and c.benchmark in primary]
    return any(c.ratio_low < 1 - minimum_gain and c.ratio < 1 for c in times)


def _host(evidence: EvidenceIndex) -> str:
    return next((e.title for e in evidence.items if e.kind == "host"), "unknown")


def _detectable(found: Baseline | None) -> Reference | None:
    if found is None:
        return None
    return Reference(evidence_id=found.calibration_evidence, name="smallest_detectable_gain")


def _summary(
    outcome: Outcome,
    stopped: str,
    state: RunState,
    found: Baseline | None,
    judged: tuple[JudgedCandidate, ...],
) -> str:
    """The answer as prose; where it is asked whether something leaks or grows, what was found about that goes first."""
    if outcome == "not measured":
        return f"Nothing was measured: {stopped}."
    asked = growth_asked(state["request"].question, state.get("findings", []))
    if outcome == "observed" and not state.get("bottlenecks") and asked:
        return asked
    told = _told(outcome, state, found, judged)
    return f"{asked} {told}" if asked else told


def _told(
    outcome: Outcome, state: RunState, found: Baseline | None, judged: tuple[JudgedCandidate, ...]
) -> str:
    bottlenecks = state.get("bottlenecks", [])
    findings = state.get("findings", [])
    if outcome == "observed" and not bottlenecks and findings:
        return f"{plain(findings[0].title)}. {findings[0].text}"
    named = f"{WHERE}{_named(state)}." if bottlenecks else "No own code of the target stands out."
    if outcome in ("improved", "observed"):
        return named
    limit = f"; the smallest gain that could be told here is {{{_detectable(found)}}}" if found else ""
    if outcome == "no change to offer":
        return f"No change is offered for what costs here{limit}. {named}"
    if outcome == "nothing worth changing":
        tried = f": {_count(len(judged), 'candidate')} judged and none kept" if judged else ""
        return f"Nothing worth changing was found{tried}{limit}. {named}"
    if outcome == "cannot tell":
        tried = _count(len(judged), "candidate")
        return f"This host can't tell whether anything is worth changing: {tried} judged{limit}. {named}"
    reasons = sorted({str(j.verdict.reason) for j in judged if j.verdict.reason})
    combined = state.get("combined")
    if combined is not None and not combined.verdict.accepted:
        reasons = [f"together: {combined.verdict.reason}"]
    return f"No change was kept ({', '.join(reasons)}){limit}. {named}"


def _count(number: int, noun: str) -> str:
    words = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
    return f"{words[number] if number < len(words) else 'many'} {noun}{'' if number == 1 else 's'}"


def _named(state: RunState) -> str:
    return "; ".join(
        f"{quoted(b.function)} with {{{b.share}}} of {VIEW_NAMES[b.view]}"
        for b in state.get("bottlenecks", [])
    )


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
