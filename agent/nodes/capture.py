"""Capture: one profiler on the baseline, one at a time; a profiler that fails becomes evidence of that.

What a capture measured stays evidence, too, where it is too little to rank the target's code by.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from langgraph.runtime import Runtime

from agent.deps import Deps
from agent.evidence import Quantity
from agent.nodes.stage import stage
from agent.request import Missing, Plan
from agent.state import CaptureRecord, CaptureTask
from tools.errors import Cancelled, ToolError
from tools.measure.hostlock import measuring_alone
from tools.measure.toolchain import Capture, Profiler, ProfileView
from tools.measure.workload import Workload
from tools.python.growing import NAME as GROWTH_PROFILER

LEAST_WAITING = 0.1
"""So many goroutines must have waited for locks at a time, on average, for contention to be about something."""


def capture(task: CaptureTask, runtime: Runtime[Deps]) -> dict[str, Any]:
    """Run one profiler on the baseline and keep its profile as gzipped pprof."""
    deps, plan = runtime.context, task["plan"]
    profiler = _profiler(deps, plan, task["profiler"])
    with (
        deps.measuring,
        stage(deps, "capture") as clock,
        measuring_alone(on_wait=clock.say, is_cancelled=deps.runner.is_cancelled),
    ):
        clock.say(f"{profiler.name}: profiling {plan.workload.kind}")
        record, missing = run_profiler(deps, plan, profiler, deps.workspace.baseline, "before")
    captures = [record] if record and is_ranked(deps, record) else []
    return {"captures": captures, "unmeasured": missing, "stages": clock.times}


def is_ranked(deps: Deps, record: CaptureRecord) -> bool:
    """Whether a capture says where the target's own code costs something.

    Who has the largest share of next to no contention is no bottleneck, threads are started by the runtime, and memory
    that goes on being kept is a finding, beside memray's view of all of it.
    """
    if record.view == "contention":
        found = deps.evidence.index.get(record.evidence_id)
        return any(q.name == "mean_waiting_goroutines" and q.value >= LEAST_WAITING for q in found.quantities)
    return record.view != "threads" and record.profiler != GROWTH_PROFILER


def run_profiler(
    deps: Deps,
    plan: Plan,
    profiler: Profiler,
    root: Path,
    when: str,
    workload: Workload | None = None,
    seconds: float | None = None,
) -> tuple[CaptureRecord | None, list[Missing]]:
    """One profiler on one copy: its record, or what could not be measured. Never raises ToolError.

    `workload` is what it watches instead of the plan's, `seconds` for how long instead of the settings' time.
    """
    out = deps.folder.path / "profiles"
    try:
        out.mkdir(parents=True, exist_ok=True)
        seen = profiler.capture(
            deps.build(plan, root),
            workload or plan.workload,
            seconds=seconds or deps.settings.measure.capture_s,
            out=out / when.replace(", ", "-").replace(" ", "-"),
        )
    except Cancelled:
        raise
    except ToolError as error:
        return None, [failed(deps, profiler.name, profiler.view, when, error)]
    return keep(deps, seen, when), []


def failed(deps: Deps, name: str, view: ProfileView, when: str, error: ToolError) -> Missing:
    """A capture that failed, kept as evidence of what could not be measured."""
    deps.evidence.add("missing", f"{name} ({when})", name, failure=str(error))
    return Missing(
        what=f"{name} ({when})", leaves_unmeasured=f"the {view} view of the workload", remedy=str(error)
    )


def keep(deps: Deps, seen: Capture, when: str, more: Sequence[Quantity] = ()) -> CaptureRecord:
    """A capture as evidence, `more` of its figures included; its profile lies in the run's folder already."""
    artefact = deps.folder.artefact(seen.profile_path)
    quantities = [Quantity(name=n, value=v, unit=u) for n, (v, u) in seen.quantities.items()]
    quantities += [Quantity(name="stacks", value=float(seen.profile.samples), unit="count"), *more]
    evidence = deps.evidence.add(
        "capture",
        f"{seen.view} profile, {when}",
        seen.profiler,
        tool_version=seen.tool_version,
        argv=seen.argv,
        exit_code=seen.exit_code,
        duration_s=seen.duration_s,
        artefacts=[artefact],
        quantities=quantities,
        warnings=seen.warnings,
    )
    return CaptureRecord(
        evidence_id=evidence.id,
        profiler=seen.profiler,
        view=seen.view,
        value=seen.value,
        profile=artefact.path,
    )


def _profiler(deps: Deps, plan: Plan, name: str) -> Profiler:
    return next(p for p in deps.toolchain(plan).profilers if p.name == name)
