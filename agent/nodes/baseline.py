"""Baseline: the target as found must build, pass its tests and run; then the host is calibrated on it."""

from __future__ import annotations

from typing import Any

from langgraph.runtime import Runtime

from agent.deps import Deps
from agent.evidence import Quantity
from agent.nodes.gates import Refused, build_gate, tests_gate
from agent.nodes.stage import StageClock, stage
from agent.request import Plan
from agent.settings import MeasureSettings
from agent.state import Baseline, RunState
from tools.errors import Cancelled, ToolError
from tools.measure.calibration import calibrate, choose_iterations, choose_pairs, smallest_detectable_gain
from tools.measure.hostlock import measuring_alone
from tools.measure.pairs import PairPlan
from tools.measure.planned import final_aim
from tools.measure.statistics import DECISION_LEVEL
from tools.measure.workload import (
    ALLOCATIONS_PER_OP,
    BYTES_PER_OP,
    CPU_SECONDS_PER_OP,
    PROCESS_CPU_SECONDS,
    SECONDS_PER_OP,
    Benchmark,
    Sample,
    family_of,
)
from tools.system.host import host_facts

UNSHOWN_UNITS = frozenset({ALLOCATIONS_PER_OP, BYTES_PER_OP, CPU_SECONDS_PER_OP, PROCESS_CPU_SECONDS})
"""What one process says little about, and profiles and pairs say more."""


def baseline(state: RunState, runtime: Runtime[Deps]) -> dict[str, Any]:
    """Build, test, run and calibrate; `stopped` says why when one of them fails, and nothing is optimised."""
    deps, plan = runtime.context, state["plan"]
    found: Baseline | None = None
    stopped = ""
    with stage(deps, "baseline") as clock:
        try:
            found = _measure_baseline(deps, plan, state["request"].seed, clock)
        except Cancelled:
            raise
        except Refused as refused:
            stopped = f"the target as it stands {_AS_IT_STANDS.get(refused.reason, refused.reason)}: {refused.detail}"
        except ToolError as error:
            stopped = f"the workload can't be measured as it stands: {error}"
            deps.evidence.add("missing", "workload", plan.toolchain, failure=str(error))
    return {"baseline": found, "stopped": stopped, "stages": clock.times}


_AS_IT_STANDS = {"does not build": "doesn't build", "tests fail": "fails its own tests"}


def _measure_baseline(deps: Deps, plan: Plan, seed: int, clock: StageClock) -> Baseline:
    root = deps.workspace.baseline
    facts = host_facts()
    deps.evidence.add("host", facts.text, "ask-profiler host facts")
    clock.say("building")
    build_gate(deps, plan, root, "the baseline")
    clock.say("running the target's own tests")
    tests_gate(deps, plan, root, "the baseline")
    settings = deps.settings.measure
    sample = deps.toolchain(plan).sample
    build = deps.build(plan, root)
    with measuring_alone(on_wait=clock.say, is_cancelled=deps.runner.is_cancelled):
        clock.say(f"first run of {len(plan.workload.benchmarks)} benchmarks")
        iterations, first = choose_iterations(sample, build, plan.workload.benchmarks, settings.process_s)
        primary, controls = choose_benchmarks(
            plan.workload.benchmarks, first, _process_limit_s(plan, settings)
        )
        clock.say("calibrating the host: the baseline against itself")
        measured = [b for b in plan.workload.benchmarks if b.name in primary]
        calibration = calibrate(
            sample, build, measured, iterations, PairPlan(pairs=settings.calibration_pairs, seed=seed)
        )
    noise = calibration.worst_noise
    comparisons = len(primary) + len(controls)
    pairs = choose_pairs(
        noise,
        deps.definition.policy.minimum_gain_ratio,
        comparisons,
        low=settings.pairs_min,
        high=settings.pairs_max,
    )
    last = len(plan.workload.benchmarks)
    first_s = {name: sample.duration_s for name, sample in first.items()}
    final_pairs = final_aim(
        noise,
        deps.definition.policy.minimum_gain_ratio,
        last,
        low=pairs,
        most=settings.pairs_max,
        process_s=first_s.values(),
        final_s=settings.final_s,
    ).planned
    detectable = smallest_detectable_gain(noise, final_pairs, last, level=DECISION_LEVEL)
    evidence = deps.evidence.add(
        "calibration",
        "the baseline against itself",
        "ask-profiler pairs",
        tool_version=plan.toolchain,
        quantities=[
            Quantity(name="noise", value=noise, unit="ratio"),
            Quantity(name="pairs", value=float(pairs), unit="count"),
            Quantity(name="final_pairs", value=float(final_pairs), unit="count"),
            Quantity(name="smallest_detectable_gain", value=detectable, unit="ratio"),
            *_first_times(first),
        ],
        warnings=calibration.warnings,
    )
    return Baseline(
        iterations=iterations,
        primary=primary,
        controls=controls,
        pairs=pairs,
        final_pairs=final_pairs,
        noise=noise,
        smallest_detectable_gain=detectable,
        calibration_evidence=evidence.id,
        first_s=first_s,
    )


def _first_times(first: dict[str, Sample]) -> list[Quantity]:
    """Time and peak memory, and whatever a benchmark reports of its own (b.ReportMetric)."""
    return [
        Quantity(name=f"{name}:{unit}", value=value, unit=unit)
        for name, sample in first.items()
        for unit, value in sample.values.items()
        if unit not in UNSHOWN_UNITS
    ]


def _process_limit_s(plan: Plan, settings: MeasureSettings) -> float:
    """How long a process may take that decides on candidates: longer for commands, which hold the program's start."""
    is_benchmark = plan.workload.kind == "benchmarks"
    return settings.process_limit_s if is_benchmark else settings.command_limit_s


def choose_benchmarks(
    benchmarks: tuple[Benchmark, ...], first: dict[str, Sample], process_limit_s: float
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(primary, controls): what decides on a candidate, and what must not get worse.

    Of each family of sizes the largest that runs within `process_limit_s` decides, and the smallest is
    watched; benchmarks without sizes all decide, the longest first, at most six.
    """
    families: dict[str, list[Benchmark]] = {}
    for benchmark in benchmarks:
        families.setdefault(family_of(benchmark), []).append(benchmark)
    primary: list[str] = []
    controls: list[str] = []
    for members in families.values():
        ordered = sorted(members, key=lambda b: b.size or 0)
        quick = [b for b in ordered if first[b.name].duration_s <= process_limit_s]
        decisive = (quick or ordered[:1])[-1]
        primary.append(decisive.name)
        if ordered[0].name != decisive.name:
            controls.append(ordered[0].name)
    primary.sort(key=lambda name: -first[name].values[SECONDS_PER_OP])
    return tuple(primary[:6]), tuple(controls[:2])
