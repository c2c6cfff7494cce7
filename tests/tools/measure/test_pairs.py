"""Baseline and candidate run back to back in random order, and what is called changed has changed."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tools.errors import ProgramFailed
from tools.measure.pairs import PairedSamples, PairPlan, compare, log_ratios, run_pairs
from tools.measure.toolchain import Build
from tools.measure.workload import ALLOCATIONS_PER_OP, BYTES_PER_OP, SECONDS_PER_OP, Benchmark, Sample

Paired = Callable[..., PairedSamples]
OLD = Build(root=Path("/old"), programs={}, duration_s=0.0)
NEW = Build(root=Path("/new"), programs={}, duration_s=0.0)
BENCHMARKS = [Benchmark(name=name, selector=(name,)) for name in ("A", "B", "C")]
ITERATIONS = {"A": 1, "B": 20, "C": 300}


class Host:
    """A host with a drifting speed on which nothing but the build decides how much work there is."""

    def __init__(self, gain: float = 1.0, drift: float = 0.0, noise: float = 0.01) -> None:
        self.calls: list[tuple[Path, str, int]] = []
        self._gain, self._drift, self._noise = gain, drift, noise
        self._random = np.random.default_rng(1)

    def sample(self, build: Build, benchmark: Benchmark, iterations: int) -> Sample:
        self.calls.append((build.root, benchmark.name, iterations))
        speed = (1 + self._drift * len(self.calls)) * float(self._random.lognormal(0, self._noise))
        time_s = speed * (self._gain if build is NEW else 1.0)
        return Sample(
            benchmark=benchmark.name,
            iterations=iterations,
            values={SECONDS_PER_OP: time_s},
            duration_s=time_s,
        )


def run(host: Host, pairs: int = 12, seed: int = 7) -> PairedSamples:
    return run_pairs(host.sample, OLD, NEW, BENCHMARKS, ITERATIONS, PairPlan(pairs=pairs, seed=seed))


def test_the_two_sides_of_a_pair_run_back_to_back() -> None:
    host = Host()
    samples = run(host)
    for first, second in zip(host.calls[::2], host.calls[1::2], strict=True):
        assert first[1:] == second[1:]
        assert {first[0], second[0]} == {OLD.root, NEW.root}
    assert {name: len(found) for name, found in samples.baseline.items()} == {"A": 12, "B": 12, "C": 12}
    assert {name: len(found) for name, found in samples.candidate.items()} == {"A": 12, "B": 12, "C": 12}
    assert {call[1:] for call in host.calls} == set(ITERATIONS.items())


def test_the_order_within_pairs_and_of_benchmarks_is_random_but_repeatable() -> None:
    host, again, other = Host(), Host(), Host()
    run(host), run(again), run(other, seed=8)
    assert host.calls == again.calls
    assert host.calls != other.calls
    first = [call[0] for call in host.calls[::2]]
    assert 8 <= first.count(OLD.root) <= 28  # of 36 pairs
    rounds = {tuple(call[1] for call in host.calls[n : n + 6 : 2]) for n in range(0, len(host.calls), 6)}
    assert len(rounds) > 2


def test_what_uses_one_processor_is_pinned_and_a_pair_to_the_same_one() -> None:
    places: list[frozenset[int] | None] = []

    def sample(build: Build, benchmark: Benchmark, iterations: int) -> Sample:
        places.append(build.cpus)
        return Sample(benchmark=benchmark.name, iterations=1, values={SECONDS_PER_OP: 1.0}, duration_s=1.0)

    one = replace(OLD, processors=1), replace(NEW, processors=1)
    run_pairs(sample, *one, BENCHMARKS, ITERATIONS, PairPlan(pairs=20, seed=1))
    assert places[::2] == places[1::2]
    assert {len(cpus) for cpus in places if cpus} == {1}
    assert frozenset().union(*(cpus for cpus in places if cpus)) == os.sched_getaffinity(0)
    places.clear()
    run_pairs(sample, one[0], NEW, BENCHMARKS, ITERATIONS, PairPlan(pairs=2, seed=1))
    assert set(places) == {None}


def test_every_round_has_every_benchmark_once() -> None:
    host = Host()
    seen: list[int] = []
    run_pairs(host.sample, OLD, NEW, BENCHMARKS, ITERATIONS, PairPlan(pairs=3, seed=1), seen.append)
    assert seen == [1, 2, 3]
    for n in range(0, 18, 6):
        assert sorted(call[1] for call in host.calls[n : n + 6 : 2]) == ["A", "B", "C"]


def test_a_real_gain_is_found_with_its_size_between_the_bounds() -> None:
    for comparison in compare(run(Host(gain=0.7)), seed=1):
        assert comparison.changed
        assert comparison.ratio_low <= 0.7 <= comparison.ratio_high
        assert 0.25 < comparison.faster_at_least < 0.31


def test_a_host_that_slows_down_does_not_make_equal_code_differ() -> None:
    """A drift of 40 % over the run: sides measured one after the other would differ, pairs don't."""
    host = Host(drift=0.4 / 72)
    samples = run(host)
    assert not any(c.changed for c in compare(samples, seed=1))
    times = [s.values[SECONDS_PER_OP] for s in samples.baseline["A"]]
    assert np.median(times[6:]) > 1.1 * np.median(times[:6])


def test_nothing_is_rarely_called_changed() -> None:
    """Thirty runs of equal code, three benchmarks each: at most a few false alarms at the 95 % level."""
    random = np.random.default_rng(2)
    alarms = 0
    for seed in range(30):
        host = Host(noise=float(random.uniform(0.01, 0.2)))
        alarms += any(c.changed for c in compare(run(host, pairs=8, seed=seed), seed=seed))
    assert alarms <= 4


def test_a_process_that_fails_ends_the_measurement() -> None:
    def sample(build: Build, benchmark: Benchmark, iterations: int) -> Sample:
        raise ProgramFailed(f"{benchmark.name} crashed", exit_code=2)

    with pytest.raises(ProgramFailed, match="crashed"):
        run_pairs(sample, OLD, NEW, BENCHMARKS, ITERATIONS, PairPlan(pairs=3, seed=1))


def test_comparing_more_needs_better_evidence(paired: Paired) -> None:
    """Holm: a difference that five pairs just show alone isn't shown among four others."""
    before = {"A": [1.0] * 6}
    after = {"A": [0.9, 0.91, 0.92, 0.9, 0.91, 0.9]}
    assert compare(paired(before, after), seed=1)[0].changed
    others = {f"B{n}": [1.0, 1.1, 0.9, 1.05, 0.95, 1.0] for n in range(4)}
    swapped = {name: values[::-1] for name, values in others.items()}
    found = {c.benchmark: c for c in compare(paired(before | others, after | swapped), seed=1)}
    assert not found["A"].changed
    assert found["A"].p_value == pytest.approx(5 * 2 / 2**6)


def test_too_few_pairs_are_warned_about(paired: Paired) -> None:
    (few,) = compare(paired({"A": [1.0] * 5}, {"A": [0.5] * 5}), seed=1)
    assert not few.changed
    assert few.warnings == ("5 pairs are too few to show a difference among 1 comparisons",)
    (enough,) = compare(paired({"A": [1.0] * 6}, {"A": [0.5] * 6}), seed=1)
    assert enough.changed
    assert enough.warnings == ()


def test_times_far_apart_are_warned_about(paired: Paired) -> None:
    (found,) = compare(paired({"A": [1.0] * 5 + [4.0] + [1.0] * 4}, {"A": [1.0] * 10}), seed=1)
    assert found.warnings == ("the baseline's times are up to 4.0 times apart",)


def test_every_unit_is_a_family_of_its_own(paired: Paired) -> None:
    times = paired({"A": [1.0] * 8}, {"A": [0.5] * 8})
    allocations = paired({"A": [10.0] * 8}, {"A": [5.0] * 8}, unit=ALLOCATIONS_PER_OP)
    both = PairedSamples(
        baseline={"A": tuple(map(merged, times.baseline["A"], allocations.baseline["A"]))},
        candidate={"A": tuple(map(merged, times.candidate["A"], allocations.candidate["A"]))},
    )
    assert [c.unit for c in compare(both, seed=1)] == [ALLOCATIONS_PER_OP, SECONDS_PER_OP]
    assert all(c.p_value == pytest.approx(2 / 2**8) for c in compare(both, seed=1))


def merged(one: Sample, other: Sample) -> Sample:
    values = {**one.values, **other.values}
    return Sample(benchmark=one.benchmark, iterations=1, values=values, duration_s=1.0)


def test_what_is_zero_or_missing_on_a_side_is_left_out(paired: Paired) -> None:
    """A count that is zero has no ratio; it is not reported as a change of any size."""
    assert compare(paired({"A": [0.0] * 8}, {"A": [5.0] * 8}, unit=BYTES_PER_OP), seed=1) == ()
    assert log_ratios(paired({"A": [1.0]}, {"A": [2.0]}), "A", BYTES_PER_OP).size == 0


def test_medians_that_tell_another_ratio_than_the_pairs_are_pointed_out(paired: Paired) -> None:
    """Nineteen pairs say half, two were disturbed; the medians of the sides, taken apart, say no change."""
    before, after = [1.0] * 10 + [2.0] * 9 + [1.0] * 2, [0.5] * 10 + [1.0] * 9 + [2.0] * 2
    found = compare(paired({"App": before}, {"App": after}), seed=1)[0]
    assert found.ratio == pytest.approx(0.5)
    assert [w for w in found.warnings if "the medians differ by +0.0%, the pairs by -50.0%" in w]


def test_medians_that_agree_with_the_pairs_are_not_mentioned(paired: Paired) -> None:
    before = [1.0, 1.0, 1.0, 1.0, 4.0, 4.0, 4.0, 4.0]
    found = compare(paired({"App": before}, {"App": [b / 2 for b in before]}), seed=1)[0]
    assert not [w for w in found.warnings if "medians" in w]
