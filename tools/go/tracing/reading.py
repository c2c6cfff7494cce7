"""Reading an execution trace, recorded by whomever: by `go tool trace`, confined, under limits."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from tools.errors import LimitExceeded, ProgramFailed, UnreadableOutput
from tools.go.program import GoProgram
from tools.go.tracing.events import parse_events
from tools.go.tracing.goroutines import GoroutineTimes
from tools.go.tracing.pauses import ASSIST, Ranges
from tools.go.tracing.spans import UserSpans
from tools.go.tracing.summary import TraceSummary
from tools.run.process import Completed, Limits, Runner
from tools.run.sandbox import Access
from tools.run.watch import size_text

MIB = 1024**2
NS_PER_S = 1e9


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceLimits:
    """What a trace may be before it is refused: its file, the text that it becomes, the events in it."""

    file_bytes: int = 256 * MIB
    text_bytes: int = 2048 * MIB
    events: int = 20_000_000
    timeout_s: float = 180.0


def read_trace(runner: Runner, go: GoProgram, path: Path, limits: TraceLimits | None = None) -> TraceSummary:
    """What the trace in a file tells, read to its end.

    Raises: UnreadableOutput when the file is no execution trace, is cut off, or is larger than the limits; ToolError
    when `go tool trace` can't be run.
    """
    limits = limits or TraceLimits()
    with tempfile.TemporaryDirectory(prefix="ask-profiler-") as name:
        text = Path(name) / "events"
        run_trace_tool(runner, go, path, "-d=parsed", text, limits)
        with text.open(encoding="utf-8", errors="replace", newline="\n") as lines:
            try:
                return summarise(lines, limits)
            except UnreadableOutput as error:
                raise UnreadableOutput(f"{path}: {error}") from error


def run_trace_tool(
    runner: Runner, go: GoProgram, path: Path, option: str, out: Path, limits: TraceLimits
) -> None:
    """`go tool trace OPTION path`, its output in the file `out`, in whose folder it runs. Raises: as read_trace."""
    check_is_trace(path, limits)
    go.build_cache.mkdir(parents=True, exist_ok=True)
    try:
        done = runner.run(
            [go.path, "tool", "trace", option, path.resolve()],
            cwd=out.parent,
            env=go.environment,
            access=Access(readable=(go.root, path.resolve()), writable=(out.parent, go.build_cache)),
            limits=Limits(
                timeout_s=limits.timeout_s,
                output_bytes=limits.text_bytes,
                memory_bytes=4096 * MIB,
            ),
            check=False,
            stdout_path=out,
            program="go tool trace",
        )
    except LimitExceeded as error:
        raise UnreadableOutput(f"{path}: the trace is too large to read ({error}): record it for a shorter time") \
            from error  # fmt: skip
    if done.exit_code != 0:
        raise _refused(path, done)


def check_is_trace(path: Path, limits: TraceLimits) -> None:
    """Raises: UnreadableOutput when a file can't be read, is too large, or doesn't begin as a trace does."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(16)
    except OSError as error:
        raise UnreadableOutput(f"{path}: can't be read: {error.strerror}") from error
    if size > limits.file_bytes:
        raise UnreadableOutput(
            f"{path}: a trace of {size_text(size)} (at most {size_text(limits.file_bytes)}): "
            "record it for a shorter time"
        )
    if not is_trace(head):
        raise UnreadableOutput(
            f"{path}: no Go execution trace (it doesn't begin with `go 1.… trace`); record one by "
            "`go test -trace FILE`, runtime/trace, or /debug/pprof/trace?seconds=1"
        )


def is_trace(head: bytes) -> bool:
    """Whether a file with these first 16 bytes is a Go execution trace. Source: internal/trace/version."""
    return head.startswith(b"go 1.") and head.rstrip(b"\0").endswith(b" trace")


def _refused(path: Path, done: Completed) -> UnreadableOutput | ProgramFailed:
    words = " ".join(done.stderr.split())[-500:] or "it said nothing"
    if done.exit_code == 1:
        return UnreadableOutput(
            f"{path}: the trace is cut off or damaged: go tool trace says: {words}. Record it again and let the "
            "program stop the trace before it ends"
        )
    return ProgramFailed(
        f"go tool trace ended with exit code {done.exit_code} on {path}: {words}",
        exit_code=done.exit_code,
        stderr_tail=words,
    )


def summarise(lines: Iterable[str], limits: TraceLimits | None = None) -> TraceSummary:
    """The summary of a trace in the text form of `go tool trace -d=parsed`.

    Raises: UnreadableOutput with the line that isn't understood, or when there is no event.
    """
    limits = limits or TraceLimits()
    times, ranges, spans = GoroutineTimes(), Ranges(), UserSpans()
    count = begin_ns = end_ns = 0
    for event in parse_events(lines):
        if count == 0:
            begin_ns = times.begin_ns = ranges.begin_ns = event.time_ns
        count += 1
        if count > limits.events:
            raise UnreadableOutput(f"over {limits.events} events: record the trace for a shorter time")
        end_ns = event.time_ns
        match event.kind:
            case "Sync":  # from here on the trace tells every state anew
                times.begin_ns = ranges.begin_ns = event.time_ns
            case "StateTransition":
                times.transition(event)
            case "RangeBegin" | "RangeActive" | "RangeEnd":
                ended = ranges.take(event)
                if ended is not None and ended.name == ASSIST:
                    times.assisted(ended.goroutine, ended.lasted_ns)
            case "RegionBegin" | "RegionEnd":
                spans.region(event)
            case "TaskBegin" | "TaskEnd":
                spans.task(event)
            case _:
                pass
    if not times.seen:  # the head alone is told as one Sync
        raise UnreadableOutput(
            "the trace holds no event: record it again, for longer, and let the program stop it before it ends"
        )
    for ended in ranges.close(end_ns):
        if ended.name == ASSIST:
            times.assisted(ended.goroutine, ended.lasted_ns)
    return _summary(times, ranges, spans, begin_ns, end_ns, count)


def _summary(
    times: GoroutineTimes, ranges: Ranges, spans: UserSpans, begin_ns: int, end_ns: int, count: int
) -> TraceSummary:
    found = TraceSummary(
        duration_s=(end_ns - begin_ns) / NS_PER_S,
        events=count,
        goroutines=times.groups(end_ns),
        created=times.created,
        gc_cycles=ranges.cycles,
        collecting_s=ranges.collecting_ns / NS_PER_S,
        pauses=ranges.pauses(),
        scheduling=times.latency(),
        tasks=spans.tasks(begin_ns, end_ns),
        regions=spans.regions(begin_ns, end_ns),
    )
    if any(not t.is_complete for t in found.tasks) or any(not r.is_complete for r in found.regions):
        return replace(found, warnings=("tasks or regions began before the trace or went on after it",))
    return found
