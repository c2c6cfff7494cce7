"""What a live program shows: profiles one at a time, what they cost it, what grows in it, and what waits.

Nothing is started, copied or changed. The load on the program is somebody else's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from agent.deps import Deps
from agent.nodes.capture import failed, is_ranked, keep
from agent.nodes.live_findings import Taken, contention_told, cost_told, growth_told, standing_told
from agent.nodes.recordings import TOP, Seen, leading_figures, leading_functions, observed_plan, with_sources
from agent.planning import is_about_growth, is_about_memory
from agent.report import Finding
from agent.request import Missing, Request
from agent.state import CaptureRecord
from agent.targets import pid_of
from tools.errors import Cancelled, ToolError
from tools.go.choosing import LOCKS, WAITING
from tools.live.endpoint import Endpoint
from tools.live.kinds import KINDS
from tools.live.leaks import watch_for_leaks
from tools.live.pids import CPU, MEMORY, THREADS, VIEWS, LiveProcess
from tools.measure.toolchain import Capture, ProfileView
from tools.measure.workload import Language
from tools.profiles.origin import NOWHERE, language_of, own_code_of
from tools.profiles.ownership import OwnCode
from tools.profiles.pprof import write_pprof
from tools.profiles.profile import Profile
from tools.profiles.queries import top

WHEN = "live"
GROWTH_S = 60.0
"""How long growth is watched when the question is about it."""
ALLOCATES = re.compile(r"\balloc|\bgarbage\b|\bGC\b|\bcollector\b", re.IGNORECASE)
WAITS = re.compile(rf"{LOCKS.pattern}|{WAITING.pattern}|\bgoroutines?\b|\bchannel", re.IGNORECASE)
THREADS_ASKED = re.compile(r"\bthreads?\b", re.IGNORECASE)
GOROUTINES = re.compile(r"\bgoroutines?\b", re.IGNORECASE)
NO_GROWTH = (
    "growth is watched at Go's endpoints; of Python's memory a workload that ask-profiler starts tells which lines go "
    "on keeping it: ask about the project, not the process"
)
WHY = "it runs already, under a load that isn't ours; it is only looked at"


def live_seen(deps: Deps, request: Request, say: Callable[[str], None]) -> Seen:
    """Look at a program that runs. Raises: ToolError when it can't be reached or looked into, AgentError."""
    program = _program(deps, request)
    say(f"{request.target}: asking what it offers")
    offered = program.kinds()
    wanted = kinds_for(request.question, offered)
    captures, missing = _captures(deps, request, program, wanted, say)
    if isinstance(program, LiveProcess):
        missing += _missing_memray(request, program)
    watched, unwatched = _growth(deps, request, program, say)
    missing += unwatched
    language, own = _origin(captures, request)
    seen = [_with_sources(c, own, request) for c in captures]
    own = replace(own, root=Path(request.sources)) if request.sources else own
    taken = [as_taken(deps, kind, capture) for kind, capture in seen]
    ranked = _ranked(deps, taken, request)
    plan = observed_plan(
        request, language, own, why=WHY, profilers=tuple(t.capture.profiler for t in taken), kind="live"
    )
    findings = (
        *watched,
        *contention_told(deps, taken),
        *(costliest(t) for t in taken if t.record in ranked and t.record.view != "goroutines"),
        *(standing_told(deps, t.capture.profile, own) for t in taken if t.kind == "goroutine"),
        *cost_told(taken),
    )
    return Seen(plan=plan, captures=tuple(ranked), findings=findings, missing=tuple(missing))


def kinds_for(question: str, offered: Sequence[str]) -> tuple[str, ...]:
    """The profiles worth taking of those that are offered, in that order.

    The CPU profile of a program that waits or leaks shows symptoms, so locks, goroutines and memory are looked at,
    whatever the question.
    """
    wanted = {CPU, THREADS, "profile", "heap", "goroutine", "goroutineleak", "mutex"}
    asked = {
        MEMORY: is_about_memory(question),
        "allocs": is_about_memory(question) or bool(ALLOCATES.search(question)),
        "block": bool(WAITS.search(question)),
        "threadcreate": bool(THREADS_ASKED.search(question)),
    }
    wanted |= {kind for kind, is_asked in asked.items() if is_asked}
    return tuple(kind for kind in offered if kind in wanted)


def _program(deps: Deps, request: Request) -> Endpoint | LiveProcess:
    """What is asked: an endpoint, which a Go process has, too, or a Python process. Raises: BadRequest, ToolError."""
    pid, header = pid_of(request.target), request.watching.header_env
    cancelled = deps.runner.is_cancelled
    if pid is None:
        return Endpoint(
            url=request.target, header_env=header, environment=deps.environment, is_cancelled=cancelled
        )
    process = LiveProcess(
        pid=pid,
        runner=deps.runner,
        header_env=header,
        environment=dict(deps.environment),
        is_cancelled=cancelled,
    )
    return process.endpoint() if process.process().language == "go" else process


def _captures(
    deps: Deps,
    request: Request,
    program: Endpoint | LiveProcess,
    kinds: Sequence[str],
    say: Callable[[str], None],
) -> tuple[list[tuple[str, Capture]], list[Missing]]:
    """One after the other. Raises: ToolError when not a single one could be taken."""
    found: list[tuple[str, Capture]] = []
    missing: list[Missing] = []
    out, seconds = deps.folder.path / "profiles", request.watching.capture_s
    last: ToolError | None = None
    for kind in kinds:
        say(f"{kind}: watching {request.target}")
        try:
            found.append((kind, program.capture(kind, seconds, out)))
        except Cancelled:
            raise
        except ToolError as error:
            last = error
            missing.append(failed(deps, kind, _view(kind), WHEN, error))
    if not found and last is not None:
        raise last
    return found, missing


def _view(kind: str) -> ProfileView:
    return KINDS[kind].view if kind in KINDS else VIEWS[kind][0]


def _growth(
    deps: Deps, request: Request, program: Endpoint | LiveProcess, say: Callable[[str], None]
) -> tuple[tuple[Finding, ...], list[Missing]]:
    """What grows, where that is asked, by word or by seconds; or why it can't be watched."""
    seconds = request.watching.growth_s
    if seconds is None:
        question = request.question
        asked = is_about_growth(question) or is_about_memory(question) or GOROUTINES.search(question)
        seconds = GROWTH_S if asked else 0.0
    if not seconds:
        return (), []
    if isinstance(program, LiveProcess):
        return (), [_unwatched(NO_GROWTH)]
    say(f"watching what grows for {seconds:g} s")
    started = deps.clock()
    try:
        watched = watch_for_leaks(
            program,
            seconds=seconds,
            counter=request.watching.counter,
            say=lambda text: say(f"watching what grows for {seconds:g} s: {text}"),
        )
    except Cancelled:
        raise
    except ToolError as error:
        deps.evidence.add("missing", "growth (live)", "ask-profiler growth", failure=str(error))
        return (), [_unwatched(str(error))]
    return growth_told(deps, watched, program.address.pprof, deps.clock() - started), []


def _missing_memray(request: Request, program: LiveProcess) -> list[Missing]:
    """That a question about memory is answered without memory, where that is so."""
    why = program.unavailable(MEMORY) if is_about_memory(request.question) else None
    return [] if why is None else [Missing(what=MEMORY, leaves_unmeasured="the memory view", remedy=why)]


def _unwatched(why: str) -> Missing:
    return Missing(what="growth (live)", leaves_unmeasured="whether anything leaks", remedy=why)


def _origin(captures: Sequence[tuple[str, Capture]], request: Request) -> tuple[Language, OwnCode]:
    """The language, and the program's own code: goroutines name the main package, which samples of CPU rarely do."""
    profiles = [c.profile for kind, c in sorted(captures, key=lambda pair: pair[0] != "goroutine")]
    told_languages = [found for p in profiles if (found := language_of(p)) is not None]
    language: Language = told_languages[0] if told_languages else "go"
    owns = [own_code_of(p, language) for p in profiles]
    return language, next((own for own in owns if own.module or own.root != NOWHERE), owns[0])


def _with_sources(taken: tuple[str, Capture], own: OwnCode, request: Request) -> tuple[str, Capture]:
    """The capture with its own files named as they are in the folder of sources."""
    kind, capture = taken
    if request.sources is None:
        return taken
    profile, _ = with_sources(capture.profile, own, Path(request.sources))
    write_pprof(profile, capture.profile_path)
    return kind, replace(capture, profile=profile)


def as_taken(deps: Deps, kind: str, capture: Capture) -> Taken:
    """A capture as evidence, with every figure that is told of it."""
    leading = top(capture.profile, value=capture.value, by="self", limit=TOP)
    figures = leading_figures(capture.profile, capture.value, leading)
    new = [
        q for q in figures if q.name not in capture.quantities
    ]  # most captures measure their total themselves
    record = keep(deps, capture, WHEN, new)
    return Taken(kind=kind, capture=capture, record=record, leading=leading)


def costliest(taken: Taken) -> Finding:
    """What costs most by itself in a capture, whoever's code it is."""
    record = taken.record
    return leading_functions(record.evidence_id, record.view, record.value, taken.leading)


def _ranked(deps: Deps, taken: Sequence[Taken], request: Request) -> list[CaptureRecord]:
    """One capture for each view: where its own code costs something. What is held counts if memory is asked about."""
    best: dict[ProfileView, Taken] = {}
    preferred = ("heap", "allocs") if is_about_memory(request.question) else ("allocs", "heap")
    for t in sorted(taken, key=lambda t: preferred.index(t.kind) if t.kind in preferred else len(preferred)):
        if (
            t.kind not in ("goroutineleak", "block")
            and is_ranked(deps, t.record)
            and _holds_any(t.capture.profile, t)
        ):
            best.setdefault(t.record.view, t)
    return [t.record for t in taken if best.get(t.record.view) is t]


def _holds_any(profile: Profile, taken: Taken) -> bool:
    return profile.samples > 0 and profile.total(taken.capture.value) > 0
