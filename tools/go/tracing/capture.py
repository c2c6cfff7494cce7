"""Capturing an execution trace of benchmarks, tests or a command, with its four profiles and its figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.errors import UnreadableOutput
from tools.go.collecting import Collector
from tools.go.kinds import TRACE, TRACE_BYTES
from tools.go.program import GoProgram
from tools.go.tracing.profiles import trace_profiles
from tools.go.tracing.reading import TraceLimits, read_trace
from tools.go.tracing.summary import TraceSummary
from tools.measure.toolchain import Build, Capture, ProfileView
from tools.measure.workload import Workload
from tools.profiles.combine import combine
from tools.profiles.pprof import write_pprof
from tools.profiles.profile import Profile
from tools.run.process import Runner
from tools.run.reading import read_written
from tools.run.watch import size_text

MAX_SECONDS = 0.5
MAX_PROCESSES = 3
"""Reading traces takes far longer than writing them."""
LIMITS = TraceLimits(file_bytes=64 * 1024**2)
Quantities = dict[str, tuple[float, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class GoTracer:
    """The execution trace as a profiler. Traces are kept beside the profile: `go-trace.trace` and so on."""

    runner: Runner
    go: GoProgram
    processors: int

    @property
    def name(self) -> str:
        """Always `go-trace`."""
        return TRACE.name

    @property
    def view(self) -> ProfileView:
        """What goroutines wait for."""
        return TRACE.view

    def unavailable(self) -> str | None:
        """Always there with the toolchain."""
        return None

    def capture(self, build: Build, workload: Workload, *, seconds: float, out: Path) -> Capture:
        """Trace the first benchmarks for their part of `seconds`, at most half a second in all; a command as it runs.

        Each process's trace ends at some megabytes; what is left out is a warning. Raises: ToolError.
        """
        out.mkdir(parents=True, exist_ok=True)
        spent = self.runner.seconds_spent
        collector = Collector(kind=TRACE, runner=self.runner, go=self.go, processors=self.processors)
        found: list[tuple[TraceSummary, Profile]] = []
        warnings: list[str] = []
        for run in collector.runs(build, workload, min(seconds, MAX_SECONDS)):
            if len(found) == MAX_PROCESSES:
                warnings.append(
                    f"only the first {MAX_PROCESSES} processes of the workload were traced: name fewer benchmarks"
                )
                break
            content = read_written(build.root, run.folder / TRACE.file, limit_bytes=LIMITS.file_bytes)
            if not content:
                raise UnreadableOutput(
                    f"{self.name}: no trace was written: the program ended before it could be"
                )
            kept = out / (f"{self.name}-{len(found) + 1}.trace" if found else f"{self.name}.trace")
            kept.write_bytes(content)
            summary = read_trace(self.runner, self.go, kept, LIMITS)
            if len(content) > TRACE_BYTES:
                warnings.append(
                    f"the trace was stopped after {summary.duration_s:.3f} s, at {size_text(len(content))}"
                )
            found.append((summary, trace_profiles(self.runner, self.go, kept, LIMITS)))
        profile = combine([p for _, p in found])
        path = out / f"{self.name}.pb.gz"
        write_pprof(profile, path)
        summaries = [summary for summary, _ in found]
        return Capture(
            profiler=self.name,
            view=self.view,
            value=TRACE.value,
            profile=profile,
            profile_path=path,
            argv=("go", "test", "trace", f"{min(seconds, MAX_SECONDS):g}s"),
            tool_version=self.go.version,
            exit_code=0,
            duration_s=self.runner.seconds_spent - spent,
            quantities=trace_quantities(summaries),
            warnings=(*warnings, *dict.fromkeys(w for s in summaries for w in s.warnings)),
        )


def trace_quantities(summaries: Sequence[TraceSummary]) -> Quantities:
    """The figures of one or several traces: times added up, the longest of what is a maximum.

    Goroutines' times are of the program's own, without the runtime's; what waits is many at a time, so that these
    are more than the trace's duration. `gc_pause_share` (0-1) is of that duration.
    """
    duration_s = sum(s.duration_s for s in summaries)
    pause_s = sum(s.gc_pause_s for s in summaries)
    own = [g for s in summaries for g in s.goroutines if not g.is_runtime]
    waits = [s.scheduling for s in summaries]
    found: Quantities = {
        "trace_duration": (duration_s, "s"),
        "trace_events": (float(sum(s.events for s in summaries)), "count"),
        "goroutines_created": (float(sum(s.created for s in summaries)), "count"),
        "gc_cycles": (float(sum(s.gc_cycles for s in summaries)), "count"),
        "gc_active": (sum(s.collecting_s for s in summaries), "s"),
        "gc_pauses": (float(sum(p.count for s in summaries for p in s.pauses if p.is_collection)), "count"),
        "gc_pause": (pause_s, "s"),
        "gc_pause_max": (max(s.gc_pause_max_s for s in summaries), "s"),
        "gc_pause_share": (pause_s / duration_s if duration_s else 0.0, "ratio"),
        "stop_the_world": (sum(p.total_s for s in summaries for p in s.pauses), "s"),
        "execution": (sum(g.execution_s for g in own), "s"),
        "scheduler_wait": (sum(g.scheduler_wait_s for g in own), "s"),
        "sync_wait": (sum(g.sync_blocked_s for g in own), "s"),
        "network_wait": (sum(g.blocked_s.get("network", 0.0) for g in own), "s"),
        "syscall": (sum(g.syscall_s for g in own), "s"),
        "gc_assist": (sum(g.assist_s for g in own), "s"),
        "sched_latency_count": (float(sum(w.count for w in waits)), "count"),
        "sched_latency_max": (max(w.max_s for w in waits), "s"),
    }
    if len(waits) == 1:  # quantiles of several traces can't be added up
        found["sched_latency_p50"] = (waits[0].p50_s, "s")
        found["sched_latency_p99"] = (waits[0].p99_s, "s")
    return found
