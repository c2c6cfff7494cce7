"""The gates before measurement: a candidate must apply, touch nothing frozen, build, and pass the tests."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from agent.deps import Deps
from agent.errors import BadRequest
from agent.evidence import Quantity
from agent.patches import apply_patch
from agent.report import Candidate
from agent.request import Plan
from agent.workspace import changed_files, frozen_hashes, is_frozen
from tools.errors import Cancelled, ProgramFailed, ToolError
from tools.measure.verdict import Rejection, Verdict


@dataclass(eq=False, kw_only=True)  # not frozen: context managers set an exception's traceback
class Refused(Exception):
    """A gate's decision against a candidate, with the evidence behind it."""

    reason: Rejection
    detail: str
    evidence: tuple[str, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """The decision as a verdict."""
        return Verdict(accepted=False, reason=self.reason, detail=self.detail)


def apply_gate(deps: Deps, root: Path, candidate: Candidate) -> None:
    """Apply the patch to the candidate's copy. Raises: Refused."""
    try:
        apply_patch(deps.runner, root, candidate.patch)
    except BadRequest as error:
        raise Refused(reason="does not apply", detail=str(error)) from error


def frozen_gate(root: Path, baseline: Path) -> None:
    """Tests, benchmarks, fixtures and build files must be as they were, and no new ones. Raises: Refused."""
    if frozen_hashes(root) == frozen_hashes(baseline):
        return
    touched = [name for name in changed_files(baseline, root) if is_frozen(name)]
    raise Refused(
        reason="forbidden edit",
        detail=f"it changes {', '.join(touched[:3])}, which judges it: tests, benchmarks and build files are frozen",
    )


def build_gate(deps: Deps, plan: Plan, root: Path, label: str) -> str:
    """Build the copy; the evidence id. Raises: Refused with the compiler's words, ToolError."""
    deps.builds.pop(root, None)
    try:
        build = deps.build(plan, root)
    except ProgramFailed as error:
        evidence = deps.evidence.add(
            "build", f"build of {label}", plan.toolchain, exit_code=error.exit_code, failure=str(error)
        )
        raise Refused(reason="does not build", detail=_first_line(error), evidence=(evidence.id,)) from error
    done = deps.evidence.add(
        "build",
        f"build of {label}",
        plan.toolchain,
        argv=build.argv,
        exit_code=0,
        duration_s=build.duration_s,
    )
    return done.id


def tests_gate(deps: Deps, plan: Plan, root: Path, label: str) -> str:
    """Run the target's own tests on the copy; the evidence id. Raises: Refused, Cancelled."""
    try:
        outcome = deps.toolchain(plan).test(root)
    except Cancelled:
        raise
    except ToolError as error:
        evidence = deps.evidence.add("tests", f"tests of {label}", plan.toolchain, failure=str(error))
        raise Refused(reason="tests fail", detail=_first_line(error), evidence=(evidence.id,)) from error
    evidence = deps.evidence.add(
        "tests",
        f"tests of {label}",
        plan.toolchain,
        argv=outcome.argv,
        exit_code=outcome.exit_code,
        duration_s=outcome.duration_s,
        quantities=[Quantity(name="ran", value=float(outcome.ran), unit="count")],
        failure=None if outcome.passed else f"{len(outcome.failed)} failed: {', '.join(outcome.failed[:5])}",
    )
    if not outcome.passed:
        names = ", ".join(outcome.failed[:5])
        raise Refused(reason="tests fail", detail=f"failed: {names}", evidence=(evidence.id,))
    return evidence.id


def _first_line(error: Exception) -> str:
    lines = [line for line in str(error).splitlines() if line.strip()]
    return " ".join(lines[:4])[:500]
