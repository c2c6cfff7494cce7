"""The bench of A2A streams runs on a small scale and says what it promises to say."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.settings import MeasureSettings
from evals.bench.figure import Conditions
from evals.bench.streams import SHORT_STREAMS, bench_streams


@pytest.mark.slow
def test_first_events_and_memory_are_told(tmp_path: Path) -> None:
    conditions = Conditions(
        folder=tmp_path,
        trials=1,
        languages=(),
        busy=None,
        seed=0,
        measure=MeasureSettings(),
        say=lambda text: None,
    )
    spread, memory, burst = bench_streams(conditions)
    assert "p95" in spread.name
    assert spread.goal == "< 300 ms"
    assert memory.found.endswith("kB for each stream)")
    for figure in (spread, burst):
        seconds = figure.data["seconds"]
        assert isinstance(seconds, list)
        assert len(seconds) == SHORT_STREAMS
    assert burst.is_met is None
