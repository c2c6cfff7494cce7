"""One target of the selftest: its baseline is built, tested and calibrated once, then changes are judged on it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from langgraph.runtime import Runtime

from agent.deps import Deps, Progress
from agent.errors import BadRequest
from agent.nodes.admission import admit
from agent.nodes.baseline import baseline
from agent.nodes.examine import examine
from agent.nodes.intake import intake
from agent.report import JudgedCandidate
from agent.request import Change, Plan, Request
from agent.selftest.catalogue import HERE, KnownChange
from agent.service import make_deps
from agent.state import Baseline, RunState
from agent.store import Store
from tools.measure.toolchain import Toolchain

SETTINGS = HERE / "settings.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A target whose baseline is known. It judges as `ask-profiler verify` does, with the same steps."""

    request: Request
    deps: Deps
    plan: Plan
    found: Baseline

    @property
    def toolchain(self) -> Toolchain:
        """What builds and runs the target."""
        return self.deps.toolchain(self.plan)

    def judge(self, change: KnownChange) -> JudgedCandidate:
        """Put a change through every gate, on a fresh copy. Raises: AgentError, ToolError, Cancelled."""
        given = Change(title=change.name, patch=change.patch)
        plan = narrowed(self.plan, change.bench)
        state = RunState(
            request=replace(self.request, change=given),
            plan=plan,
            admitted=admit(self.deps, given),
            baseline=_narrowed_baseline(self.found, plan, self.deps.settings.measure.pairs_min),
            bottlenecks=[],
            stages=[],
        )
        judged = examine(state, Runtime(context=self.deps))["judged"]
        if not isinstance(judged, list) or not isinstance(judged[0], JudgedCandidate):
            raise TypeError("examine gave no judgement")
        return judged[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """How sessions are opened: everything below `folder`, `on_deps` is told what a new one works with."""

    folder: Path
    environment: Mapping[str, str]
    clock: Callable[[], float]
    report_progress: Callable[[Progress], None]
    on_deps: Callable[[Deps], None]
    python: str | None = None
    sandbox: str = "auto"
    seed: int = 0

    def open(self, target: Path, bench: str = "") -> Session:
        """Take, build, test and calibrate a target, with the benchmarks that match `bench` ("" for all).

        Raises: BadRequest when it can't be measured, AgentError, ToolError.
        """
        request = Request(
            question="selftest",
            target=str(target),
            settings_file=str(SETTINGS),
            analyst="playbook",
            sandbox="none"
            if self.sandbox == "none"
            else "bubblewrap"
            if self.sandbox == "bubblewrap"
            else "auto",
            bench=bench or None,
            python=self.python,
            seed=self.seed,
        )
        deps = make_deps(
            Store(self.folder).create(datetime.now(UTC)),
            request,
            self.environment,
            self.clock,
            self.report_progress,
        )
        self.on_deps(deps)
        runtime = Runtime(context=deps)
        state = RunState(request=request)
        state["plan"] = intake(state, runtime)["plan"]
        measured = baseline(state, runtime)
        if measured["baseline"] is None:
            raise BadRequest(
                f"the selftest's own program {target.name} can't be measured: {measured['stopped']}"
            )
        return Session(request=request, deps=deps, plan=state["plan"], found=measured["baseline"])


def narrowed(plan: Plan, bench: str) -> Plan:
    """The plan with only the benchmarks that match, as with `--bench`. Raises: BadRequest when none does."""
    if not bench:
        return plan
    kept = tuple(b for b in plan.workload.benchmarks if re.search(bench, b.name))
    if not kept:
        raise BadRequest(f"no benchmark of {plan.root} matches {bench!r}")
    return replace(plan, workload=replace(plan.workload, benchmarks=kept))


def _narrowed_baseline(found: Baseline, plan: Plan, pairs_min: int) -> Baseline:
    """What the baseline showed of the plan's benchmarks; the number of pairs follows anew from how many they are."""
    kept = {b.name for b in plan.workload.benchmarks}
    if kept == found.first_s.keys():
        return found
    return replace(
        found,
        iterations={name: count for name, count in found.iterations.items() if name in kept},
        primary=tuple(name for name in found.primary if name in kept),
        controls=tuple(name for name in found.controls if name in kept),
        first_s={name: seconds for name, seconds in found.first_s.items() if name in kept},
        pairs=pairs_min,
        final_pairs=pairs_min,
    )
