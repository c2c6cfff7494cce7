"""Go profiles of benchmarks, tests or a command: CPU, heap, goroutines and leaked ones, locks, waits, threads.

CPU and heap profiles of test binaries come from the testing package's own flags (which force a collection before the
heap is written), and so do those of locks and waits. kinds.py lists all of them, collecting.py runs the processes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tools.errors import UnreadableOutput
from tools.go.collecting import Collector
from tools.go.experiments import find_leak_profile
from tools.go.kinds import CPU, GOROUTINE, LEAK, MUTEX, RUNTIME, GoKind
from tools.go.metrics import RuntimeMetrics, add_up, metric_quantities, read_metrics
from tools.go.overlays import OVERLAY_MAIN, OVERLAY_TEST_MAIN
from tools.go.program import GoProgram
from tools.measure.toolchain import Build, Capture, ProfileView
from tools.measure.workload import Workload
from tools.profiles.combine import combine
from tools.profiles.pprof import PprofLimits, read_pprof, write_pprof
from tools.profiles.profile import Profile
from tools.run.process import Runner
from tools.run.reading import read_json, read_written

PROFILE_BYTES = 64 * 1024**2
PROFILE_LIMITS = PprofLimits(decompressed_bytes=512 * 1024**2)
"""For what a process of the target's writes: it may be anything."""
FEW_SAMPLES = 50
_OUR_NAMES = re.compile(rf"(?<=\.)(?:{OVERLAY_MAIN}|{OVERLAY_TEST_MAIN})\b")
"""What our overlay renamed, also where a closure in it is named."""
Quantities = dict[str, tuple[float, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """What one process left."""

    profile: Profile | None
    goroutines: Mapping[str, int]
    metrics: RuntimeMetrics | None
    duration_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class GoProfiler:
    """One of Go's own profiles."""

    kind: GoKind
    runner: Runner
    go: GoProgram
    processors: int

    @property
    def name(self) -> str:
        """Such as `go-cpu`."""
        return self.kind.name

    @property
    def view(self) -> ProfileView:
        """What it looks at."""
        return self.kind.view

    def unavailable(self) -> str | None:
        """None: always there with the toolchain, but for leaked goroutines, which it is asked about."""
        if self.kind != LEAK:
            return None
        return find_leak_profile(self.runner, self.go).reason

    def capture(self, build: Build, workload: Workload, *, seconds: float, out: Path) -> Capture:
        """Profile every benchmark for its part of `seconds`; the profiles are added up. Raises: ToolError."""
        out.mkdir(parents=True, exist_ok=True)
        spent = self.runner.seconds_spent
        collector = Collector(
            kind=self.kind, runner=self.runner, go=self.go, processors=self.processors,
            experiment=find_leak_profile(self.runner, self.go).experiment if self.kind == LEAK else "",
        )  # fmt: skip
        parts = [
            self._read(build.root, run.folder, run.duration_s)
            for run in collector.runs(build, workload, seconds)
        ]
        profiles = [part.profile for part in parts if part.profile is not None]
        if not profiles:
            raise UnreadableOutput(
                f"{self.name}: no profile was written: the program ended before it could be"
            )
        profile = with_own_names(combine(profiles))
        path = out / f"{self.name}.pb.gz"
        write_pprof(profile, path)
        quantities = self._quantities(profile, parts)
        return Capture(
            profiler=self.name,
            view=self.view,
            value=self.kind.value,
            profile=profile,
            profile_path=path,
            argv=("go", "test", self.kind.lookup, f"{seconds:g}s"),
            tool_version=self.go.version,
            exit_code=0,
            duration_s=self.runner.seconds_spent - spent,
            quantities=quantities,
            warnings=self._warnings(profile, quantities),
        )

    def _read(self, root: Path, folder: Path, duration_s: float) -> _Part:
        """What a process left. Raises: UnreadableOutput."""
        found = [_read_profile(root, path) for path in sorted(folder.glob("*.pb.gz"))]
        profiles = [p for p in found if p is not None]
        metrics = read_json(root, folder / "metrics.json", limit_bytes=PROFILE_BYTES)
        return _Part(
            profile=combine(profiles) if profiles else None,
            goroutines=_read_counts(root, folder / "goroutines.json"),
            metrics=None if metrics is None else read_metrics(metrics),
            duration_s=duration_s,
        )

    def _quantities(self, profile: Profile, parts: Sequence[_Part]) -> Quantities:
        found: Quantities = {
            f"total_{v.name}": _base(profile.total(v.name), v.unit) for v in profile.value_types
        }
        counts = [part.goroutines for part in parts if part.goroutines]
        if self.kind == GOROUTINE and counts:
            found["peak_goroutines"] = (float(max(c["peak"] for c in counts)), "count")
            found["last_goroutines"] = (float(max(c["last"] for c in counts)), "count")
        elif self.kind == LEAK and counts:
            found["goroutines_at_start"] = (float(sum(c["first"] for c in counts)), "count")
            found["goroutines_at_end"] = (float(sum(c["last"] for c in counts)), "count")
        elif self.kind == RUNTIME:
            found |= metric_quantities(add_up([part.metrics for part in parts if part.metrics is not None]))
        elif "delay" in {v.name for v in profile.value_types}:
            wall_s = sum(part.duration_s for part in parts)
            found["watched"] = (wall_s, "s")
            # How many goroutines were waiting at a time, on average.
            found["mean_waiting_goroutines"] = (found["total_delay"][0] / wall_s if wall_s else 0.0, "count")
        return found

    def _warnings(self, profile: Profile, quantities: Quantities) -> tuple[str, ...]:
        if self.kind == CPU and profile.times_seen().sum() < FEW_SAMPLES:
            return ("few samples: the shares are rough",)
        if self.kind == MUTEX and profile.samples == 0:
            return ("no lock was waited for",)
        if self.kind == LEAK:
            return _not_leaked(quantities)
        return ()


def _not_leaked(quantities: Quantities) -> tuple[str, ...]:
    """Goroutines that were left over though the runtime doesn't call them leaked."""
    if "goroutines_at_end" not in quantities:
        return ()
    added = quantities["goroutines_at_end"][0] - quantities["goroutines_at_start"][0]
    others = added - quantities["total_goroutineleak"][0]
    if others <= 0:
        return ()
    return (
        f"{others:.0f} goroutines that the program started were still there at its end and aren't called leaked: they "
        "sleep, retry, or wait for what may still come; the goroutine profile shows them",
    )


def with_own_names(profile: Profile) -> Profile:
    """The profile with the names that our overlay changed as the target has them."""
    named = (replace(f, name=_OUR_NAMES.sub(_theirs, f.name)) for f in profile.functions)
    return replace(profile, functions=tuple(named))


def _theirs(found: re.Match[str]) -> str:
    return "main" if found[0] == OVERLAY_MAIN else "TestMain"


def _read_profile(root: Path, path: Path) -> Profile | None:
    """A profile that a process of the target's wrote, None when it is empty or not there. Raises: ToolError."""
    content = read_written(root, path, limit_bytes=PROFILE_BYTES)
    if not content:
        return None
    try:
        return read_pprof(content, PROFILE_LIMITS)
    except UnreadableOutput as error:
        raise UnreadableOutput(f"{path.name}: {error}") from error


def _read_counts(root: Path, path: Path) -> Mapping[str, int]:
    """How many goroutines there were, empty when it wasn't written. Raises: ToolError."""
    found = read_json(root, path, limit_bytes=PROFILE_BYTES)
    if found is None:
        return {}
    match found:
        case {"peak": int() as peak, "last": int() as last}:
            return {"peak": peak, "last": last}
        case {"first": int() as first, "last": int() as last}:
            return {"first": first, "last": last}
    raise UnreadableOutput(f"{path.name}: not the goroutine counts that were asked for")


def _base(value: int, unit: str) -> tuple[float, str]:
    """A total in base units."""
    if unit == "nanoseconds":
        return value / 1e9, "s"
    return float(value), {"bytes": "B"}.get(unit, "count")
