"""What a recorded file shows: profiles for the analyst, and findings of their own."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from agent.deps import Deps
from agent.errors import BadRequest
from agent.evidence import Artefact, Quantity
from agent.nodes.recorded_benchmarks import benchmarks_seen
from agent.nodes.recorded_spans import requests_seen, spans_seen
from agent.nodes.recorded_traces import trace_seen
from agent.planning import focus_of, is_about_memory
from agent.report import Finding, Graph, quoted
from agent.request import VIEW_NAMES, Missing, Plan, Request
from agent.state import CaptureRecord
from tools.errors import UnreadableOutput
from tools.go.program import find_go
from tools.go.tracing.profiles import trace_profile
from tools.kinds import what_is
from tools.measure.recorded_reading import read_recorded
from tools.measure.toolchain import ProfileView
from tools.measure.workload import Language, Workload
from tools.opening import open_profile
from tools.profiles.naming import readable
from tools.profiles.origin import language_of, own_code_of
from tools.profiles.ownership import OwnCode
from tools.profiles.pprof import write_pprof
from tools.profiles.profile import Profile
from tools.profiles.queries import FunctionCost, top
from tools.profiles.views import base_unit, views_of

TOP = 5
"""How many functions are listed, whoever's code they are."""
KEPT = "profiles/recorded.pb.gz"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What looking at a target gave. `pictures` are already drawn."""

    plan: Plan
    captures: tuple[CaptureRecord, ...] = ()
    findings: tuple[Finding, ...] = ()
    pictures: tuple[Graph, ...] = ()
    missing: tuple[Missing, ...] = ()


def read_recording(deps: Deps, request: Request, path: Path) -> Seen:
    """Read a file by what it holds. Raises: BadRequest when it can't be read, ToolError."""
    try:
        match what_is(path):
            case "spans":
                findings, pictures = spans_seen(deps, path)
                return _without_profiles(request, path, findings, pictures)
            case "benchmarks":
                return _without_profiles(request, path, benchmarks_seen(deps, read_recorded(path), path))
            case "execution trace":
                return _trace_seen(deps, request, path)
            case "profile":
                started = deps.clock()
                profile = open_profile(path, lambda: deps.runner)
                return profile_seen(deps, request, profile, path, deps.clock() - started)
    except UnreadableOutput as error:
        raise BadRequest(str(error)) from error


def _trace_seen(deps: Deps, request: Request, path: Path) -> Seen:
    """An execution trace: its goroutines, pauses and spans, and what goroutines waited for as a profile."""
    findings, spans = trace_seen(deps, path)
    pictures: tuple[Graph, ...] = ()
    if spans.spans:
        more, pictures = requests_seen(deps, spans, path)
        findings += more
    started = deps.clock()
    waiting = trace_profile(deps.runner, find_go(deps.runner), path, "sync")
    if not waiting.samples:
        return _without_profiles(request, path, findings, pictures, language="go")
    seen = profile_seen(deps, request, waiting, path, deps.clock() - started)
    return replace(seen, findings=(*findings, *seen.findings), pictures=pictures)


def _without_profiles(
    request: Request,
    path: Path,
    findings: tuple[Finding, ...],
    pictures: tuple[Graph, ...] = (),
    language: Language = "python",
) -> Seen:
    own = OwnCode(language=language, root=path.parent)
    why = f"{path.name} was recorded before; nothing is run"
    return Seen(plan=observed_plan(request, language, own, why=why), findings=findings, pictures=pictures)


def profile_seen(deps: Deps, request: Request, profile: Profile, path: Path, duration_s: float) -> Seen:
    """One capture for each view of a profile, and what costs most in it, whoever's code it is."""
    language = language_of(profile)
    own = own_code_of(profile, language or "python")
    if request.sources is not None:
        profile, own = with_sources(profile, own, Path(request.sources))
    artefact = _keep(deps, profile)
    captures, findings = [], []
    views = views_of(profile, about_kept_memory=is_about_memory(request.question))
    for view, value in views.items():
        leading = top(profile, value=value, by="self", limit=TOP)
        evidence = deps.evidence.add(
            "capture",
            f"{view} profile, recorded",
            f"recording {path.name}",
            duration_s=duration_s,
            artefacts=[artefact],
            quantities=[
                *leading_figures(profile, value, leading),
                Quantity(name="stacks", value=float(profile.samples), unit="count"),
            ],
        )
        captures.append(
            CaptureRecord(
                evidence_id=evidence.id, profiler="recording", view=view, value=value, profile=artefact.path
            )
        )
        findings.append(leading_functions(evidence.id, view, value, leading))
    plan = observed_plan(
        request,
        language or "python",
        own,
        why=f"{path.name} was recorded before; nothing is run",
        notes=() if language else ("neither Go nor Python: nobody's code is told apart",),
    )
    return Seen(plan=plan, captures=tuple(captures), findings=tuple(findings))


def leading_figures(profile: Profile, value: str, leading: tuple[FunctionCost, ...]) -> list[Quantity]:
    """The figures that `leading_functions` speaks of."""
    factor, unit = base_unit(profile.value_types[profile.column(value)].unit)
    found = [Quantity(name=f"total_{value}", value=profile.total(value) * factor, unit=unit)]
    for n, cost in enumerate(leading, 1):
        found.append(Quantity(name=f"top_self_share_{n}", value=cost.self_share, unit="ratio"))
        found.append(Quantity(name=f"top_cumulative_share_{n}", value=cost.cumulative_share, unit="ratio"))
    return found


def leading_functions(
    evidence_id: str, view: ProfileView, value: str, leading: tuple[FunctionCost, ...]
) -> Finding:
    """What costs most by itself, whoever's code it is; the shares are quantities of the evidence."""
    return Finding(
        title=f"What costs most by itself: {VIEW_NAMES[view]} ({value})",
        text=f"Of {{{evidence_id}.total_{value}}} in all." if leading else "Nothing was recorded.",
        items=tuple(
            f"{quoted(readable(cost.function))}: {{{evidence_id}.top_self_share_{n}}} by itself, "
            f"{{{evidence_id}.top_cumulative_share_{n}}} with what it calls"
            for n, cost in enumerate(leading, 1)
        ),
        evidence=(evidence_id,),
    )


def observed_plan(
    request: Request,
    language: Language,
    own: OwnCode,
    *,
    why: str,
    notes: tuple[str, ...] = (),
    profilers: tuple[str, ...] = (),
    kind: Literal["recording", "live"] = "recording",
) -> Plan:
    """The plan of a target that is only looked at: no benchmarks."""
    return Plan(
        language=language,
        root=own.root.as_posix(),
        subdirectory="",
        workload=Workload(
            language=language,
            kind=kind,
            benchmarks=(),
            chosen_because=why,
        ),
        profilers=profilers,
        focus=focus_of(request.question, language),
        toolchain=request.target,
        module=own.module,
        notes=notes,
        kind=kind,
    )


def with_sources(profile: Profile, own: OwnCode, sources: Path) -> tuple[Profile, OwnCode]:
    """The profile and its own code as if it had been recorded where the sources are."""
    own_files = {f.file: own.relative(f) for f in profile.functions}
    named = tuple(
        replace(f, file=f.file if own_files[f.file] is None else str(sources / str(own_files[f.file])))
        for f in profile.functions
    )
    return replace(profile, functions=named), replace(own, root=sources)


def _keep(deps: Deps, profile: Profile) -> Artefact:
    """The profile in the run's folder. Raises: StorageFailed."""
    path = deps.folder.path / KEPT
    path.parent.mkdir(parents=True, exist_ok=True)
    write_pprof(profile, path)
    return deps.folder.artefact(path)
