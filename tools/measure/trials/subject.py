"""The programs that trials measure: work in an exact amount, so that a gain is known before it is measured.

Both handle records that are all the same, so that time is proportional to their number but for what a process costs
anyway. That is a share of its time which no change of the work can save, and it is measured first (series.py): the
start of a Python command, which is timed whole (a third of its time); the first operations of a Go benchmark (2 %).
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tools.measure.toolchain import Build, Toolchain
from tools.measure.workload import Benchmark, Language, Workload

TARGETS = Path(__file__).with_name("targets")


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A bundled program: the file and the pattern of the line that says how much work an operation is."""

    file: str
    amount: re.Pattern[str]
    work: int
    workload: Workload


PROGRAMS: Mapping[Language, Program] = {
    "go": Program(
        file="parcels.go",
        amount=re.compile(r"(?<=^const Records = )\d+$", re.MULTILINE),
        work=2_000,
        workload=Workload(
            language="go",
            kind="benchmarks",
            benchmarks=(Benchmark(name="Day", selector=(".",)),),
            chosen_because="its work is known",
        ),
    ),
    "python": Program(
        file="parcels.py",
        amount=re.compile(r"(?<=^RECORDS = )[\d_]+$", re.MULTILINE),
        work=130_000,
        workload=Workload(
            language="python",
            kind="command",
            # Isolated: what an environment runs at each start is no part of the known work.
            benchmarks=(Benchmark(name="Command/parcels", selector=("python", "-I", "-S", "parcels.py")),),
            chosen_because="its work is known",
            command=("python", "-I", "-S", "parcels.py"),
        ),
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A bundled program on this host, its copies below `folder`. `baseline` has all of the work.

    `fixed_share` is the share of the baseline's time that doesn't depend on the work, 0 to 1; it belongs to processes
    that run so many `iterations`, None where they weren't chosen yet.
    """

    language: Language
    toolchain: Toolchain
    folder: Path
    baseline: Build
    fixed_share: float = 0.0
    iterations: Mapping[str, int] | None = None

    @property
    def workload(self) -> Workload:
        """What is measured: one benchmark."""
        return PROGRAMS[self.language].workload

    @property
    def benchmark(self) -> Benchmark:
        """The one benchmark."""
        return self.workload.benchmarks[0]

    def with_gain(self, gain: float) -> tuple[Build, float]:
        """A build that takes `gain` (0 to 1) less time, and the gain that its whole number of records truly has.

        0 gives another copy of the same code. Raises: ToolError.
        """
        work = round(self.work * (1 - gain / (1 - self.fixed_share)))
        return self.with_work(work), (1 - work / self.work) * (1 - self.fixed_share)

    @property
    def work(self) -> int:
        """How many records an operation of the baseline handles."""
        return PROGRAMS[self.language].work

    def with_work(self, work: int) -> Build:
        """A build with so many records in an operation. Raises: ToolError."""
        root = self.folder / f"{self.language}-{work}"
        return _build(self.toolchain, self.language, root, work)


def prepare(toolchain: Toolchain, language: Language, folder: Path) -> Subject:
    """Build the baseline of a language's program below `folder`. Raises: ToolError."""
    work = PROGRAMS[language].work
    baseline = _build(toolchain, language, folder / f"{language}-baseline", work)
    return Subject(language=language, toolchain=toolchain, folder=folder, baseline=baseline)


def _build(toolchain: Toolchain, language: Language, root: Path, work: int) -> Build:
    program = PROGRAMS[language]
    shutil.rmtree(root, ignore_errors=True)
    shutil.copytree(TARGETS / language, root, ignore=shutil.ignore_patterns("__pycache__"))
    file = root / program.file
    text, count = program.amount.subn(str(work), file.read_text(encoding="utf-8"))
    if count != 1:
        raise ValueError(f"{program.file} doesn't say how much work there is")
    file.write_text(text, encoding="utf-8")
    return toolchain.build(root, program.workload)
