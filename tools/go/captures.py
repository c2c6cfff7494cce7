"""Go profiles: CPU, heap (allocated and in use) and goroutines, of benchmarks, tests or a command.

CPU and heap profiles of test binaries come from the testing package's own flags (which force a collection
before the heap is written). Goroutines, and every profile of a command, come from a file of ours that the
go command's -overlay adds to the build: the copy itself stays as it is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

from tools.errors import ToolError, UnreadableOutput
from tools.go.compiling import BINARIES
from tools.go.overlays import OVERLAY_MAIN, overlay_for_command, overlay_for_tests
from tools.go.packages import GoPackage, list_packages
from tools.go.program import GoProgram
from tools.go.sampling import exact_pattern, run_command, run_test_binary
from tools.measure.toolchain import Build, Capture, ProfileView
from tools.measure.workload import Benchmark, Workload, profiled_benchmarks
from tools.profiles.combine import combine
from tools.profiles.pprof import PprofLimits, read_pprof, write_pprof
from tools.profiles.profile import Profile
from tools.run.process import Limits, Runner
from tools.run.reading import fresh_folder, read_json, read_written

CAPTURE_LIMITS = Limits(timeout_s=120.0, memory_bytes=8 * 1024**3, processes=512)
HEAP_RATE_BYTES = 64 * 1024
PROFILE_BYTES = 64 * 1024**2
PROFILE_LIMITS = PprofLimits(decompressed_bytes=512 * 1024**2)
"""For what a process of the target's writes: it may be anything."""
MAX_REPEATS = 20
"""How often a command that is too short to fill the capture's seconds is run."""
FLAGS = {"cpu": "-test.cpuprofile", "memory": "-test.memprofile"}


@dataclass(frozen=True, slots=True, kw_only=True)
class GoProfiler:
    """One of Go's own profiles."""

    name: str
    view: ProfileView
    value: str
    runner: Runner
    go: GoProgram
    processors: int

    def unavailable(self) -> str | None:
        """Always there with the toolchain."""
        return None

    def capture(self, build: Build, workload: Workload, *, seconds: float, out: Path) -> Capture:
        """Profile every benchmark for its part of `seconds`; the profiles are added up. Raises: ToolError."""
        out.mkdir(parents=True, exist_ok=True)
        spent = self.runner.seconds_spent
        parts = (
            self._command_parts(build, workload, seconds)
            if workload.kind == "command"
            else self._parts(build, workload, seconds)
        )
        if not parts:
            raise UnreadableOutput(f"{self.name}: no profile was written")
        profile = combine([p for p, _ in parts])
        path = out / f"{self.name}.pb.gz"
        write_pprof(profile, path)
        peaks = [facts for _, facts in parts if facts]
        quantities = {f"total_{v.name}": _base(profile.total(v.name), v.unit) for v in profile.value_types}
        if peaks:
            quantities["peak_goroutines"] = (float(max(f["peak"] for f in peaks)), "count")
            quantities["last_goroutines"] = (float(max(f["last"] for f in peaks)), "count")
        return Capture(
            profiler=self.name,
            view=self.view,
            value=self.value,
            profile=profile,
            profile_path=path,
            argv=("go", "test", f"{FLAGS.get(self.view, '-goroutineprofile')[6:]}", f"{seconds:g}s"),
            tool_version=self.go.version,
            exit_code=0,
            duration_s=self.runner.seconds_spent - spent,
            quantities=quantities,
            warnings=("few samples: the shares are rough",)
            if self.view == "cpu" and profile.times_seen().sum() < 50
            else (),
        )

    def _parts(
        self, build: Build, workload: Workload, seconds: float
    ) -> list[tuple[Profile, dict[str, int] | None]]:
        """One profile for each package folder of the workload."""
        selections = _selections(workload, seconds)
        each = [self._part(build, folder, options) for folder, options in selections]
        return [part for part in each if part is not None]

    def _part(
        self, build: Build, folder: str, selection: list[str]
    ) -> tuple[Profile, dict[str, int] | None] | None:
        scratch = fresh_folder(build.root, BINARIES, "capture")
        target = scratch / "profile"
        options = list(selection)
        env: dict[str, str] = {}
        binary = None
        if self.view == "goroutines":
            binary = self._overlay_tests(build.root, folder)
            env["ASK_PROFILER_GOROUTINES"] = str(target)
        else:
            options.append(f"{FLAGS[self.view]}={target}")
        if self.view == "memory":
            options.append(f"-test.memprofilerate={HEAP_RATE_BYTES}")
        run_test_binary(
            self.runner, self.go, build, folder, options, processors=self.processors,
            program=f"{self.name} of {folder}", binary=binary, env=env, limits=CAPTURE_LIMITS,
            kept=(scratch,),
        )  # fmt: skip
        profile = _read_profile(build.root, target)
        return None if profile is None else (profile, _read_facts(build.root, target.with_suffix(".json")))

    def _overlay_tests(self, root: Path, folder: str) -> str:
        """A test binary of the package that also watches its goroutines."""
        package = self._package(root, folder)
        overlay = overlay_for_tests(root, package)
        binary = root / BINARIES / "goroutines.test"
        self.go.run(
            self.runner,
            ["test", "-c", "-vet=off", f"-overlay={overlay}", "-o", str(binary), package.import_path],
            cwd=root,
            root=root,
        )
        return str(binary)

    def _command_parts(
        self, build: Build, workload: Workload, seconds: float
    ) -> list[tuple[Profile, dict[str, int] | None]]:
        """Run the command at its largest size, built with our profiling file."""
        folder = Path(workload.command[0]).as_posix()
        overlay = overlay_for_command(build.root, self._package(build.root, folder))
        binary = build.root / BINARIES / "profiled-command"
        self.go.run(
            self.runner,
            ["build", f"-overlay={overlay}", "-o", str(binary), workload.command[0]],
            cwd=build.root,
            root=build.root,
        )
        profiled = Build(root=build.root, programs={"command": binary}, duration_s=0.0)
        watched = profiled_benchmarks(workload)
        each_s = seconds / len(watched) if self.view == "cpu" else 0.0
        return [part for b in watched for part in self._command_runs(profiled, b, each_s)]

    def _command_runs(
        self, build: Build, benchmark: Benchmark, seconds: float
    ) -> list[tuple[Profile, dict[str, int] | None]]:
        """The command's profiles; a short command is run again until `seconds` are covered."""
        found: list[tuple[Profile, dict[str, int] | None]] = []
        covered_s = 0.0
        for _ in range(MAX_REPEATS):
            target = fresh_folder(build.root, BINARIES, "capture")
            env = {"ASK_PROFILER_PROFILES": str(target), "ASK_PROFILER_VIEW": self.view}
            sample, _ = run_command(self.runner, self.go, build, benchmark, env=env, kept=(target,))
            each = [_read_profile(build.root, path) for path in sorted(target.glob("*.pb.gz"))]
            parts = [part for part in each if part is not None]
            if parts:
                profile = with_own_names(combine(parts))
                found.append((profile, _read_facts(build.root, target / "goroutines.json")))
            covered_s += sample.duration_s
            if covered_s >= seconds:
                break
        return found

    def _package(self, root: Path, folder: str) -> GoPackage:
        pattern = "." if folder == "." else f"./{folder}"
        packages = list_packages(self.runner, self.go, root, pattern)
        if not packages:
            raise ToolError(f"{self.name}: the package {folder} isn't there")
        return packages[0]


def _selections(workload: Workload, seconds: float) -> list[tuple[str, list[str]]]:
    """Each process's package folder and options: one for every benchmark that has sizes, with its largest,
    and one for all the others of a package.
    """
    if workload.kind == "tests":
        return [
            (folder, ["-test.run=."]) for folder in dict.fromkeys(b.selector[0] for b in workload.benchmarks)
        ]
    watched = profiled_benchmarks(workload)
    each_s = max(seconds / len(watched), 0.05)
    found = [
        (b.selector[0], [f"-test.bench={exact_pattern(b.name)}", f"-test.benchtime={each_s:.3f}s"])
        for b in watched
        if b.size is not None
    ]
    plain: dict[str, list[str]] = {}
    for benchmark in watched:
        if benchmark.size is None:
            plain.setdefault(benchmark.selector[0], []).append(re.escape(benchmark.name.split("/")[0]))
    for folder, names in plain.items():
        heads = "|".join(dict.fromkeys(names))
        found.append((folder, [f"-test.bench=^Benchmark({heads})$", f"-test.benchtime={each_s:.3f}s"]))
    return found


def with_own_names(profile: Profile) -> Profile:
    """The profile with the names that our overlay changed as the target has them."""
    renamed = tuple(
        replace(f, name="main.main") if f.name == f"main.{OVERLAY_MAIN}" else f for f in profile.functions
    )
    return replace(profile, functions=renamed)


def _read_profile(root: Path, path: Path) -> Profile | None:
    """A profile that a process of the target's wrote, None when it is empty or not there. Raises: ToolError."""
    content = read_written(root, path, limit_bytes=PROFILE_BYTES)
    if not content:
        return None
    try:
        return read_pprof(content, PROFILE_LIMITS)
    except UnreadableOutput as error:
        raise UnreadableOutput(f"{path.name}: {error}") from error


def _read_facts(root: Path, path: Path) -> dict[str, int] | None:
    """How many goroutines there were, None when it wasn't written. Raises: ToolError."""
    found = read_json(root, path, limit_bytes=PROFILE_BYTES)
    if found is None:
        return None
    if not isinstance(found, dict) or not all(isinstance(found.get(key), int) for key in ("peak", "last")):
        raise UnreadableOutput(f"{path.name}: not the goroutine counts that were asked for")
    return {key: found[key] for key in ("peak", "last")}


def _base(value: int, unit: str) -> tuple[float, str]:
    """A total in base units."""
    if unit == "nanoseconds":
        return value / 1e9, "s"
    return float(value), {"bytes": "B"}.get(unit, "count")
