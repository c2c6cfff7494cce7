"""Counts before and after: second signals that don't depend on the host's mood."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from agent.deps import Deps
from agent.evidence import Quantity
from agent.nodes.scrutiny import Claim
from agent.nodes.stage import StageClock
from agent.report import plain, quoted
from agent.request import Plan
from agent.state import Baseline
from tools.errors import Cancelled, ToolError
from tools.measure.counting import REAL_DIFFERENCE, SLOWDOWN, Counts, CountUnit
from tools.measure.workload import Benchmark, family_of

NAMES: Mapping[CountUnit, str] = {
    "instructions/op": "instructions",
    "allocs/op": "allocations",
    "peak-heap-B": "peak of allocated memory",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What counting showed; empty where it wasn't done."""

    evidence: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def count_both(deps: Deps, plan: Plan, found: Baseline, claim: Claim, clock: StageClock) -> Counted:
    """Count both sides at once on the gain's benchmark, or on the largest of its sizes that the time allows.

    Counts don't mind company, so both run at the same time. Where it can't be done the report says so.
    """
    benchmark = _affordable(deps, plan, found, claim)
    clock.say(f"counting instructions of {benchmark.name}")
    verifier = deps.verifier(plan)
    try:
        with ThreadPoolExecutor(max_workers=2) as pool:
            sides = [
                pool.submit(
                    verifier.counts, deps.build(plan, root), benchmark, found.iterations[benchmark.name]
                )
                for root in (claim.before, claim.after)
            ]
            before, after = [side.result() for side in sides]
    except Cancelled:
        raise
    except ToolError as error:
        failed = deps.evidence.add(
            "counts", f"counts of {benchmark.name}", "ask-profiler counts", failure=str(error)
        )
        return Counted(evidence=(failed.id,), checks=("Instructions couldn't be counted here.",))
    return _compared(deps, benchmark, before, after)


def _compared(deps: Deps, benchmark: Benchmark, before: Counts, after: Counts) -> Counted:
    why_not = {**before.why_not, **after.why_not}
    not_counted = tuple(f"Not counted: {NAMES[unit]}, {plain(why)}." for unit, why in sorted(why_not.items()))
    units = [unit for unit in NAMES if unit in before.values and unit in after.values]
    if not units:
        return Counted(checks=not_counted)
    quantities: list[Quantity] = []
    against: list[str] = []
    for unit in units:
        old, new = before.values[unit], after.values[unit]
        quantities += [
            Quantity(name=f"{unit}:before", value=old, unit=unit),
            Quantity(name=f"{unit}:after", value=new, unit=unit),
        ]
        if old > 0:
            quantities.append(Quantity(name=f"{unit}:ratio", value=new / old, unit="ratio"))
        if new > old * (1 + REAL_DIFFERENCE):
            against.append(
                f"a second signal doesn't agree: {NAMES[unit]} of {benchmark.name} {_change(old, new)}"
            )
    evidence = deps.evidence.add(
        "counts", f"counts of one operation of {benchmark.name}", "ask-profiler counts", quantities=quantities
    )
    words = [
        f"{NAMES[unit]} {{{evidence.id}.{unit}:before}} before, {{{evidence.id}.{unit}:after}} after"
        for unit in units
    ]
    counted = f"Counts of {quoted(benchmark.name)}: {'; '.join(words)}."
    return Counted(evidence=(evidence.id,), checks=(counted, *not_counted), warnings=tuple(against))


def _change(old: float, new: float) -> str:
    return f"{new / old - 1:+.1%}" if old > 0 else f"were 0 and are {new:g}"


def _affordable(deps: Deps, plan: Plan, found: Baseline, claim: Claim) -> Benchmark:
    """The gain's own benchmark, or the largest of its family whose instructions can be counted within the time.

    Where there is none it is its own: what else can be counted is counted, and the rest says why it isn't.
    """
    limit_s = deps.settings.verify.counting_s
    gained = next(b for b in plan.workload.benchmarks if b.name == claim.gain.benchmark)
    family = [b for b in plan.workload.benchmarks if family_of(b) == family_of(gained)]
    quick = [b for b in family if found.first_s.get(b.name, limit_s) * SLOWDOWN <= limit_s]
    return gained if gained in quick else max(quick, key=lambda b: b.size or 0, default=gained)
