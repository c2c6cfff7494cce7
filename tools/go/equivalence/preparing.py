"""Both copies built with our calls in them, as far as they can be."""

from __future__ import annotations

import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from tools.errors import ProgramFailed
from tools.go.equivalence.analysing import Analyser, Analysis, Changed
from tools.go.equivalence.building import Side, build_side
from tools.go.program import GoProgram
from tools.go.rewrites.rewriter import cache_folder
from tools.measure.equivalence import NotCompared
from tools.measure.workload import Workload
from tools.run.process import Runner


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """The packages that could be built with our calls, what changed in them, and both copies' programs."""

    packages: Sequence[Changed]
    analyses: tuple[Analysis, ...]
    sides: tuple[Side, Side]


@dataclass(slots=True, kw_only=True)
class Preparer:
    """What is built, and where: `places` are the scratch folders of both copies."""

    runner: Runner
    go: GoProgram
    before: Path
    after: Path
    places: tuple[Path, Path]
    workload: Workload
    not_compared: list[NotCompared] = field(default_factory=list)

    def prepare(self, packages: Sequence[Changed]) -> Prepared | None:
        """All packages built; where that fails, those that can be; None for none of them.

        What can't be is in `not_compared` then. Raises: ToolError.
        """
        try:
            return self._attempt(packages)
        except ProgramFailed as error:
            if len(packages) == 1:
                self._give_up(packages, error)
                return None
        good = []
        for package in packages:
            try:
                self._attempt([package])
            except ProgramFailed as error:
                self._give_up([package], error)
            else:
                good.append(package)
        try:
            return self._attempt(good) if good else None
        except ProgramFailed as error:
            self._give_up(good, error)
            return None

    def _attempt(self, packages: Sequence[Changed]) -> Prepared:
        """Both sides; without generic functions when they don't build with them. Raises: ProgramFailed."""
        try:
            return self._tried(packages, plain=False)
        except ProgramFailed as error:
            try:
                return self._tried(packages, plain=True)
            except ProgramFailed:
                raise error from None

    def _tried(self, packages: Sequence[Changed], *, plain: bool) -> Prepared:
        analyses = self._analysed(packages, plain=plain)
        return Prepared(packages=packages, analyses=analyses, sides=self._built(packages, analyses))

    def _analysed(self, packages: Sequence[Changed], *, plain: bool) -> tuple[Analysis, ...]:
        return Analyser(self.runner, self.go, cache_folder()).analyse(
            self.before, self.after, packages, plain=plain
        )

    def _give_up(self, packages: Sequence[Changed], error: ProgramFailed) -> None:
        why = f"its package can't be built with our calls: {_first_line(error)}"
        for analysis in self._analysed(packages, plain=True):
            self.not_compared += [NotCompared(function=c.function, why=c.why) for c in analysis.cannot]
            names = sorted(set(analysis.subjects.values()))
            self.not_compared += [NotCompared(function=name, why=why) for name in names]

    def _built(self, packages: Sequence[Changed], analyses: Sequence[Analysis]) -> tuple[Side, Side]:
        texts: tuple[dict[str, str], dict[str, str]] = {}, {}
        for analysis in analyses:
            texts[0].update(analysis.before)
            texts[1].update(analysis.after)
        old = {p.before.folder: p.before.import_path for p in packages}
        subjects = [p for p, a in zip(packages, analyses, strict=True) if a.subjects]
        new = {p.after.folder: p.after.import_path for p in subjects}
        command = None
        if self.workload.kind == "command":
            command = self.workload.command[0]
        else:
            module = packages[0].before.module
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


def _first_line(error: ProgramFailed) -> str:
    """The compiler's first complaint, without the place in a file that nobody else sees."""
    lines = [line for line in str(error).splitlines() if line.strip() and not line.startswith("#")]
    found = lines[1] if len(lines) > 1 else lines[0] if lines else "no reason given"
    return re.sub(r"^\S*\.go:\d+:\d+: ", "", found)[:200]
