"""Scale: how the workload and its functions grow with the input's size, before and after what was accepted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from langgraph.runtime import Runtime

from agent.deps import Deps
from agent.evidence import Quantity, Reference
from agent.nodes.functions import scale_functions
from agent.nodes.stage import StageClock, stage
from agent.nodes.timing import Family, Side, families_of, sample_sizes
from agent.report import FamilyScaling, WorkloadGrowth
from agent.state import RunState
from tools.errors import Cancelled, ToolError
from tools.measure.scaling import Growth, SizeTimes, Untold, fit_growth
from tools.measure.workload import SECONDS_PER_OP


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fitted:
    """A family on one side: its growth as the report has it, and as it was fitted."""

    told: WorkloadGrowth
    fitted: Growth


def scale(state: RunState, runtime: Runtime[Deps]) -> dict[str, Any]:
    """Growth of each family of sizes; empty where the workload has no sizes or wasn't measured."""
    deps = runtime.context
    found: list[FamilyScaling] = []
    with stage(deps, "scale") as clock:
        if state.get("baseline") is not None:
            found = _scale(state, deps, clock)
    return {"scaling": found, "stages": clock.times}


def _scale(state: RunState, deps: Deps, clock: StageClock) -> list[FamilyScaling]:
    families = families_of(state["plan"].workload)
    if not families:
        return []
    try:
        times = sample_sizes(state, deps, families, clock)
    except Cancelled:
        raise
    except ToolError as error:
        deps.evidence.add(
            "missing", "growth with the input's size", "ask-profiler scaling", failure=str(error)
        )
        return []
    return [_family(state, deps, family, times, clock, leads=n == 0) for n, family in enumerate(families)]


def _family(
    state: RunState,
    deps: Deps,
    family: Family,
    times: Mapping[Side, Mapping[str, SizeTimes]],
    clock: StageClock,
    *,
    leads: bool,
) -> FamilyScaling:
    """One family; of the one that leads, which takes longest, its functions too."""
    before = _fit(state, deps, family, times["before"], "before")
    if isinstance(before, str):
        return FamilyScaling(family=family.name, sizes=family.sizes, before=None, after=None, why_not=before)
    after = _fit(state, deps, family, times["after"], "after") if times["after"] else None
    functions = scale_functions(state, deps, family, times, before.fitted, clock) if leads else None
    return FamilyScaling(
        family=family.name,
        sizes=before.fitted.sizes,
        before=before.told,
        after=after.told if isinstance(after, _Fitted) else None,
        why_not="",
        functions=functions.functions if functions else (),
        tomorrow=functions.tomorrow if functions else (),
        notes=functions.notes if functions else (),
    )


def _fit(
    state: RunState, deps: Deps, family: Family, times: Mapping[str, SizeTimes], side: Side
) -> _Fitted | str:
    """The family's growth on one side, kept as evidence; or why there is none."""
    measured = {b.name: times[b.name] for b in family.benchmarks if b.name in times}
    if not measured:
        return "no time was left to sample its sizes"
    found = fit_growth(list(measured.values()), seed=state["request"].seed)
    if isinstance(found, Untold):
        return found.why
    warnings = found.warnings
    if state["plan"].workload.kind != "benchmarks" and not found.told_constant and not warnings:
        warnings = ("the program's start is part of these times, so that the exponent may be too low",)
    quantities = [
        Quantity(
            name="exponent",
            value=found.exponent.estimate,
            unit="exponent",
            interval=(found.exponent.low, found.exponent.high),
        ),
        *(
            Quantity(name=f"{name}:{SECONDS_PER_OP}", value=t.median_s, unit=SECONDS_PER_OP)
            for name, t in measured.items()
        ),
    ]
    if found.told_constant:
        quantities.append(Quantity(name="constant", value=found.constant_s, unit=SECONDS_PER_OP))
    evidence = deps.evidence.add(
        "analysis",
        f"growth of {family.name}, {side}",
        "ask-profiler scaling",
        quantities=quantities,
        warnings=warnings,
    )
    told = WorkloadGrowth(
        exponent=Reference(evidence_id=evidence.id, name="exponent"),
        constant=Reference(evidence_id=evidence.id, name="constant") if found.constant_s > 0 else None,
        warnings=warnings,
    )
    return _Fitted(told=told, fitted=found)
