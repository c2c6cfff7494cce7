"""Functions at two sizes: a second CPU profile of each side at a smaller input, and what it says of tomorrow."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from agent.deps import Deps
from agent.evidence import Evidence, Quantity, Reference
from agent.nodes.capture import run_profiler
from agent.nodes.optimise import time_is_spent
from agent.nodes.picture import load_capture, own_code
from agent.nodes.stage import StageClock
from agent.nodes.timing import Family, Side
from agent.nodes.verify import accepted_count
from agent.report import FunctionScaling, TomorrowsBottleneck
from agent.state import CaptureRecord, RunState
from tools.measure.hostlock import measuring_alone
from tools.measure.scaling import SMALLEST_SPAN, Growth, SizeTimes
from tools.measure.workload import SECONDS_PER_OP, Benchmark, profiled_benchmarks
from tools.profiles.attribution import Place, attribute
from tools.profiles.bursts import RUN, Dispersion, dispersion
from tools.profiles.filters import split
from tools.profiles.growth import (
    FunctionGrowth,
    SizedCosts,
    Tomorrow,
    find_tomorrow,
    function_growths,
    sized_costs,
)
from tools.profiles.ownership import OwnCode
from tools.profiles.profile import Profile

REACH = 32.0
"""How many times smaller the second profile's input is, at most: exponents should be those of the largest sizes."""
GROWING_PART = 0.25
"""At least so much of the time must be above the constant part at the second profile's size."""
WANTED = 100
"""Where the run's profile has fewer samples than this, both are taken for longer."""
LONGEST = 3.0
"""How many times `measure.capture_s`, at most."""
SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaledFunctions:
    """What the functions of a family do with size, for the report."""

    functions: tuple[FunctionScaling, ...] = ()
    tomorrow: tuple[TomorrowsBottleneck, ...] = ()
    notes: tuple[str, ...] = ()


def scale_functions(
    state: RunState,
    deps: Deps,
    family: Family,
    times: Mapping[Side, Mapping[str, SizeTimes]],
    growth: Growth,
    clock: StageClock,
) -> ScaledFunctions:
    """Profile the family at a smaller size, each side, and compare with the larger one's profile."""
    records = {"before": _cpu(state.get("captures", [])), "after": _cpu(state.get("captures_after", []))}
    measured = [b for b in family.benchmarks if b.name in times["before"]]
    large = measured[-1]
    small = smaller(measured, times["before"], growth)
    if records["before"] is None:
        return ScaledFunctions()
    if small is None:
        return ScaledFunctions(notes=("No smaller size is far enough away to profile functions at.",))
    if time_is_spent(state, deps):
        return ScaledFunctions(
            notes=("The run's time is spent: functions weren't profiled at a smaller size.",)
        )
    scenes = []
    for side, root in _copies(state, deps).items():
        record = records[side]
        if record is None or any(b.name not in times[side] for b in (small, large)):
            continue
        found = _profile_both(state, deps, record, root, side, (small, large), times[side], clock)
        if found is not None:
            scenes.append(_tell(state, deps, family, side, *found))
    if not scenes:
        return ScaledFunctions(
            notes=("The profile at a smaller size has too few samples to tell functions apart.",)
        )
    return ScaledFunctions(
        functions=tuple(f for scene in scenes for f in scene.functions),
        tomorrow=tuple(t for scene in scenes for t in scene.tomorrow),
        notes=tuple(dict.fromkeys(note for scene in scenes for note in scene.notes)),
    )


def smaller(measured: list[Benchmark], times: Mapping[str, SizeTimes], growth: Growth) -> Benchmark | None:
    """Where the second profile is taken: the smallest size within reach and not mostly constant, None without one."""
    large = measured[-1].size or 0
    near = [b for b in measured[:-1] if b.size and SMALLEST_SPAN * b.size <= large]
    grown = [b for b in near if times[b.name].median_s * (1 - GROWING_PART) >= growth.constant_s]
    within = [b for b in grown if (b.size or 0) * REACH >= large]
    if within:
        return within[0]
    return (grown or near)[-1] if near else None


def _cpu(records: list[CaptureRecord]) -> CaptureRecord | None:
    return next((r for r in records if r.view == "cpu"), None)


def _copies(state: RunState, deps: Deps) -> dict[Side, Path]:
    found: dict[Side, Path] = {"before": deps.workspace.baseline}
    combined = state.get("combined")
    if combined is not None and combined.verdict.accepted and accepted_count(state):
        found["after"] = deps.workspace.step(accepted_count(state))
    return found


def _profile_both(
    state: RunState,
    deps: Deps,
    record: CaptureRecord,
    root: Path,
    side: Side,
    sizes: tuple[Benchmark, Benchmark],
    times: Mapping[str, SizeTimes],
    clock: StageClock,
) -> tuple[SizedCosts, SizedCosts] | None:
    """Costs at the small and the large size; the large one's profile is the run's, where nothing else is in it."""
    plan = state["plan"]
    profiler = next(p for p in deps.toolchain(plan).profilers if p.name == record.profiler)
    own = replace(own_code(deps, plan), root=root)
    longer = min(max(WANTED / max(_seen(deps, record), 1), 1.0), LONGEST)
    found = []
    for benchmark in sizes:
        used: CaptureRecord | None = record
        if longer > 1 or [b.name for b in profiled_benchmarks(plan.workload)] != [benchmark.name]:
            clock.say(f"{profiler.name}: profiling {benchmark.name}, {side}")
            workload = replace(plan.workload, benchmarks=(benchmark,))
            with measuring_alone(on_wait=clock.say, is_cancelled=deps.runner.is_cancelled):
                used, _ = run_profiler(
                    deps,
                    plan,
                    profiler,
                    root,
                    f"{side}, size {benchmark.size}",
                    workload=workload,
                    seconds=longer * deps.settings.measure.capture_s,
                )
        if used is None:
            return None
        profile = load_capture(deps, used).profile
        timed = times[benchmark.name]
        found.append(
            sized_costs(
                attribute(profile, used.value, own),
                int(profile.times_seen().sum()),
                size=benchmark.size or 0,
                seconds=timed.median_s,
                error=timed.error,
                whole=plan.workload.kind != "benchmarks",
                dispersion=_dispersion(profile, used.value, own),
            )
        )
    return found[0], found[1]


def _dispersion(profile: Profile, value: str, own: OwnCode) -> Dispersion[Place]:
    """Whether the samples of a function came in bursts, by the runs of the program that the profile is of."""
    runs = split(profile, RUN)
    return dispersion(
        [{p: c.samples for p, c in attribute(run, value, own).places.items() if c.samples} for run in runs],
        [int(run.times_seen().sum()) for run in runs],
    )


def _seen(deps: Deps, record: CaptureRecord) -> int:
    """How many samples a capture has."""
    return int(load_capture(deps, record).profile.times_seen().sum())


def _tell(
    state: RunState, deps: Deps, family: Family, side: Side, small: SizedCosts, large: SizedCosts
) -> ScaledFunctions:
    growths = function_growths(small, large)
    if not growths:
        return ScaledFunctions(notes=("The profiles have too few samples to tell how functions grow.",))
    tomorrow = find_tomorrow(growths, small, large, seed=state["request"].seed)
    shown = list(growths[:SHOWN])
    if tomorrow is not None and tomorrow.function not in shown:
        shown.append(tomorrow.function)
    evidence = deps.evidence.add(
        "analysis",
        f"growth of functions in {family.name} from size {small.size} to {large.size}, {side}",
        "ask-profiler scaling",
        quantities=[
            *(q for n, f in enumerate(shown, 1) for q in _quantities(n, f)),
            *([] if tomorrow is None else [_crossing(tomorrow)]),
        ],
        warnings=tuple(f"function {n}: {f.place.function} ({f.place.file})" for n, f in enumerate(shown, 1)),
    )
    return ScaledFunctions(
        functions=tuple(_told(evidence, n, f, side) for n, f in enumerate(shown, 1)),
        tomorrow=() if tomorrow is None else (_told_tomorrow(evidence, shown, tomorrow, side, large.size),),
    )


def _quantities(n: int, found: FunctionGrowth) -> list[Quantity]:
    exponent = found.exponent
    is_bounded = math.isfinite(exponent.high)
    return [
        Quantity(name=f"share_{n}", value=found.share, unit="ratio"),
        Quantity(name=f"small_{n}", value=found.small_s, unit=SECONDS_PER_OP),
        Quantity(name=f"large_{n}", value=found.large_s, unit=SECONDS_PER_OP),
        Quantity(
            name=f"exponent_{n}",
            value=exponent.estimate if is_bounded else exponent.low,
            unit="exponent",
            interval=(exponent.low, exponent.high) if is_bounded else None,
        ),
    ]


def _crossing(found: Tomorrow) -> Quantity:
    size = found.size
    return Quantity(name="crossing", value=size.estimate, unit="size", interval=(size.low, size.high))


def _told(evidence: Evidence, n: int, found: FunctionGrowth, side: Side) -> FunctionScaling:
    return FunctionScaling(
        function=found.place.function,
        file=found.place.file,
        side=side,
        share=Reference(evidence_id=evidence.id, name=f"share_{n}"),
        exponent=Reference(evidence_id=evidence.id, name=f"exponent_{n}"),
        is_least=not math.isfinite(found.exponent.high),
    )


def _told_tomorrow(
    evidence: Evidence, shown: list[FunctionGrowth], found: Tomorrow, side: Side, measured: int
) -> TomorrowsBottleneck:
    return TomorrowsBottleneck(
        function=_told(evidence, shown.index(found.function) + 1, found.function, side),
        largest=_told(evidence, shown.index(found.largest) + 1, found.largest, side),
        measured_size=measured,
        size=Reference(evidence_id=evidence.id, name="crossing"),
    )
