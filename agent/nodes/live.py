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
from agent.nodes.noticed import noticed
from agent.nodes.recordings import TOP, Seen, leading_functions, leading_shares, observed_plan, with_sources
from agent.planning import focus_of, is_about_memory
from agent.report import Finding
from agent.request import Missing, Request
from agent.state import CaptureRecord
from agent.targets import pid_of
from tools.errors import Cancelled, ToolError
from tools.live.endpoint import Endpoint
from tools.live.kinds import KINDS
from tools.live.leaks import watch_for_leaks
from tools.live.pids import CPU, MEMORY, THREADS, VIEWS, LiveProcess
from tools.measure.toolchain import Capture, ProfileView
from tools.measure.workload import Language
from tools.profiles.origin import language_of, own_code_of
from tools.profiles.ownership import OwnCode
from tools.profiles.pprof import write_pprof
from tools.profiles.profile import Profile
from tools.profiles.queries import top

WHEN = "live"
GROWTH_S = 60.0
"""How long growth is watched when the question is about it."""
GROWS = re.compile(
    r"\bleak|\bgrow|\bincreas|\bmore and more\b|\bcreep|\bclimb|\bOOM\b|\bgoroutines?\b", re.IGNORECASE
)
ALLOCATES = re.compile(r"\balloc|\bgarbage\b|\bGC\b|\bcollector\b", re.IGNORECASE)
WAITS = re.compile(
    r"\bblock|\bwait|\block|\bcontention\b|\bcontended\b|\bmutex\b|\bdeadlock|\bgoroutines?\b|\bchannel",
    re.IGNORECASE,
)
THREADS_ASKED = re.compile(r"\bthreads?\b", re.IGNORECASE)
WHY = "it runs already, under a load that isn't ours; it is only looked at"


def live_seen(deps: Deps, request: Request, say: Callable[[str], None]) -> Seen:
    """Look at a program that runs. Raises: ToolError when it can't be reached or looked into, AgentError."""
    program = _program(deps, request)
    say(f"{request.target}: asking what it offers")
    offered = program.kinds()
    wanted = kinds_for(request.question, offered)
    captures, missing = _captures(deps, request, program, wanted, say)
    endpoint = program.endpoint() if isinstance(program, LiveProcess) and "goroutine" in offered else program
    watched: tuple[Finding, ...] = ()
    if isinstance(endpoint, Endpoint):
        watched, unwatched = _growth(deps, request, endpoint, say)
        missing += unwatched
    language, own = _origin(captures, request)
    seen = [_with_sources(c, own, request) for c in captures]
    own = replace(own, root=Path(request.sources)) if request.sources else own
    taken = [_keep(deps, kind, capture) for kind, capture in seen]
    ranked = _ranked(deps, taken, request)
    others = [t.record for t in taken if t.record not in ranked]
    plan = observed_plan(
        request, language, own, why=WHY, profilers=tuple(t.capture.profiler for t in taken), kind="live"
    )
    findings = (
        *watched,
        *contention_told(deps, taken),
        *noticed(deps, others),
        *(_costliest(t) for t in taken if t.record in ranked and t.record.view != "goroutines"),
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
    """Raises: BadRequest, ToolError for an address or a header that can't be used."""
    pid, header = pid_of(request.target), request.watching.header_env
    cancelled = deps.runner.is_cancelled
    if pid is None:
        return Endpoint(
            url=request.target, header_env=header, environment=deps.environment, is_cancelled=cancelled
        )
    return LiveProcess(
        pid=pid,
        runner=deps.runner,
        header_env=header,
        environment=dict(deps.environment),
        is_cancelled=cancelled,
    )


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
    deps: Deps, request: Request, endpoint: Endpoint, say: Callable[[str], None]
) -> tuple[tuple[Finding, ...], list[Missing]]:
    seconds = request.watching.growth_s
    if seconds is None:
        is_asked = GROWS.search(request.question) or is_about_memory(request.question)
        seconds = GROWTH_S if is_asked else 0.0
    if not seconds:
        return (), []
    say(f"watching what grows for {seconds:g} s")
    started = deps.clock()
    try:
        watched = watch_for_leaks(
            endpoint,
            seconds=seconds,
            counter=request.watching.counter,
            say=lambda text: say(f"watching what grows for {seconds:g} s: {text}"),
        )
    except Cancelled:
        raise
    except ToolError as error:
        deps.evidence.add("missing", "growth (live)", "ask-profiler growth", failure=str(error))
        return (), [
            Missing(what="growth (live)", leaves_unmeasured="whether anything leaks", remedy=str(error))
        ]
    return growth_told(deps, watched, endpoint.address.pprof, deps.clock() - started), []


def _origin(captures: Sequence[tuple[str, Capture]], request: Request) -> tuple[Language, OwnCode]:
    """The language, and the program's own code: goroutines name the main package, which samples of CPU rarely do."""
    if not captures:
        return "go", OwnCode(language="go", root=Path("/nowhere"))
    profiles = [c.profile for kind, c in sorted(captures, key=lambda pair: pair[0] != "goroutine")]
    told_languages = [found for p in profiles if (found := language_of(p)) is not None]
    language: Language = told_languages[0] if told_languages else "go"
    owns = [own_code_of(p, language) for p in profiles]
    told = [own for own in owns if own.module or own.root != Path("/nowhere")]
    return language, (told or owns)[0]


def _with_sources(taken: tuple[str, Capture], own: OwnCode, request: Request) -> tuple[str, Capture]:
    """The capture with its own files named as they are in the folder of sources. Raises: BadRequest."""
    kind, capture = taken
    if request.sources is None:
        return taken
    profile, _ = with_sources(capture.profile, own, Path(request.sources))
    write_pprof(profile, capture.profile_path)
    return kind, replace(capture, profile=profile)


def _keep(deps: Deps, kind: str, capture: Capture) -> Taken:
    leading = top(capture.profile, value=capture.value, by="self", limit=TOP)
    return Taken(kind=kind, capture=capture, record=keep(deps, capture, WHEN, leading_shares(leading)))


def _costliest(taken: Taken) -> Finding:
    capture = taken.capture
    leading = top(capture.profile, value=capture.value, by="self", limit=TOP)
    return leading_functions(taken.record.evidence_id, capture.view, capture.value, leading)


def _ranked(deps: Deps, taken: Sequence[Taken], request: Request) -> list[CaptureRecord]:
    """One capture for each view: where its own code costs something. What is held counts if memory is asked about."""
    held_first = focus_of(request.question, "go")[0] == "memory"
    best: dict[ProfileView, Taken] = {}
    preferred = ("heap", "allocs") if held_first else ("allocs", "heap")
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
