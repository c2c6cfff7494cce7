"""Looking for ourselves: hidden tests on the optimised copy, and its gain beside the reference's."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from agent.errors import BadRequest
from agent.patches import apply_patch
from agent.planning import HostIntake
from agent.request import Plan, Request
from agent.workspace import is_frozen
from evals.case import Case
from evals.scoring import Check
from tools.errors import Cancelled, ToolError
from tools.measure.calibration import choose_iterations
from tools.measure.hostlock import measuring_alone
from tools.measure.pairs import PairPlan, compare, run_pairs
from tools.measure.toolchain import Build, Toolchain
from tools.measure.verdict import Comparison
from tools.run.process import Runner

PAIRS = 10
PROCESS_S = 0.1


class NotRight(Exception):
    """A copy that can't stand: the patch doesn't apply, touches its judge, doesn't build, or fails tests."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checker:
    """Checks copies of one case under `folder`."""

    case: Case
    folder: Path
    runner: Runner
    environment: Mapping[str, str]
    seed: int = 0

    def check(self, patch: str) -> Check:
        """Tests and gain of a patch ("" for none) and the gain of the reference.

        Raises: NotRight when the case itself (its target or its reference) isn't right; ToolError.
        """
        base = self.copy("base", "")
        toolchain, plan = self._toolchain(base)
        self._require_tests(toolchain, base)
        reference = self._reference(toolchain, plan, base)
        try:
            result = self.copy("rslt", patch)
            self._require_tests(toolchain, result)
            gain = self._measure(toolchain, plan, base, result) if patch else ()
        except NotRight as wrong:
            return Check(tests_failed=str(wrong), reference=reference)
        return Check(tests_failed="", gain=gain, reference=reference)

    def copy(self, name: str, patch: str) -> Path:
        """The target with a patch, below the hidden tests. Names are equally long: paths cost the same.

        Raises: NotRight when the patch doesn't apply, or touches tests, benchmarks or build files.
        """
        root = self.folder / name
        shutil.copytree(self.case.target, root, ignore=shutil.ignore_patterns("__pycache__"))
        if patch:
            try:
                files = apply_patch(self.runner, root, patch)
            except BadRequest as error:
                raise NotRight(str(error)) from error
            judges = [file for file in files if is_frozen(file)]
            if judges:
                raise NotRight(f"it changes {', '.join(judges)}, which judges it")
        shutil.copytree(
            self.case.hidden_tests, root, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__")
        )
        return root

    def _reference(self, toolchain: Toolchain, plan: Plan, base: Path) -> tuple[Comparison, ...]:
        if self.case.facts.unimprovable:
            return ()
        human = self.copy("refr", self.case.reference)
        self._require_tests(toolchain, human)
        return self._measure(toolchain, plan, base, human)

    def _toolchain(self, base: Path) -> tuple[Toolchain, Plan]:
        workload = self.case.facts.workload
        request = Request(
            question=self.case.facts.question,
            target=str(base),
            bench=workload.bench,
            command=workload.command,
        )
        intake = HostIntake(runner=self.runner, environment=self.environment, request=request)
        plan = intake.plan(request, base)
        return intake.toolchain(plan), plan

    def _require_tests(self, toolchain: Toolchain, root: Path) -> None:
        """Its own and the hidden tests must pass. Raises: NotRight."""
        try:
            outcome = toolchain.test(root)
        except Cancelled:
            raise
        except ToolError as error:
            raise NotRight(f"its tests can't be run: {str(error).strip()[:300]}") from error
        if not outcome.passed:
            raise NotRight(f"failed: {', '.join(outcome.failed[:5])}")
        if not outcome.ran:
            raise NotRight("no test was run")

    def _measure(self, toolchain: Toolchain, plan: Plan, base: Path, other: Path) -> tuple[Comparison, ...]:
        """Both copies in pairs of random order. Raises: NotRight when the other can't be built or run."""
        before = toolchain.build(base, plan.workload)
        after = self._build(toolchain, plan, other)
        benchmarks = plan.workload.benchmarks
        with measuring_alone():
            iterations, _ = choose_iterations(toolchain.sample, before, benchmarks, PROCESS_S)
            plan_of_pairs = PairPlan(pairs=PAIRS, seed=self.seed)
            try:
                samples = run_pairs(toolchain.sample, before, after, benchmarks, iterations, plan_of_pairs)
            except Cancelled:
                raise
            except ToolError as error:
                # The target itself has just run: it is the other copy that can't.
                raise NotRight(f"the hidden benchmark fails: {str(error).strip()[:300]}") from error
        return compare(samples, seed=self.seed)

    def _build(self, toolchain: Toolchain, plan: Plan, root: Path) -> Build:
        try:
            return toolchain.build(root, plan.workload)
        except Cancelled:
            raise
        except ToolError as error:
            raise NotRight(f"it doesn't build: {str(error).strip()[:300]}") from error
