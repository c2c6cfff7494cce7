"""Trials say what is true: of hosts whose noise is known, and of the bundled programs, whose work is."""

from __future__ import annotations

import math
import re
import sys
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import scipy.stats

from tests.tools.measure.hosts import KINDS, Kind, SyntheticHost, rules, subject_on
from tools.measure.trials.load import busy_processors
from tools.measure.trials.rates import Rate
from tools.measure.trials.series import coverage, detection, false_wins, known_ratios, with_fixed_share
from tools.measure.trials.subject import PROGRAMS, TARGETS, prepare
from tools.measure.trials.trial import Rules, won_in_sequence
from tools.python.interpreter import ask
from tools.python.toolchain import PythonToolchain
from tools.run.process import Runner
from tools.run.sandbox import choose_sandbox


@pytest.fixture(autouse=True)
def _a_lock_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is measured here, so that nobody has to wait for it."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_equal_code_hardly_ever_wins_whatever_the_noise(kind: Kind, tmp_path: Path) -> None:
    """By the level once in 400; benchstat's test on the same samples, one side after the other, in 2.5 % or more."""
    found = false_wins(subject_on(SyntheticHost(kind, 0.02), tmp_path), rules(), 50, seed=1)
    assert found.ours.hits <= 1
    assert found.in_sequence.hits <= 9 or kind == "drifting"


def test_on_a_drifting_host_what_runs_later_wins_and_pairs_see_through_it(tmp_path: Path) -> None:
    found = false_wins(subject_on(SyntheticHost("drifting", 0.02), tmp_path), rules(), 40, seed=1)
    assert found.ours.hits == 0
    assert found.in_sequence.hits >= 8


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_gains_are_found_as_often_as_is_promised(kind: Kind, tmp_path: Path) -> None:
    subject = subject_on(SyntheticHost(kind, 0.02), tmp_path)
    large = detection(subject, 0.10, rules(0.10), 15, seed=1)
    assert large.found.hits >= 14
    small = detection(subject, 0.05, rules(0.05), 12, seed=1)
    assert small.found.hits >= 10
    assert max(large.pairs) <= 300


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_intervals_hold_the_truth(kind: Kind, tmp_path: Path) -> None:
    """At 95 %; 93 % and what 30 trials leave to chance."""
    found = coverage(subject_on(SyntheticHost(kind, 0.02), tmp_path), rules(), 30, seed=1)
    assert found.held.hits >= 26
    assert 0.0 < float(np.median(found.widths)) < 0.12
    assert len(set(found.gains)) >= 25


def test_a_gain_that_is_not_there_is_seen_to_be_missed(tmp_path: Path) -> None:
    """A trial must be able to fail: with noise of 40 % and at most 25 pairs, 5 % aren't found."""
    subject = subject_on(SyntheticHost("normal", 0.4), tmp_path)
    found = detection(subject, 0.05, Rules(
        process_s=0.05, calibration_pairs=5, pairs_min=7, pairs_max=25, final_s=0.0, wanted_gain=0.05
    ), 12, seed=1)  # fmt: skip
    assert found.found.hits <= 3
    assert max(found.pairs) == 25


def test_an_interval_around_another_gain_does_not_hold_it(tmp_path: Path) -> None:
    """Coverage must be able to fail: builds that differ beside their work move the truth out of the intervals."""

    class Fickle(SyntheticHost):
        """Each build is up to 5 % faster or slower than its amount of work says, whenever it runs."""

        def sample(self, build, benchmark, iterations):  # type: ignore[no-untyped-def]
            found = SyntheticHost.sample(self, build, benchmark, iterations)
            off = 1 + 0.05 * math.sin(1e4 * int(build.argv[0]))
            return replace(found, values={k: v * off for k, v in found.values.items()})

    right = coverage(subject_on(SyntheticHost("normal", 0.01), tmp_path), rules(), 12, seed=1)
    wrong = coverage(subject_on(Fickle("normal", 0.01), tmp_path), rules(), 12, seed=1)
    assert right.held.hits >= 10
    assert wrong.held.hits <= 4
    assert any(miss > 1 for miss in wrong.misses)
    assert any(miss < -1 for miss in wrong.misses)


def test_work_that_is_slower_at_first_is_no_error_of_the_intervals(tmp_path: Path) -> None:
    """A process's first milliseconds are slower, so that a part that is left out saves a little less than itself."""

    class Warming(SyntheticHost):
        """The time of a part of the work is above its share by up to 4 %."""

        def sample(self, build, benchmark, iterations):  # type: ignore[no-untyped-def]
            found = SyntheticHost.sample(self, build, benchmark, iterations)
            part = int(build.argv[0]) / PROGRAMS["go"].work
            return replace(
                found, values={k: v * (1 + 0.4 * (1 - part) ** 2) for k, v in found.values.items()}
            )

    found = coverage(subject_on(Warming("normal", 0.01), tmp_path), rules(), 40, seed=1)
    assert found.held.hits >= 35


def test_no_trial_has_a_say_in_its_own_truth() -> None:
    removed = np.linspace(0.02, 0.4, 20)
    ratios = 1 - 0.9 * removed - 0.1 * removed**2
    widths = np.full(20, 0.02)
    assert known_ratios(removed, ratios, widths) == pytest.approx(ratios)
    wild = ratios.copy()
    wild[7] = 2.0
    assert known_ratios(removed, wild, widths)[7] == pytest.approx(ratios[7])
    assert np.isnan(known_ratios(removed[:3], ratios[:3], widths[:3])).all()


def test_the_share_that_no_work_explains_is_measured(tmp_path: Path) -> None:
    class Starting(SyntheticHost):
        """Every process takes 500 microseconds beside its work of 2,000."""

        def _disturbance(self) -> float:
            return 1.0

        def sample(self, build, benchmark, iterations):  # type: ignore[no-untyped-def]
            found = SyntheticHost.sample(self, build, benchmark, iterations)
            time_s = found.values["sec/op"] + 500e-6
            return type(found)(
                benchmark=found.benchmark, iterations=1, values={"sec/op": time_s}, duration_s=0.05
            )

    subject = with_fixed_share(subject_on(Starting("normal", 0.0), tmp_path), rules(), seed=1)
    assert subject.fixed_share == pytest.approx(0.2, abs=1e-6)
    build, gain = subject.with_gain(0.10)
    assert gain == pytest.approx(0.10, abs=0.0005)
    assert int(build.argv[0]) == 1750
    assert subject.iterations == {subject.benchmark.name: 1}


def test_trials_run_as_many_operations_as_told_the_share(tmp_path: Path) -> None:
    """What a process costs once is twice the share of half as many operations: the truth would be another."""
    seen: set[int] = set()

    class Counting(SyntheticHost):
        """Remembers how many operations its processes were asked for."""

        def sample(self, build, benchmark, iterations):  # type: ignore[no-untyped-def]
            seen.add(iterations)
            return SyntheticHost.sample(self, build, benchmark, iterations)

    subject = subject_on(Counting("normal", 0.01), tmp_path)
    coverage(replace(subject, iterations={subject.benchmark.name: 7}), rules(), 2, seed=1)
    assert seen == {7}


def test_trials_are_counted_as_they_end_and_can_be_cancelled(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    subject = subject_on(SyntheticHost("normal", 0.01), tmp_path)
    false_wins(subject, rules(), 3, seed=1, on_trial=lambda done, of: told.append((done, of)))
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_a_later_half_that_is_faster_wins_in_sequence_and_a_slower_one_does_not() -> None:
    times = [1.0, 1.01, 1.02, 1.03, 1.04, 1.05]
    faster = [t * 0.9 for t in times]
    assert won_in_sequence([*times, *faster])
    assert not won_in_sequence([*faster, *times])
    assert not won_in_sequence([*times, *times])


@pytest.mark.parametrize(("hits", "trials"), [(0, 200), (1, 200), (95, 100), (100, 100), (7, 12)])
def test_the_bounds_of_a_rate_are_those_of_the_exact_test(hits: int, trials: int) -> None:
    expected = scipy.stats.binomtest(hits, trials).proportion_ci(0.95, method="exact")
    rate = Rate(hits=hits, trials=trials)
    assert (rate.low, rate.high) == pytest.approx((expected.low, expected.high), abs=1e-9)
    assert rate.share == hits / trials


def test_a_rate_in_words() -> None:
    assert Rate(hits=1, trials=200).text == "1 of 200 (0.5 %, 0.0 to 2.8 %)"
    assert Rate(hits=0, trials=0).share == 0.0
    assert Rate(hits=0, trials=0).high == 1.0


def test_processors_are_busy_meanwhile_and_free_afterwards() -> None:
    def burnt_s() -> float:
        fields = [p / "stat" for p in Path("/proc").iterdir() if p.name.isdigit()]
        found = 0.0
        for stat in fields:
            try:
                words = stat.read_text().rpartition(")")[2].split()
                command = (stat.parent / "cmdline").read_text()
            except OSError:
                continue
            if "while True: pass" in command and "launcher" not in command:
                found += (int(words[11]) + int(words[12])) / 100
        return found

    with busy_processors(1):
        time.sleep(0.5)
        assert burnt_s() > 0.05
    assert burnt_s() == 0.0


@pytest.mark.parametrize("language", ["go", "python"])
def test_a_bundled_program_says_its_amount_of_work_once(language: str) -> None:
    program = PROGRAMS[language]  # type: ignore[index]
    text = (TARGETS / language / program.file).read_text()
    assert [int(re.sub("_", "", n)) for n in program.amount.findall(text)] == [program.work]


@pytest.mark.slow
def test_a_large_gain_of_the_bundled_python_program_is_found(tmp_path: Path) -> None:
    """A real program in the real sandbox, by a run's own way; half of its work is more than any host's noise."""
    few = Rules(process_s=0.02, calibration_pairs=4, pairs_min=7, pairs_max=25, final_s=20.0, wanted_gain=0.4)
    with closing(Runner(choose_sandbox("auto").sandbox)) as runner:
        python = ask(runner, Path(sys.base_prefix) / "bin" / "python3", TARGETS / "python")
        subject = prepare(PythonToolchain(runner, python), "python", tmp_path)
        assert subject.baseline.processors == 1
        found = detection(subject, 0.5, few, 1, seed=1)
    assert found.found.hits == 1
    assert found.gain == 0.5
