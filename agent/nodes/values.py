"""The gates that look into a change before it is measured: the guard reads it, and its functions are called."""

from __future__ import annotations

from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from agent.deps import Deps
from agent.evidence import Quantity
from agent.nodes.gates import Refused, tests_gate
from agent.report import plain, quoted
from agent.request import Plan
from tools.errors import Cancelled, ToolError
from tools.measure.equivalence import Difference, Equivalence
from tools.measure.guard import SUSPICION, GuardRule, Objection


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What looking into a change showed, when nothing spoke against it.

    `suspicions` ask for more proof of the gain. `unreached` are benchmarks that call nothing of what was changed.
    `checks` are sentences for the report.
    """

    evidence: tuple[str, ...]
    checks: tuple[str, ...]
    suspicions: tuple[Objection, ...] = ()
    unreached: tuple[str, ...] = ()

    @property
    def doubts(self) -> tuple[str, ...]:
        """What whoever takes the change should look at, for measuring can't settle it."""
        return tuple(
            f"{found.words}: see that real use repeats itself as the workload does, and that what is kept is "
            "bounded"
            if found.rule == "state that outlives a call"
            else found.words
            for found in self.suspicions
        )


def guard_gate(
    deps: Deps,
    plan: Plan,
    before: Path,
    after: Path,
    files: tuple[str, ...],
    label: str,
    *,
    told: Collection[GuardRule] = SUSPICION,
) -> Looked:
    """Read the change for tricks; what rules of `told` find is a warning and a suspicion.

    Raises: Refused with the first objection and how many more there are.
    """
    found = deps.verifier(plan).objections(before, after, files)
    hard = [o for o in found if o.rule not in told]
    evidence = deps.evidence.add(
        "guard",
        f"reading {label} for tricks",
        "ask-profiler guard",
        quantities=[Quantity(name="objections", value=float(len(hard)), unit="count")],
        warnings=[o.words for o in found if o.rule in told],
        failure="; ".join(o.words for o in hard[:5]) or None,
    )
    if hard:
        more = f" (and {len(hard) - 1} more)" if len(hard) > 1 else ""
        raise Refused(reason="gaming", detail=hard[0].words + more, evidence=(evidence.id,))
    return Looked(evidence=(evidence.id,), checks=(), suspicions=tuple(found))


def tests_and_values_gate(
    deps: Deps, plan: Plan, before: Path, after: Path, files: tuple[str, ...], label: str, seed: int
) -> Looked:
    """Run the target's tests and compare by value, both at once: neither is timed.

    Raises: Refused when tests fail or values differ, ToolError, Cancelled.
    """
    sides = deps.build(plan, before), deps.build(plan, after)
    with ThreadPoolExecutor(max_workers=1) as pool:
        comparing = pool.submit(deps.verifier(plan).compare_values, *sides, plan.workload, files, seed=seed)
        tests = tests_gate(deps, plan, after, label)
        try:
            found = comparing.result()
        except Cancelled:
            raise
        except ToolError as error:
            failed = deps.evidence.add(
                "values", f"calls of {label}", "ask-profiler values", failure=str(error)
            )
            words = "Compared by value: nothing; it could not be done on this host."
            looked = Looked(evidence=(tests, failed.id), checks=(words,))
        else:
            looked = _judge_values(deps, found, label, tests)
    races = _races_gate(deps, plan, before, after, label)
    return replace(
        looked, evidence=(*looked.evidence, *races.evidence), checks=(*looked.checks, *races.checks)
    )


def _races_gate(deps: Deps, plan: Plan, before: Path, after: Path, label: str) -> Looked:
    """Look for data races that the change brings. Raises: Refused, Cancelled."""
    races = deps.verifier(plan).races(before, after)
    if races.why_not:
        return Looked(evidence=(), checks=(f"Data races weren't looked for: {plain(races.why_not)}.",))
    if not races.looked:
        return Looked(evidence=(), checks=())
    evidence = deps.evidence.add(
        "tests",
        f"data races of {label}",
        "ask-profiler races",
        failure=f"data race: {races.found[0]}" if races.found else None,
    )
    if races.found:
        raise Refused(
            reason="tests fail",
            detail=f"it has a data race that wasn't there before: {races.found[0]}",
            evidence=(evidence.id,),
        )
    words = "The race detector saw nothing in tests and benchmarks."
    return Looked(evidence=(evidence.id,), checks=(words,))


def _judge_values(deps: Deps, found: Equivalence, label: str, tests: str) -> Looked:
    evidence = deps.evidence.add(
        "values",
        f"calls of {label}, old code against new",
        "ask-profiler values",
        duration_s=found.duration_s,
        quantities=[
            Quantity(name="functions", value=float(len(found.functions)), unit="count"),
            Quantity(name="recorded", value=float(sum(f.recorded for f in found.functions)), unit="count"),
            Quantity(name="generated", value=float(sum(f.generated for f in found.functions)), unit="count"),
        ],
        warnings=[
            *(f"{n.function} wasn't compared by value: {n.why}" for n in found.not_compared),
            *found.warnings,
        ],
        failure="; ".join(_difference_words(d) for d in found.differences[:5]) or None,
    )
    if found.differences:
        first = found.differences[0]
        more = f" (and {len(found.differences) - 1} more)" if len(found.differences) > 1 else ""
        raise Refused(
            reason="results differ", detail=_difference_words(first) + more, evidence=(tests, evidence.id)
        )
    return Looked(
        evidence=(tests, evidence.id),
        checks=tuple(value_sentences(found, evidence.id)),
        unreached=tuple(name for name, reached in found.reached.items() if not reached),
    )


def _difference_words(found: Difference) -> str:
    return f"{found.function}({found.call}): {found.what} was {found.before}, is {found.after}"


def value_sentences(found: Equivalence, evidence_id: str) -> list[str]:
    """What was compared and what wasn't, with references for numbers."""
    names = ", ".join(quoted(f.name) for f in found.functions)
    sentences = [
        f"Compared by value: {names} on {{{evidence_id}.recorded}} recorded and {{{evidence_id}.generated}} generated "
        "calls; no difference."
        if found.functions
        else "Compared by value: nothing; correctness rests on the target's tests and output."
    ]
    sentences += [f"Not compared by value: {quoted(n.function)}, {plain(n.why)}." for n in found.not_compared]
    return sentences
