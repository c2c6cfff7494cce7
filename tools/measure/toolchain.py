"""What a language must offer to be measured: building, testing, sampling, and its profilers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from tools.measure.workload import Benchmark, Sample, Workload
from tools.profiles.profile import Profile

ProfileView = Literal["cpu", "memory", "goroutines", "contention", "threads"]
"""What a profile looks at; contention is what waits for locks and channels, threads those of the operating system."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """A copy of the target that is ready to run; `programs` maps a package or role to its executable.

    `processors` is how many its measured processes may use, None for all; both sides of a pair use the same. `cpus`
    are those that a process is pinned to, None for any: the two processes of a pair get the same one.
    """

    root: Path
    programs: Mapping[str, Path]
    duration_s: float
    argv: tuple[str, ...] = ()
    processors: int | None = None
    cpus: frozenset[int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TestOutcome:
    """The target's own tests. `failed` names those that failed; `passed` is False with `ran` 0 too
    unless there are no tests at all (`ran` 0, `failed` empty, `passed` True: nothing contradicts).
    """

    passed: bool
    ran: int
    failed: tuple[str, ...]
    output_tail: str
    duration_s: float
    argv: tuple[str, ...]
    exit_code: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """What one profiler saw of one workload.

    `value` names the value of `profile` that the view is about (`cpu`, `alloc_space`, `inuse_space`,
    `peak`, `goroutine` …). `profile_path` is the gzipped pprof file. `quantities` maps a name to
    (value, unit in base units). A capture has one profile; a tool run that yields several values
    (Go heap: alloc and inuse) keeps them as values of that one profile.
    """

    profiler: str
    view: ProfileView
    value: str
    profile: Profile
    profile_path: Path
    argv: tuple[str, ...]
    tool_version: str
    exit_code: int
    duration_s: float
    quantities: Mapping[str, tuple[float, str]] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


class Profiler(Protocol):
    """One profiler for one language. `name` is stable (`go-cpu`, `py-spy`), `view` what it looks at."""

    @property
    def name(self) -> str:
        """Stable, such as `go-cpu` or `py-spy`."""

    @property
    def view(self) -> ProfileView:
        """What it looks at."""

    def unavailable(self) -> str | None:
        """Why this profiler can't run on this host, with the remedy; None when it can."""

    def capture(self, build: Build, workload: Workload, *, seconds: float, out: Path) -> Capture:
        """Profile the workload for about `seconds`; files go to `out`. Raises: ToolError."""


class Toolchain(Protocol):
    """A language's way to build, test and run a target. `version` is what it says of itself."""

    @property
    def version(self) -> str:
        """What the toolchain says of itself."""

    @property
    def profilers(self) -> tuple[Profiler, ...]:
        """Every profiler for this language, whether it can run here or not."""

    def build(self, root: Path, workload: Workload) -> Build:
        """Make the copy at `root` ready to run. Raises: ProgramFailed with the compiler's words."""

    def test(self, root: Path) -> TestOutcome:
        """Run the target's own tests. Raises: ToolError only when they could not be run at all."""

    def sample(self, build: Build, benchmark: Benchmark, iterations: int) -> Sample:
        """Run one benchmark in one fresh process. Raises: ToolError when it gave no usable result."""
