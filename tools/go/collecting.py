"""Running a workload so that its processes leave one kind of profile: by flags of test binaries, or by our overlay.

Goroutines, what is only known at a program's end, and everything of a command come from files of ours that the go
command's -overlay adds to the build: the copy itself stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tools.errors import ToolError
from tools.go.compiling import BINARIES
from tools.go.kinds import GoKind
from tools.go.overlays import overlay_for_command, overlay_for_tests
from tools.go.packages import GoPackage, list_packages
from tools.go.program import GoProgram
from tools.go.sampling import exact_pattern, run_command, run_test_binary
from tools.measure.toolchain import Build
from tools.measure.workload import Benchmark, Workload, profiled_benchmarks
from tools.run.process import Limits, Runner
from tools.run.reading import fresh_folder

CAPTURE_LIMITS = Limits(timeout_s=120.0, memory_bytes=8 * 1024**3, processes=512)
MAX_REPEATS = 20
"""How often a command that is too short to fill the capture's seconds is run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """What one process left in `folder`, which the target's code could write to; how long it ran."""

    folder: Path
    duration_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Collector:
    """Runs workloads for one kind of profile. `experiment` is the GOEXPERIMENT that overlay builds are made with."""

    kind: GoKind
    runner: Runner
    go: GoProgram
    processors: int
    experiment: str = ""

    def runs(self, build: Build, workload: Workload, seconds: float) -> Iterator[Collected]:
        """One process after the other, for about `seconds` together; each one's folder is gone with the next.

        Raises: ToolError when one can't be built or fails.
        """
        if workload.kind == "command":
            yield from self._commands(build, workload, seconds)
            return
        for folder, options in selections(workload, seconds):
            yield self._tests(build, folder, options)

    def _tests(self, build: Build, folder: str, selection: list[str]) -> Collected:
        scratch = fresh_folder(build.root, BINARIES, "capture")
        env: dict[str, str] = {}
        options = list(selection)
        binary = None
        if self.kind.flags:
            options += [flag.format(scratch / self.kind.file) for flag in self.kind.flags]
        else:
            binary = self._overlay_tests(build.root, folder)
            env = self._environment(scratch)
        done = run_test_binary(
            self.runner, self.go, build, folder, options, processors=self.processors,
            program=f"{self.kind.name} of {folder}", binary=binary, env=env, limits=CAPTURE_LIMITS,
            kept=(scratch,),
        )  # fmt: skip
        return Collected(folder=scratch, duration_s=done.duration_s)

    def _commands(self, build: Build, workload: Workload, seconds: float) -> Iterator[Collected]:
        """The command at its largest size; a short one is run again until `seconds` are covered, where that helps."""
        binary = self._overlay_command(build.root, workload)
        profiled = Build(root=build.root, programs={"command": binary}, duration_s=0.0)
        watched = profiled_benchmarks(workload)
        for benchmark in watched:
            covered_s = 0.0
            for _ in range(MAX_REPEATS if self.kind.repeats else 1):
                run = self._command(profiled, benchmark)
                yield run
                covered_s += run.duration_s
                if covered_s >= seconds / len(watched):
                    break

    def _command(self, build: Build, benchmark: Benchmark) -> Collected:
        scratch = fresh_folder(build.root, BINARIES, "capture")
        sample, _ = run_command(
            self.runner, self.go, build, benchmark, env=self._environment(scratch), kept=(scratch,)
        )
        return Collected(folder=scratch, duration_s=sample.duration_s)

    def _environment(self, folder: Path) -> dict[str, str]:
        """What tells our files in the process what to collect."""
        return {"ASK_PROFILER_PROFILES": str(folder), "ASK_PROFILER_KIND": self.kind.lookup}

    def _overlay_tests(self, root: Path, folder: str) -> str:
        package = self._package(root, folder)
        overlay = overlay_for_tests(root, package)
        binary = root / BINARIES / "collecting.test"
        self._go(
            root, ["test", "-c", "-vet=off", f"-overlay={overlay}", "-o", str(binary), package.import_path]
        )
        return str(binary)

    def _overlay_command(self, root: Path, workload: Workload) -> Path:
        folder = Path(workload.command[0]).as_posix()
        overlay = overlay_for_command(root, self._package(root, folder))
        binary = root / BINARIES / "profiled-command"
        self._go(root, ["build", f"-overlay={overlay}", "-o", str(binary), workload.command[0]])
        return binary

    def _go(self, root: Path, words: list[str]) -> None:
        env = {"GOEXPERIMENT": self.experiment} if self.experiment else {}
        self.go.run(self.runner, words, cwd=root, root=root, env=env)

    def _package(self, root: Path, folder: str) -> GoPackage:
        pattern = "." if folder == "." else f"./{folder}"
        packages = list_packages(self.runner, self.go, root, pattern)
        if not packages:
            raise ToolError(f"{self.kind.name}: the package {folder} isn't there")
        return packages[0]


def selections(workload: Workload, seconds: float) -> list[tuple[str, list[str]]]:
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
