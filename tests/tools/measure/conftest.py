"""Samples and comparisons made of plain numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import pytest

from tools.measure.benchstat import find_benchstat
from tools.measure.pairs import PairedSamples
from tools.measure.workload import SECONDS_PER_OP, Sample

Times = Mapping[str, Sequence[float]]
Paired = Callable[..., PairedSamples]


@pytest.fixture
def paired() -> Paired:
    """Makes paired samples of numbers by benchmark: `paired({"A": [1, 2]}, {"A": [2, 3]}, unit="sec/op")`."""

    def make(before: Times, after: Times, unit: str = SECONDS_PER_OP) -> PairedSamples:
        return PairedSamples(baseline=_samples(before, unit), candidate=_samples(after, unit))

    return make


def _samples(times: Times, unit: str) -> dict[str, tuple[Sample, ...]]:
    return {
        name: tuple(
            Sample(benchmark=name, iterations=1, values={unit: float(value)}, duration_s=1.0)
            for value in found
        )
        for name, found in times.items()
    }


@pytest.fixture
def benchstat() -> str:
    """The benchstat program; it fails the test where it isn't installed."""
    found = find_benchstat()
    assert found is not None, "install it: go install golang.org/x/perf/cmd/benchstat@latest"
    return found
