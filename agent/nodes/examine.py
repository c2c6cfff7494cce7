"""Examine: a change that someone else wrote, through every gate at once, on the whole workload."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, get_args

from langgraph.runtime import Runtime

from agent.deps import Deps
from agent.nodes.deciding import decisive, keep_benchmarks, look_closer, settled, weighed
from agent.nodes.gates import Refused, build_gate
from agent.nodes.measuring import different_output, measure
from agent.nodes.optimise import time_is_spent
from agent.nodes.scrutiny import Claim
from agent.nodes.stage import StageClock, stage
from agent.nodes.values import Looked, guard_gate, tests_and_values_gate
from agent.report import GIVEN, Candidate, JudgedCandidate, plain
from agent.request import Change
from agent.state import Admitted, Baseline, Combined, RunState
from agent.workspace import clone
from tools.measure.guard import SUSPICION, GuardRule
from tools.measure.judging import judge_unharmed
from tools.measure.statistics import DECISION_LEVEL
from tools.measure.toolchain import ProfileView
from tools.measure.verdict import Verdict

LABEL = "the change"
VIEW: ProfileView = "memory"
"""A given change may win in time, in allocated bytes or in peak memory: nobody asked about one of them."""
TAMPERING: frozenset[GuardRule] = frozenset(
    {"benchmark detection", "clock tampering", "collector tampering", "harness tampering"}
)
"""What is refused in any change. The other rules are about gains that aren't real: where no gain is claimed, what
they find is told and decides nothing.
"""


def examine(state: RunState, runtime: Runtime[Deps]) -> dict[str, Any]:
    """Judge the given change; once, and for good."""
    deps = runtime.context
    change, admitted = state["request"].change, state["admitted"]
    if change is None or admitted is None:
        raise ValueError("examine was reached without a change")
    evidence: list[str] = []
    checks: list[str] = _harness_words(admitted)
    with stage(deps, "examine") as clock:
        verdict = admitted.verdict or settled(
            deps,
            lambda: _Examination(
                state=state,
                deps=deps,
                change=change,
                admitted=admitted,
                clock=clock,
                evidence=evidence,
                checks=checks,
            ).verdict(),
            evidence,
            f"measuring {LABEL}",
        )
    candidate = Candidate(
        id="C1",
        bottleneck_rank=0,
        title=change.title,
        rationale="",
        risk="",
        origin=GIVEN,
        patch=change.patch,
        files=admitted.files,
    )
    judged = JudgedCandidate(
        candidate=candidate, verdict=verdict, evidence=tuple(evidence), checks=tuple(checks)
    )
    combined = Combined(
        verdict=verdict,
        evidence=tuple(evidence),
        patch=change.patch,
        files=admitted.files,
        checks=tuple(checks),
    )
    return {"judged": [judged], "combined": combined, "stages": clock.times}


def _harness_words(admitted: Admitted) -> list[str]:
    words = []
    if admitted.harness:
        kept = _named(admitted.harness)
        words.append(f"Tests, benchmarks and build files of the change are on both sides: {kept}.")
    if admitted.left_out:
        words.append(
            f"Not judged with the change's own tests: the old code doesn't fit them ({plain(admitted.why)}), so "
            f"{_named(admitted.left_out)} are as they were on both sides."
        )
    return words


def _named(files: tuple[str, ...]) -> str:
    more = f" and {len(files) - 5} more" if len(files) > 5 else ""
    return plain(", ".join(files[:5])) + more


@dataclass(slots=True, kw_only=True)
class _Examination:
    """One change on its way through the gates; what they show goes to `evidence` and `checks`."""

    state: RunState
    deps: Deps
    change: Change
    admitted: Admitted
    clock: StageClock
    evidence: list[str]
    checks: list[str]
    doubts: list[str] = field(default_factory=list)

    def verdict(self) -> Verdict:
        """Every gate, in the order of what it costs. Raises: Refused, ToolError, Cancelled."""
        deps, plan = self.deps, self.state["plan"]
        before, after = deps.workspace.baseline, deps.workspace.candidate
        clone(deps.workspace.head, after)
        told = SUSPICION.union(get_args(GuardRule)) - TAMPERING if self.change.no_slower else SUSPICION
        read = guard_gate(deps, plan, before, after, self.admitted.files, LABEL, told=told)
        self.evidence += read.evidence
        self.doubts += read.doubts
        self.clock.say(f"building {LABEL}")
        self.evidence.append(build_gate(deps, plan, after, LABEL))
        looked = self._looked()
        if time_is_spent(self.state, deps):
            raise Refused(
                reason="not enough samples",
                detail="the time for this run was spent before the change could be measured: allow more with "
                "--time-limit, or name fewer benchmarks with --bench",
            )
        verdict = self._measured(looked, read)
        return replace(verdict, warnings=(*verdict.warnings, *self.doubts))

    def _looked(self) -> Looked:
        """Tests and values. A change that isn't meant to make anything faster may change results: that is told."""
        deps, plan = self.deps, self.state["plan"]
        self.clock.say(f"tests and values of {LABEL}")
        try:
            looked = tests_and_values_gate(
                deps,
                plan,
                deps.workspace.baseline,
                deps.workspace.candidate,
                self.admitted.files,
                LABEL,
                self._seed,
            )
        except Refused as refused:
            if refused.reason != "results differ" or not self.change.no_slower:
                raise
            self.doubts.append(f"results differ from before: {refused.detail}")
            looked = Looked(evidence=refused.evidence, checks=())
        self.evidence += looked.evidence
        self.checks += looked.checks
        return looked

    def _measured(self, looked: Looked, read: Looked) -> Verdict:
        """Pairs over the whole workload at the decision level, and what is asked of a gain beyond."""
        deps, plan, found = self.deps, self.state["plan"], self._found
        before, after = deps.workspace.baseline, deps.workspace.candidate
        primary = [name for name in decisive(plan.workload.benchmarks, found) if name not in looked.unreached]
        if not primary and not self.change.no_slower:
            detail = f"none of {', '.join(found.primary[:3])} calls what it changes"
            return Verdict(accepted=False, reason="no detectable gain", detail=detail)
        measured = measure(
            deps,
            plan,
            deps.build(plan, before),
            deps.build(plan, after),
            benchmarks=plan.workload.benchmarks,
            found=found,
            seed=self._seed,
            title="the whole workload, before and after the change: pairs",
            say=self.clock.say,
            level=DECISION_LEVEL,
            unreached=looked.unreached,
            outputs_may_differ=self.change.no_slower,
        )
        self.evidence += [measured.evidence.id, *keep_benchmarks(deps, plan, measured)]
        if self.change.no_slower:
            differing = different_output(measured.samples)
            if differing is not None:
                self.doubts.append(differing)
            return judge_unharmed(measured.comparisons)
        verdict, gain = weighed(deps, found, measured, primary, VIEW)
        if gain is None:
            return verdict
        claim = Claim(
            gain=gain,
            before=before,
            after=after,
            suspicions=read.suspicions,
            label=LABEL,
            seed=self._seed + 2000,
        )
        return look_closer(deps, plan, found, claim, verdict, self.clock, self.evidence, self.checks)

    @property
    def _found(self) -> Baseline:
        found = self.state["baseline"]
        if found is None:
            raise ValueError("examine was reached without a baseline")
        return found

    @property
    def _seed(self) -> int:
        return self.state["request"].seed + 1000
