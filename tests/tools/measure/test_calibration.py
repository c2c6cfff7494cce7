"""Calibration: processes of the wanted length, and an honest word on what the host can tell apart."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.measure.calibration import (
    MAX_ITERATIONS,
    NOISE_FLOOR,
    calibrate,
    choose_iterations,
    choose_pairs,
    smallest_detectable_gain,
)
from tools.measure.pairs import PairPlan
from tools.measure.toolchain import Build
from tools.measure.workload import SECONDS_PER_OP, Benchmark, Sample

BUILD = Build(root=Path("/copy"), programs={}, duration_s=0.0)
BENCHMARK = Benchmark(name="Report", selector=())


class Machine:
    """Runs operations of a fixed length; a whole command runs one at a time, whatever is asked."""

    def __init__(self, per_op_s: float, *, whole_command: bool = False, noise: float = 0.0) -> None:
        self.asked: list[int] = []
        self._per_op_s, self._whole = per_op_s, whole_command
        self._noise, self._random = noise, np.random.default_rng(3)

    def sample(self, build: Build, benchmark: Benchmark, iterations: int) -> Sample:
        self.asked.append(iterations)
        ran = 1 if self._whole else iterations
        time_s = (
            self._per_op_s * float(self._random.lognormal(0, self._noise)) if self._noise else self._per_op_s
        )
        return Sample(
            benchmark=benchmark.name,
            iterations=ran,
            values={SECONDS_PER_OP: time_s},
            duration_s=time_s * ran,
        )


@given(st.floats(1e-7, 3.0))
def test_a_process_takes_about_the_wanted_time(per_op_s: float) -> None:
    machine = Machine(per_op_s)
    iterations, last = choose_iterations(machine.sample, BUILD, [BENCHMARK], 0.2)
    count = iterations["Report"]
    assert 1 <= count <= MAX_ITERATIONS
    assert count == 1 or 0.1 <= count * per_op_s <= 0.27  # rounded to whole iterations
    assert last["Report"].iterations >= 1
    assert len(machine.asked) <= 5


def test_iterations_grow_step_by_step() -> None:
    machine = Machine(1e-6)
    choose_iterations(machine.sample, BUILD, [BENCHMARK], 0.2)
    assert machine.asked[0] == 1
    assert all(later <= 100 * sooner for sooner, later in zip(machine.asked, machine.asked[1:], strict=False))


def test_a_whole_command_runs_once_however_short() -> None:
    machine = Machine(0.001, whole_command=True)
    iterations, _ = choose_iterations(machine.sample, BUILD, [BENCHMARK], 0.2)
    assert iterations == {"Report": 1}


def test_an_operation_that_takes_no_time_ends_at_the_largest_number() -> None:
    iterations, _ = choose_iterations(Machine(0.0).sample, BUILD, [BENCHMARK], 0.2)
    assert iterations == {"Report": MAX_ITERATIONS}


@pytest.mark.parametrize("noise", [0.01, 0.05, 0.2])
def test_the_hosts_noise_is_measured(noise: float) -> None:
    machine = Machine(0.1, noise=noise)
    found = calibrate(machine.sample, BUILD, [BENCHMARK], {"Report": 2}, PairPlan(pairs=20, seed=1))
    assert found.worst_noise == pytest.approx(noise * math.sqrt(2), rel=0.6)
    assert found.warnings == ()


def test_no_host_is_quieter_than_its_timer() -> None:
    found = calibrate(Machine(0.1).sample, BUILD, [BENCHMARK], {"Report": 2}, PairPlan(pairs=6, seed=1))
    assert found.noise == {"Report": NOISE_FLOOR}


def test_a_baseline_that_differs_from_itself_is_a_warning() -> None:
    """A sampler that gives the second of equal builds an advantage: the host is to be called unsteady."""
    builds: list[int] = []

    def sample(build: Build, benchmark: Benchmark, iterations: int) -> Sample:
        builds.append(1)
        time_s = (1.0, 0.5)[len(builds) % 2]
        return Sample(benchmark="Report", iterations=1, values={SECONDS_PER_OP: time_s}, duration_s=1.0)

    def orders(seed: int) -> bool:
        found = calibrate(sample, BUILD, [BENCHMARK], {"Report": 1}, PairPlan(pairs=6, seed=seed))
        unsteady = any("unsteady" in warning for warning in found.warnings)
        assert unsteady == any(c.changed for c in found.comparisons)
        return unsteady

    # The order of a pair is drawn; among many seeds some draw the same order six times.
    assert any(orders(seed) for seed in range(200))


def test_the_number_of_pairs_is_as_large_as_the_noise_asks_for() -> None:
    few = choose_pairs(0.01, 0.1, 1, low=6, high=30)
    more = choose_pairs(0.1, 0.1, 1, low=6, high=30)
    assert 6 <= few < more <= 30
    assert choose_pairs(5.0, 0.1, 1, low=6, high=30) == 30
    assert smallest_detectable_gain(0.1, more, 1) <= 0.1 or more == 30


@given(st.floats(0.002, 0.5), st.floats(0.01, 0.9), st.integers(1, 6))
def test_the_chosen_pairs_find_the_wanted_gain_and_one_less_would_not(
    noise: float, wanted: float, comparisons: int
) -> None:
    pairs = choose_pairs(noise, wanted, comparisons, low=4, high=40)
    if 4 < pairs < 40:
        assert smallest_detectable_gain(noise, pairs, comparisons) <= wanted + 1e-9
        assert smallest_detectable_gain(noise, pairs - 1, comparisons) > wanted - 1e-9


def test_where_no_gain_can_be_told_the_smallest_is_everything() -> None:
    assert smallest_detectable_gain(0.01, 3, 1) == 1.0
    assert 0 < smallest_detectable_gain(0.01, 12, 1) < 0.05
