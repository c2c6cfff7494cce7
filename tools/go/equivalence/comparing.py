"""Comparing two Go copies by value: the functions that differ, called in both on the same arguments.

The calls are recorded while benchmarks and tests run on the old copy, and made up from types, from the code's own
constants and by varying what was recorded, led by what they reach in either copy. Every call is a string of bytes that
both copies turn into the same arguments.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from tools.go.equivalence.analysing import Analysis, Changed
from tools.go.equivalence.building import Side, scratch_folder
from tools.go.equivalence.changes import Changes, find_changes, touches_outside
from tools.go.equivalence.jobs import Program
from tools.go.equivalence.passing import PackageCalls
from tools.go.equivalence.preparing import Preparer
from tools.go.equivalence.recording import Recorder, Recording
from tools.go.equivalence.replaying import Process
from tools.go.equivalence.telling import PackageComparison
from tools.go.program import GoProgram
from tools.measure.equivalence import ComparedFunction, Difference, Equivalence, NotCompared
from tools.measure.toolchain import Build
from tools.measure.workload import Workload
from tools.run.process import Runner

RECORDING_SHARE = 0.5
AT_ONCE = 2
"""How many packages are compared at the same time."""
MAX_DIFFERENCES = 20
"""More than so many aren't told, if each function has one."""
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
        differences=tuple(_first(comparison.differences)),
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
        preparer = Preparer(
            runner=self.runner, go=self.go, before=self.before, after=self.after, places=self.places,
            workload=self.workload,
        )  # fmt: skip
        prepared = preparer.prepare(changes.packages)
        self.not_compared += preparer.not_compared
        if prepared is None:
            return
        packages, analyses, sides = prepared.packages, prepared.analyses, prepared.sides
        for analysis in analyses:
            self.not_compared += [NotCompared(function=c.function, why=c.why) for c in analysis.cannot]
        deadline = time.perf_counter() + self.seconds
        recording = self._record(changes, packages, analyses, sides[0])
        pairs = [(p, a) for p, a in zip(packages, analyses, strict=True) if a.subjects]
        left_s = max(deadline - time.perf_counter(), self.seconds * (1 - RECORDING_SHARE))
        share_s = AT_ONCE * left_s / max(len(pairs), AT_ONCE)
        with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
            for found in pool.map(
                lambda pair: self._package(pair[0], pair[1], sides, recording, share_s), pairs
            ):
                self.functions += found.functions
                self.not_compared += found.not_compared
                self.differences += found.differences
                self.warnings += found.warnings

    def _record(
        self, changes: Changes, packages: Sequence[Changed], analyses: Sequence[Analysis], side: Side
    ) -> Recording:
        unseen = not changes.whole or len(packages) < len(changes.packages) or any(a.open for a in analyses)
        marks = frozenset(f"{a.path}:{mark}" for a in analyses for mark in a.marks)
        recorder = Recorder(
            runner=self.runner,
            go=self.go,
            side=side,
            processors=self.processors,
            marks=marks,
            unnoticed=unseen,
        )
        folders = [p.before.folder for p in packages]
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
    ) -> PackageComparison:
        each = self.generated
        if self.runner.sandbox.name == "none" and touches_outside(
            self.runner, self.go, self.after, package.after
        ):
            each = 0
            self.warnings.append(NO_SANDBOX.format(package=package.before.import_path))
        old, new = (
            Process(
                Program(
                    runner=self.runner,
                    go=self.go,
                    side=side,
                    other=other,
                    folder=package.before.folder,
                    processors=self.processors,
                )
            )
            for side, other in (sides, sides[::-1])
        )
        return PackageCalls(
            old=old, new=new, analysis=analysis,
            each=each, seconds=seconds, seed=self.seed, tolerance=self.tolerance,
        ).compare(recording)  # fmt: skip


def _first(found: Sequence[Difference]) -> list[Difference]:
    """One difference of each function, then others."""
    firsts = list({d.function: d for d in reversed(found)}.values())[::-1]
    rest = [d for d in found if d not in firsts]
    return firsts + rest[: max(0, MAX_DIFFERENCES - len(firsts))]
