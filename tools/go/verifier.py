"""TEMPORARY"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tools.measure.counting import Counts
from tools.measure.equivalence import Equivalence
from tools.measure.guard import Objection
from tools.measure.toolchain import Build
from tools.measure.unseen import Unseen
from tools.measure.workload import Benchmark, Workload


@dataclass
class Pending:
    def objections(self, before: Path, after: Path, files: tuple[str, ...]) -> tuple[Objection, ...]:
        return ()

    def compare_values(self, before: Build, after: Build, workload: Workload, files: tuple[str, ...], *, seed: int) -> Equivalence:
        return Equivalence(functions=(), not_compared=(), differences=())

    def unseen(self, root: Path, workload: Workload, number: int) -> Unseen:
        return Unseen(workload=None, why_not="not yet")

    def counts(self, build: Build, benchmark: Benchmark, iterations: int) -> Counts:
        return Counts()
