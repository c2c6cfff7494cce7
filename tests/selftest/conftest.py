"""Sessions of the selftest, one for each target."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import pytest

from agent.deps import Deps
from agent.selftest.catalogue import KnownChange, read_catalogue
from agent.selftest.result import JudgedChange
from agent.selftest.session import Opening, Session
from agent.selftest.suite import bench_of

MORE_PAIRS = {"pairs_min": 30, "pairs_max": 60}


class Judge(Protocol):
    """Judges a change, `anew` after another calibration and with more pairs: the same levels, more data."""

    def __call__(self, change: KnownChange, *, anew: bool = False) -> JudgedChange: ...


@pytest.fixture(scope="session")
def judge(light_python: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Judge]:
    """Judges a change; the baseline of its target is measured when the first of its changes comes."""
    opened: list[Deps] = []
    opening = Opening(
        folder=tmp_path_factory.mktemp("selftest"),
        environment=os.environ,
        clock=time.monotonic,
        report_progress=lambda progress: None,
        on_deps=opened.append,
        python=str(light_python),
    )

    def patiently(deps: Deps) -> None:
        measure = deps.settings.measure.model_copy(update=MORE_PAIRS)
        deps.settings = deps.settings.model_copy(update={"measure": measure})
        opened.append(deps)

    patient = replace(opening, on_deps=patiently)
    sessions: dict[Path, Session] = {}

    def judge(change: KnownChange, *, anew: bool = False) -> JudgedChange:
        if anew or change.folder not in sessions:
            meant = [c for c in read_catalogue() if c.folder == change.folder and not c.is_extra]
            sessions[change.folder] = (patient if anew else opening).open(
                change.folder, bench_of([change, *meant])
            )
        started = time.monotonic()
        verdict = sessions[change.folder].judge(change).verdict
        return JudgedChange(change=change, verdict=verdict, seconds=time.monotonic() - started)

    yield judge
    for deps in opened:
        deps.runner.close()
