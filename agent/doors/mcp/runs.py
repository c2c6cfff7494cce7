"""The tools that start runs or show them: `profile`, `optimize`, `verify_change`, `report`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Literal, assert_never

from mcp.server.mcpserver import Context
from mcp_types import CallToolResult, InputRequiredResult

from agent.access.caller import Caller
from agent.doors.mcp.changes import given_change, root_of
from agent.doors.mcp.choosing import Undecided, job_for
from agent.doors.mcp.names import DOOR
from agent.doors.mcp.parameters import (
    TOKENS,
    WAIT_S,
    AnyRun,
    MinimumGain,
    Offset,
    Patch,
    Question,
    RunId,
    Sizes,
    Target,
    Title,
    TokenLimit,
    WaitSeconds,
    WorkloadName,
)
from agent.doors.mcp.results import (
    OptimizeResult,
    ProfileResult,
    ReportPage,
    RunResult,
    VerifyResult,
    fitted,
    replied,
)
from agent.doors.mcp.summaries import (
    optimize_result,
    paged,
    profile_result,
    run_result,
    undecided,
    verify_result,
)
from agent.doors.mcp.tool import CallerOf
from agent.doors.mcp.waiting import Waiting, in_thread
from agent.doors.spelling import Spelling, spelling_for
from agent.errors import BadRequest
from agent.jobs.desk import Desk
from agent.jobs.job import Job, Message
from agent.rendering import json as json_rendering
from agent.rendering import markdown
from agent.report import Report
from agent.request import Change
from agent.targets import is_live, kind_of, locate

LISTED = 30
"""So many targets are named to who names one that isn't there."""
QUESTION = "What is slow here, and what can be done about it?"
TITLE = "the given change"
Profiled = Annotated[CallToolResult, ProfileResult] | InputRequiredResult
Optimized = Annotated[CallToolResult, OptimizeResult] | InputRequiredResult
Verified = Annotated[CallToolResult, VerifyResult] | InputRequiredResult
Paged = Annotated[CallToolResult, ReportPage]
Reported = tuple[RunResult, Report]
"""A run that is done, and its report."""
Format = Literal["markdown", "json", "patch"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunTools:
    """Tools over the desk's jobs, for whoever calls."""

    desk: Desk
    caller_of: CallerOf
    waiting: Waiting

    async def profile(
        self,
        context: Context,
        target: Target = "",
        question: Question = "",
        workload: WorkloadName = "",
        sizes: Sizes = (),
        run: RunId = "",
        wait_s: WaitSeconds = WAIT_S,
        tokens: TokenLimit = TOKENS,
    ) -> Profiled:
        """Find out why a program is slow or big: real profilers and benchmarks are run on a private copy of it, which
        takes minutes. Gives up to three bottlenecks with place, share, severity and root cause, and the profiles for
        `top`, `peek`, `annotated_source` and `compare`. Changes were tried, too: `optimize` with the `run` shows them.
        """
        message = _asked(run, target, question, workload, sizes)
        done = await self._carried_out(context, message, run, wait_s)
        if not isinstance(done, tuple):
            return _unfinished(ProfileResult, done)
        least = ("warnings", "unmeasured", "findings", "profiles", "bottlenecks")
        return replied(fitted(profile_result(*done, self._spelling(context)), tokens, least))

    async def optimize(
        self,
        context: Context,
        target: Target = "",
        question: Question = "",
        workload: WorkloadName = "",
        sizes: Sizes = (),
        run: RunId = "",
        wait_s: WaitSeconds = WAIT_S,
        tokens: TokenLimit = TOKENS,
    ) -> Optimized:
        """Have a program made faster or smaller: as `profile`, and gives the changes that are proven (tests pass,
        results are equal, beyond doubt faster in pairs of runs), with gains and their intervals, the rejected ones with
        the reason, and one patch of all the accepted ones. Nothing is applied. "Nothing worth changing" is an answer.
        """
        message = _asked(run, target, question, workload, sizes)
        done = await self._carried_out(context, message, run, wait_s)
        if not isinstance(done, tuple):
            return _unfinished(OptimizeResult, done)
        head, report = done
        patch = await in_thread(lambda: patch_of(self.desk, self.caller_of(context), head.run, report))
        result = optimize_result(head, report, self._spelling(context), patch, patch_tokens=tokens // 2)
        return replied(fitted(result, tokens, ("rejected", "warnings", "together", "accepted")))

    async def verify_change(
        self,
        context: Context,
        patch: Patch = "",
        target: Target = "",
        title: Title = "",
        workload: WorkloadName = "",
        sizes: Sizes = (),
        no_slower: bool = False,
        minimum_gain: MinimumGain = None,
        harness: bool = False,
        run: RunId = "",
        wait_s: WaitSeconds = WAIT_S,
        tokens: TokenLimit = TOKENS,
    ) -> Verified:
        """Judge a change that you or somebody else wrote, before you call it an improvement: does it apply and build,
        do tests pass, are results equal, is it no trick, and is it beyond doubt faster in pairs of runs? `no_slower`
        accepts what makes nothing slower, for changes that aren't about speed. `harness` uses the tests, benchmarks and
        build files of the change on both sides; else it may change none. The working tree is only read.
        """
        caller = self.caller_of(context)
        message = _asked(run, target, patch and (title or TITLE), workload, sizes)

        def given() -> Change:
            return given_change(
                patch,
                self._root(caller, target),
                title=title or TITLE,
                no_slower=no_slower,
                harness=harness,
                minimum_gain=minimum_gain,
            )

        if message is not None:
            message = replace(message, text=title or TITLE, change=await in_thread(given))
        done = await self._carried_out(context, message, run, wait_s)
        if not isinstance(done, tuple):
            return _unfinished(VerifyResult, done)
        job = await in_thread(lambda: self.desk.job(caller, done[0].run))
        if job.request.change is None:
            raise BadRequest(
                f"run {job.id} judged no given change: `profile` and `optimize` show what it found"
            )
        result = verify_result(*done, spelling_for(caller))
        least = ("evidence", "warnings", "not_measured", "checks", "comparisons")
        return replied(fitted(result, tokens, least))

    async def report(
        self,
        context: Context,
        run: AnyRun,
        format: Format = "markdown",
        offset: Offset = 0,
        tokens: TokenLimit = TOKENS,
    ) -> Paged:
        """Read the whole report of a finished run, page by page: `markdown` to read, `json` with every measurement
        behind every number, or the `patch` of what was accepted (or given).
        """
        caller = self.caller_of(context)
        whole = await in_thread(lambda: whole_report(self.desk, caller, run, format))
        if offset > len(whole):
            raise BadRequest(
                f"the {format} of run {run} has {len(whole)} characters: `offset` {offset} is beyond"
            )
        text, rest = paged(whole, offset, tokens)
        page = ReportPage(
            run=run, format=format, offset=offset, next_offset=rest, characters=len(whole), text=text
        )
        more = "" if rest is None else f"\n\n[{len(whole) - rest:,} more characters: `offset` {rest}]"
        return replied(page, text=text + more)

    async def _carried_out(
        self, context: Context, message: Message | None, run: str, wait_s: float
    ) -> Reported | RunResult | InputRequiredResult:
        """The report of a run that is done; how far one is that isn't, or wasn't begun. Raises: Refused, BadRequest."""
        caller, spelling = self.caller_of(context), self._spelling(context)
        found: Job | Undecided | InputRequiredResult
        if message is None:
            found = await in_thread(lambda: self.desk.job(caller, run))
        else:
            named = message.target or ""
            where = await in_thread(lambda: self._target(caller, named))
            found = await job_for(self.desk, caller, replace(message, target=where), context)
        if isinstance(found, Undecided):
            return undecided(found)
        if not isinstance(found, Job):
            return found
        job = await self.waiting.ended(self.desk, caller, found, context, wait_s)
        head = run_result(job, spelling)
        if job.state != "done":
            return head
        return head, await in_thread(lambda: self.desk.report(caller, job.id))

    def _spelling(self, context: Context) -> Spelling:
        return spelling_for(self.caller_of(context))

    def _target(self, caller: Caller, named: str) -> str | None:
        """What a caller calls the target: a local one's path becomes absolute, and nothing is the current folder where
        agent.yaml names no target. What anyone may reach is decided by the desk.

        Raises: BadRequest for a local one's path that is no target, before anything is begun.
        """
        theirs = self.desk.targets(caller)
        if not caller.is_local or named in theirs or is_live(named):
            return named or None
        if not named and theirs:
            return None
        path = Path(named).expanduser().absolute()
        if named == path.name and not path.exists():
            raise BadRequest(
                f"there is no target {named[:64]!r}: {_listed(theirs)}, and {path.parent} holds nothing called so; "
                "give a path, http://HOST:PORT of a pprof endpoint, or pid:N of a process"
            )
        if kind_of(str(path)) == "project":
            locate(path)
        return str(path)

    def _root(self, caller: Caller, named: str) -> Path | None:
        """Where the target lies on this machine, if the caller may reach it and it does."""
        theirs, known = self.desk.targets(caller), self.desk.settings.targets
        target = self._target(caller, named) or (next(iter(theirs)) if len(theirs) == 1 else None)
        return root_of(target, known) if caller.is_local or target in theirs else None


def whole_report(desk: Desk, caller: Caller, run: str, form: Format) -> str:
    """A run's report as text. Raises: NotThere, BadRequest when the run hasn't ended or has no patch."""
    report = desk.report(caller, run)
    match form:
        case "markdown":
            return markdown.render(report)
        case "json":
            return json_rendering.render(report)
        case "patch":
            change = desk.job(caller, run).request.change
            patch = patch_of(desk, caller, run, report) if change is None else change.patch
            if not patch:
                raise BadRequest(f"run {run} has no patch: no change was accepted")
            return patch
        case _:
            assert_never(form)


def patch_of(desk: Desk, caller: Caller, run: str, report: Report) -> str:
    """The patch of all accepted changes, "" without any. Raises: NotThere."""
    return desk.file(caller, run, report.patch).decode(errors="replace") if report.patch else ""


def _listed(targets: Collection[str]) -> str:
    """Which targets agent.yaml names, the first of very many."""
    more = f" and {len(targets) - LISTED} more" if len(targets) > LISTED else ""
    return (
        f"agent.yaml names {', '.join(sorted(targets)[:LISTED])}{more}"
        if targets
        else "agent.yaml names none"
    )


def _asked(run: str, target: str, question: str, workload: str, sizes: Sequence[int]) -> Message | None:
    """The message of a call, None where it is about a run that is there. Raises: BadRequest for both."""
    if not run:
        return Message(
            text=question.strip() or QUESTION,
            door=DOOR,
            target=target or None,
            workload=workload or None,
            sizes=tuple(sizes),
        )
    if target or question or workload or sizes:
        raise BadRequest("`run` shows a run that is there: leave it out to start one, or give nothing else")
    return None


def _unfinished(
    kind: type[RunResult], found: RunResult | InputRequiredResult
) -> CallToolResult | InputRequiredResult:
    """What is answered without a report: the question to the user, what must be chosen, how far the run is."""
    if isinstance(found, InputRequiredResult):
        return found
    return replied(kind.model_validate(found.model_dump()), is_error=found.state == "failed")
