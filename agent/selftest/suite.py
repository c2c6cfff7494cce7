"""Running the selftest: changes target by target, then trials of the measurement itself."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory

from agent.deps import Deps, Progress
from agent.selftest.catalogue import KnownChange
from agent.selftest.result import JudgedChange, Rates, SelftestResult
from agent.selftest.session import Opening, Session
from agent.selftest.trials import measure_rates
from tools.errors import Cancelled
from tools.measure.toolchain import Toolchain
from tools.measure.workload import Language

GAIN = 0.1
"""The true gain that trials look for."""


@dataclass(slots=True, kw_only=True)
class Selftest:
    """Judges known changes in this process. `on_change` is told each one's end, `report_progress` what goes on.

    Everything happens in a temporary folder, which is gone at the end.
    """

    environment: Mapping[str, str]
    report_progress: Callable[[Progress], None]
    on_change: Callable[[JudgedChange], None] = lambda judged: None
    python: str | None = None
    sandbox: str = "auto"
    seed: int = 0
    clock: Callable[[], float] = time.monotonic
    _deps: list[Deps] = field(default_factory=list, init=False)
    _cancelled: bool = field(default=False, init=False)

    def run(self, changes: Sequence[KnownChange], trials: int) -> SelftestResult:
        """Judge the changes, then do so many trials with each of their languages. Raises: AgentError, ToolError."""
        started = self.clock()
        judged: list[JudgedChange] = []
        toolchains: dict[Language, Toolchain] = {}
        with TemporaryDirectory(prefix="ask-profiler-selftest-") as name:
            folder = Path(name)
            try:
                for (language, target), group in groupby(changes, key=lambda c: (c.language, c.folder)):
                    meant = list(group)
                    session = self._open(folder, target, bench_of(meant))
                    toolchains[language] = session.toolchain
                    judged += self._judge(session, meant)
                    session.deps.workspace.remove()
                rates = tuple(self._rates(folder, toolchains, trials)) if trials else ()
            finally:
                for deps in self._deps:
                    deps.runner.close()
        return SelftestResult(judged=tuple(judged), rates=rates, seconds=self.clock() - started)

    def cancel(self) -> None:
        """End every program that runs; `run` raises Cancelled."""
        self._cancelled = True
        for deps in self._deps:
            deps.runner.cancel()

    def _open(self, folder: Path, target: Path, bench: str) -> Session:
        opening = Opening(
            folder=folder,
            environment=self.environment,
            clock=self.clock,
            report_progress=self.report_progress,
            on_deps=self._keep,
            python=self.python,
            sandbox=self.sandbox,
            seed=self.seed,
        )
        self.report_progress(Progress(stage="baseline", text=f"{target.parent.name}/{target.name}"))
        return opening.open(target, bench)

    def _keep(self, deps: Deps) -> None:
        self._deps.append(deps)
        if self._cancelled:
            raise Cancelled("the selftest was interrupted")

    def _judge(self, session: Session, changes: Sequence[KnownChange]) -> Iterator[JudgedChange]:
        for change in changes:
            if self._cancelled:
                raise Cancelled("the selftest was interrupted")
            self.report_progress(Progress(stage="examine", text=change.id))
            started = self.clock()
            verdict = session.judge(change).verdict
            judged = JudgedChange(change=change, verdict=verdict, seconds=self.clock() - started)
            self.on_change(judged)
            yield judged

    def _rates(self, folder: Path, toolchains: Mapping[Language, Toolchain], trials: int) -> Iterator[Rates]:
        for language, toolchain in toolchains.items():
            yield measure_rates(
                toolchain,
                language,
                folder / "trials",
                trials=trials,
                gain=GAIN,
                seed=self.seed,
                say=lambda text: self.report_progress(Progress(stage="baseline", text=text)),
                is_cancelled=lambda: self._cancelled,
            )


def bench_of(changes: Sequence[KnownChange]) -> str:
    """What matches the benchmarks that these changes are about, "" where one of them is about all."""
    found = sorted({change.bench for change in changes})
    return "" if "" in found else "|".join(found)
