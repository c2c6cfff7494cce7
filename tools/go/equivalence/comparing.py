"""Comparing two Go copies by value: the functions that differ, called in both on the same arguments.

The calls are recorded while benchmarks and tests run on the old copy, and made up from types, from the code's own
constants and by varying what was recorded, led by what they reach in either copy. Every call is a string of bytes that
both copies turn into the same arguments.
"""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from tools.errors import ProgramFailed
from tools.go.equivalence.analysing import Analyser, Analysis, Changed
from tools.go.equivalence.building import Side, build_side, scratch_folder
from tools.go.equivalence.changes import Changes, find_changes, touches_outside
from tools.go.equivalence.passing import PackageCalls
from tools.go.equivalence.recording import Recorder, Recording
from tools.go.equivalence.replaying import Process
from tools.go.program import GoProgram
from tools.go.rewrites.rewriter import cache_folder
from tools.measure.equivalence import ComparedFunction, Difference, Equivalence, NotCompared
from tools.measure.toolchain import Build
from tools.measure.workload import Workload
from tools.run.process import Runner

RECORDING_SHARE = 0.5
MAX_DIFFERENCES = 20
NO_SANDBOX = (
    "calls were made up for no function of {package}: "
    "it can write files or start programs, and there is no sandbox"
)


def compare_values(
    runner: Runner,
    go: GoProgram,
    before: Build,
    after: Build,
    workload: Workload,
    files: tuple[str, ...],
    *,
    processors: int,
    seed: int,
    seconds: float,
    generated: int,
    tolerance: float,
) -> Equivalence:
    """Call the functions that differ between two copies on the same arguments, and compare all that can be seen.

    `files` are the changed files, relative to both roots. `seconds` is for recording and making up calls, not for
    building and repeating them. `generated` is how many calls are made up for each function, `tolerance` the relative
    difference that floats may have. The copies stay as they are. Raises: ToolError.
    """
    started = time.perf_counter()
    places = scratch_folder(before.root), scratch_folder(after.root)
    comparison = _Comparison(
        runner=runner, go=go, before=before.root, after=after.root, places=places, workload=workload,
        processors=processors, seed=seed, seconds=seconds, generated=generated, tolerance=tolerance,
    )  # fmt: skip
    try:
        comparison.compare(files)
    finally:
        for place in places:
            shutil.rmtree(place, ignore_errors=True)
    return Equivalence(
        functions=tuple(comparison.functions),
        not_compared=tuple(comparison.not_compared),
        differences=tuple(comparison.differences[:MAX_DIFFERENCES]),
        reached=comparison.reached,
        warnings=tuple(comparison.warnings),
        duration_s=time.perf_counter() - started,
    )


@dataclass(slots=True, kw_only=True)
class _Comparison:
    """What is asked, and what was found so far."""

    runner: Runner
    go: GoProgram
    before: Path
    after: Path
    places: tuple[Path, Path]
    workload: Workload
    processors: int
    seed: int
    seconds: float
    generated: int
    tolerance: float
    functions: list[ComparedFunction] = field(default_factory=list)
    not_compared: list[NotCompared] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    reached: dict[str, bool] = field(default_factory=dict)

    def compare(self, files: Sequence[str]) -> None:
        """Fill in what is found."""
        changes = find_changes(self.runner, self.go, self.before, self.after, files)
        self.not_compared += changes.not_compared
        self.warnings += changes.warnings
        if not changes.packages:
            return
        analyses, sides = self._analysed_and_built(changes)
        for analysis in analyses:
            self.not_compared += [NotCompared(function=c.function, why=c.why) for c in analysis.cannot]
        if sides is None:
            return
        deadline = time.perf_counter() + self.seconds
        recording = self._record(changes, analyses, sides[0])
        pairs = [(p, a) for p, a in zip(changes.packages, analyses, strict=True) if a.subjects]
        left_s = max(deadline - time.perf_counter(), self.seconds * (1 - RECORDING_SHARE))
        for package, analysis in pairs:
            self._package(package, analysis, sides, recording, left_s / len(pairs))

    def _analysed_and_built(self, changes: Changes) -> tuple[tuple[Analysis, ...], tuple[Side, Side] | None]:
        """Both sides, built without generic functions when they don't build with them; None when they don't at all."""
        analyser = Analyser(self.runner, self.go, cache_folder())
        problem = ""
        for plain in (False, True):
            analyses = analyser.analyse(self.before, self.after, changes.packages, plain=plain)
            try:
                return analyses, self._built(changes, analyses)
            except ProgramFailed as error:
                problem = problem or _first_line(error)
        names = sorted({name for analysis in analyses for name in analysis.subjects.values()})
        why = f"its package can't be built with our calls: {problem}"
        self.not_compared += [NotCompared(function=name, why=why) for name in names]
        return analyses, None

    def _built(self, changes: Changes, analyses: Sequence[Analysis]) -> tuple[Side, Side]:
        texts = [{}, {}]  # type: list[dict[str, str]]
        for analysis in analyses:
            texts[0] |= analysis.before
            texts[1] |= analysis.after
        old = {p.before.folder: p.before.import_path for p in changes.packages}
        subjects = [p for p, a in zip(changes.packages, analyses, strict=True) if a.subjects]
        new = {p.after.folder: p.after.import_path for p in subjects}
        command = None
        if self.workload.kind == "command":
            command = self.workload.command[0]
        else:
            module = changes.packages[0].before.module
            for benchmark in self.workload.benchmarks:
                folder = benchmark.selector[0]
                old.setdefault(folder, module if folder == "." else f"{module}/{folder}")
        with ThreadPoolExecutor(max_workers=2) as pool:
            one = pool.submit(
                build_side, self.runner, self.go, self.before, self.places[0], texts[0], old.items(), command
            )
            other = pool.submit(
                build_side, self.runner, self.go, self.after, self.places[1], texts[1], new.items(), None
            )
            return one.result(), other.result()

    def _record(self, changes: Changes, analyses: Sequence[Analysis], side: Side) -> Recording:
        unseen = not changes.whole or any(a.open for a in analyses)
        marks = frozenset(f"{a.path}:{mark}" for a in analyses for mark in a.marks)
        recorder = Recorder(
            runner=self.runner,
            go=self.go,
            side=side,
            processors=self.processors,
            marks=marks,
            unnoticed=unseen,
        )
        folders = [p.before.folder for p in changes.packages]
        recording = recorder.record(self.workload, folders, self.seconds * RECORDING_SHARE)
        self.reached = recording.reached
        return recording

    def _package(
        self,
        package: Changed,
        analysis: Analysis,
        sides: tuple[Side, Side],
        recording: Recording,
        seconds: float,
    ) -> None:
        each = self.generated
        if self.runner.sandbox.name == "none" and touches_outside(
            self.runner, self.go, self.after, package.after
        ):
            each = 0
            self.warnings.append(NO_SANDBOX.format(package=package.before.import_path))
        old, new = (
            Process(
                runner=self.runner,
                go=self.go,
                side=side,
                folder=package.before.folder,
                processors=self.processors,
            )
            for side in sides
        )
        found = PackageCalls(
            old=old, new=new, analysis=analysis,
            each=each, seconds=seconds, seed=self.seed, tolerance=self.tolerance,
        ).compare(recording)  # fmt: skip
        self.functions += found.functions
        self.not_compared += found.not_compared
        self.differences += found.differences
        self.warnings += found.warnings


def _first_line(error: ProgramFailed) -> str:
    """The compiler's first complaint, without the place in a file that nobody else sees."""
    lines = [line for line in str(error).splitlines() if line.strip() and not line.startswith("#")]
    found = lines[1] if len(lines) > 1 else lines[0] if lines else "no reason given"
    return re.sub(r"^\S*\.go:\d+:\d+: ", "", found)[:200]
