"""Intake: a private copy of the target, and a plan for it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from langgraph.runtime import Runtime
from pydantic import TypeAdapter

from agent.analysts.analyst import BenchmarkWriter, Picture
from agent.deps import Deps
from agent.errors import BadTarget
from agent.nodes.admission import admit, check_harness, leave_tests_out
from agent.nodes.gates import Refused
from agent.nodes.harness import WrittenTests
from agent.nodes.laboratory import Laboratory
from agent.nodes.stage import StageClock, stage
from agent.repository import open_repository
from agent.request import Missing, Plan, Request
from agent.state import Admitted, RunState
from agent.targets import locate
from agent.workspace import CopyNotes, file_hashes
from tools.errors import Cancelled, ToolError
from tools.run.removing import remove_tree

_PLAN: TypeAdapter[Plan] = TypeAdapter(Plan)
SOURCES = "sources.json"
"""The hashes of the files that were measured, by their names: a later question sees whether they are still the same."""
HASHES: TypeAdapter[Mapping[str, str]] = TypeAdapter(Mapping[str, str])


def intake(state: RunState, runtime: Runtime[Deps]) -> dict[str, Any]:
    """Copy the target, apply a given change, choose workload and profilers, name what is missing.

    Raises: AgentError, ToolError.
    """
    deps, request = runtime.context, state["request"]
    with stage(deps, "intake") as clock:
        clock.say("taking a private copy of the target")
        place = locate(Path(request.target))
        notes = take(deps, request, place.root)
        deps.folder.write_json(SOURCES, HASHES, file_hashes(deps.workspace.baseline))
        admitted: Admitted | None = None
        if request.change is not None:
            clock.say("applying the change to a copy")
            admitted = admit(deps, request.change)
            deps.folder.write_text("change.patch", request.change.patch)
        clock.say("choosing a workload")
        plan, admitted = _plan(deps, request, admitted, clock)
        plan = _with_benchmark(deps, request, plan, clock)
        deps.folder.write_json("plan.json", _PLAN, plan)
        missing = [
            Missing(
                what=f"{name} (a link that leads outside the target)",
                leaves_unmeasured="whatever needs this file: links out of a target aren't followed",
                remedy="copy the file into the target",
            )
            for name in notes.links_outside
        ]
        missing += [
            Missing(
                what=name,
                leaves_unmeasured="this file couldn't be read and isn't in the copy",
                remedy="check its permissions",
            )
            for name in notes.unreadable
        ]
    return {
        "plan": plan,
        "admitted": admitted,
        "unmeasured": [*missing, *plan.missing],
        "stages": clock.times,
    }


def _with_benchmark(deps: Deps, request: Request, plan: Plan, clock: StageClock) -> Plan:
    """The plan with a benchmark that the analyst wrote, where there is none and it can write one; else as it is."""
    writer = deps.analyst
    wanted = plan.workload.kind == "tests" and request.change is None
    if not wanted or not isinstance(writer, BenchmarkWriter):
        return plan
    clock.say(f"{writer.name}: writing a benchmark, for there is none")
    harness = WrittenTests(deps=deps, plan=plan)
    picture = Picture(
        plan=plan,
        policy=deps.definition.policy,
        question=request.question,
        root=deps.workspace.baseline,
        original=deps.workspace.baseline,
        captures={},
        hotspots=(),
        evidence=deps.evidence.index,
        lab=Laboratory(deps=deps, plan=plan, tell=clock.say),
    )
    found = writer.write_benchmark(picture, lambda file, text: harness.add_benchmark(request, file, text))
    return found or plan


def take(deps: Deps, request: Request, root: Path) -> CopyNotes:
    """A private copy of the target as it is, or as it was in the commit that a given change is for."""
    if request.change is None or request.change.base is None:
        return deps.workspace.take(root)
    repository = open_repository(deps.runner, root)
    entries = repository.tree(request.change.base)
    if not entries:
        raise BadTarget(f"{root} isn't there in {request.change.base[:12]}: nothing to compare with")
    folder = deps.workspace.path / "tree"
    remove_tree(str(folder))
    folder.mkdir(parents=True)
    try:
        repository.write(entries, folder)
        return deps.workspace.take(folder)
    finally:
        remove_tree(str(folder))


def _plan(
    deps: Deps, request: Request, admitted: Admitted | None, clock: StageClock
) -> tuple[Plan, Admitted | None]:
    """The plan. Tests of a given change that don't fit the old code are taken back, and it is made without them."""
    baseline, change = deps.workspace.baseline, request.change
    if change is None or admitted is None or not admitted.harness or admitted.verdict is not None:
        return deps.intake.plan(request, baseline), admitted
    try:
        plan = deps.intake.plan(request, baseline)
        clock.say("the old code with the change's tests")
        check_harness(deps, plan)
    except Cancelled:
        raise
    except (ToolError, Refused) as error:
        why = error.detail if isinstance(error, Refused) else str(error)
        take(deps, request, locate(Path(request.target)).root)
        admitted = leave_tests_out(deps, change, admitted, " ".join(why.split())[:300])
        return deps.intake.plan(request, baseline), admitted
    return plan, admitted
