"""What nodes show an analyst: captures read back from the run's folder, hotspots, sources, evidence."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from agent.analysts.analyst import Lab, Picture
from agent.deps import Deps
from agent.request import Plan
from agent.state import CaptureRecord, RunState
from tools.measure.toolchain import Capture
from tools.profiles.ownership import OwnCode
from tools.profiles.pprof import read_pprof
from tools.profiles.ranking import Hotspot


def load_capture(deps: Deps, record: CaptureRecord) -> Capture:
    """The capture of a record, its profile read from the run's folder. Raises: ToolError."""
    evidence = deps.evidence.index.get(record.evidence_id)
    path = deps.folder.path / record.profile
    return Capture(
        profiler=record.profiler,
        view=record.view,
        value=record.value,
        profile=read_pprof(path),
        profile_path=path,
        argv=evidence.argv,
        tool_version=evidence.tool_version,
        exit_code=evidence.exit_code or 0,
        duration_s=evidence.duration_s,
        quantities={q.name: (q.value, q.unit) for q in evidence.quantities},
        warnings=evidence.warnings,
    )


def own_code(deps: Deps, plan: Plan) -> OwnCode:
    """What counts as the target's own code in this run's profiles: the baseline copy, or where it was recorded."""
    return OwnCode(language=plan.language, root=code_root(deps, plan), module=plan.module)


def code_root(deps: Deps, plan: Plan) -> Path:
    """Where the sources are that profiles name. What is only looked at isn't copied."""
    return deps.workspace.baseline if plan.kind == "project" else Path(plan.root)


def make_picture(
    state: RunState, deps: Deps, hotspots: Sequence[Hotspot], root: Path, lab: Lab | None = None
) -> Picture:
    """What the analyst may look at, with the sources at `root`, and where it may have things measured."""
    return Picture(
        plan=state["plan"],
        policy=deps.definition.policy,
        question=state["request"].question,
        root=root,
        original=code_root(deps, state["plan"]),
        captures={r.evidence_id: load_capture(deps, r) for r in state.get("captures", [])},
        hotspots=tuple(hotspots),
        evidence=deps.evidence.index,
        lab=lab,
    )
