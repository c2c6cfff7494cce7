"""Series of trials: how often equal code wins, how often a known gain is found, how often intervals hold the truth."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from tools.measure.hostlock import measuring_alone
from tools.measure.pairs import PairPlan, log_ratios, run_pairs
from tools.measure.statistics import FloatArray, paired_interval
from tools.measure.toolchain import Build
from tools.measure.trials.rates import Rate
from tools.measure.trials.subject import Subject
from tools.measure.trials.trial import Rules, Trial, iterations_for, run_trial
from tools.measure.workload import SECONDS_PER_OP

OnTrial = Callable[[int, int], None]
"""Told after each trial how many are done, of how many."""
SHARE_PAIRS = (60, 600)
"""The fewest and the most pairs that tell the share of a process's time that doesn't depend on the work."""
SHARE_PRECISION = 0.003
"""How well that share's ratio must be known, half its interval: the truth that intervals are held to rests on it. The
share is then known to twice that, and the truth of a gain of 40 % to about as much.
"""
ROUND_PAIRS = 10
"""Of them, how many are measured without giving the host's lock back."""
FEWEST_TRIALS = 4
"""With three others a parabola through a known point can be wrong; with two it can't."""
GAINS = (0.02, 0.4)
"""The smallest and the largest of the random gains."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FalseWins:
    """Equal code against itself: how often we called it faster, and how often benchstat's test did on the same
    samples, the earlier half against the later half. `pairs` and `seconds` have one number for each trial.
    """

    ours: Rate
    in_sequence: Rate
    pairs: tuple[int, ...]
    seconds: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Detection:
    """A known `gain`: how often it was found, and how often the interval held it."""

    gain: float
    found: Rate
    held: Rate
    pairs: tuple[int, ...]
    seconds: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """Known gains, one for each trial: how often the interval held them.

    `misses` tells for each by how much the estimate of the ratio was off, in halves of the interval's width.
    """

    held: Rate
    gains: tuple[float, ...]
    misses: tuple[float, ...]
    widths: tuple[float, ...]
    pairs: tuple[int, ...]
    seconds: tuple[float, ...]


def with_fixed_share(
    subject: Subject,
    rules: Rules,
    *,
    seed: int,
    is_cancelled: Callable[[], bool] = lambda: False,
) -> Subject:
    """The subject with the share of its time that doesn't depend on the work, by measuring, and its iterations.

    Pairs of all and of half the work: their ratio is half of one and that share. Raises: ToolError, Cancelled.
    """
    half = subject.with_work(subject.work // 2)
    iterations = iterations_for(subject, rules)
    ratios: list[FloatArray] = []
    fewest, most = SHARE_PAIRS
    for number in range(most // ROUND_PAIRS):
        ratios.append(_share_ratios(subject, half, iterations, seed + number, is_cancelled))
        known = paired_interval(np.concatenate(ratios), 0.95, seed)
        enough = (known.high - known.low) / 2 <= SHARE_PRECISION
        if enough and len(ratios) * ROUND_PAIRS >= fewest:
            break
    return replace(subject, fixed_share=max(0.0, 2 * math.exp(known.estimate) - 1), iterations=iterations)


def false_wins(
    subject: Subject,
    rules: Rules,
    trials: int,
    *,
    seed: int,
    on_trial: OnTrial = lambda done, of: None,
    is_cancelled: Callable[[], bool] = lambda: False,
) -> FalseWins:
    """Compare two copies of the same code so many times. Raises: ToolError, Cancelled."""
    copy, _ = subject.with_gain(0.0)
    found = _trials(subject, [copy] * trials, rules, seed, on_trial, is_cancelled)
    return FalseWins(
        ours=Rate(hits=sum(t.won for t in found), trials=trials),
        in_sequence=Rate(hits=sum(t.won_in_sequence for t in found), trials=trials),
        pairs=tuple(t.comparison.pairs for t in found),
        seconds=tuple(t.seconds for t in found),
    )


def detection(
    subject: Subject,
    gain: float,
    rules: Rules,
    trials: int,
    *,
    seed: int,
    on_trial: OnTrial = lambda done, of: None,
    is_cancelled: Callable[[], bool] = lambda: False,
) -> Detection:
    """Look for a true `gain` (0 to 1) so many times. Raises: ToolError, Cancelled."""
    candidate, true_gain = subject.with_gain(gain)
    found = _trials(subject, [candidate] * trials, rules, seed, on_trial, is_cancelled)
    return Detection(
        gain=true_gain,
        found=Rate(hits=sum(t.won for t in found), trials=trials),
        held=Rate(hits=sum(t.holds(true_gain) for t in found), trials=trials),
        pairs=tuple(t.comparison.pairs for t in found),
        seconds=tuple(t.seconds for t in found),
    )


def coverage(
    subject: Subject,
    rules: Rules,
    trials: int,
    *,
    seed: int,
    on_trial: OnTrial = lambda done, of: None,
    is_cancelled: Callable[[], bool] = lambda: False,
) -> Coverage:
    """Measure random gains, another in each trial. Raises: ToolError, Cancelled.

    What part of the work was left out is known exactly, and how that turns into time is told by all other trials
    (`known_ratios`).
    """
    draw = random.Random(seed)  # noqa: S311 - an amount of work, not a secret
    injected = [subject.with_gain(draw.uniform(*GAINS)) for _ in range(trials)]
    removed = np.array([gain / (1 - subject.fixed_share) for _, gain in injected])
    found = _trials(subject, [build for build, _ in injected], rules, seed, on_trial, is_cancelled)
    comparisons = [trial.comparison for trial in found]
    truth = known_ratios(
        removed,
        np.array([c.ratio for c in comparisons]),
        np.array([c.ratio_high - c.ratio_low for c in comparisons]),
    )
    gains = tuple(float(1 - ratio) for ratio in truth)
    return Coverage(
        held=Rate(hits=sum(t.holds(g) for t, g in zip(found, gains, strict=True)), trials=trials),
        gains=gains,
        misses=tuple(_miss(t, g) for t, g in zip(found, gains, strict=True)),
        widths=tuple(c.ratio_high - c.ratio_low for c in comparisons),
        pairs=tuple(c.pairs for c in comparisons),
        seconds=tuple(t.seconds for t in found),
    )


def known_ratios(removed: FloatArray, ratios: FloatArray, widths: FloatArray) -> FloatArray:
    """The true ratio of each trial from the part of the work that was `removed` (0 to 1): a parabola that is 1 where
    nothing is, through the ratios of all *other* trials, each weighed by its interval's width.

    A straight line would be too simple: the first milliseconds of a process are slower, so that work that is left out
    at its end saves less than its share (0.5 % at 40 %, where an interval is 0.8 % to either side). No trial has a say
    in its own truth. With fewer than four trials the parabola isn't determined, and ratios are NaN.
    """
    if len(removed) < FEWEST_TRIALS:
        return np.full(len(removed), math.nan)
    terms = np.stack([removed, removed**2], axis=1)
    truth = np.empty(len(removed))
    for number in range(len(removed)):
        others = np.arange(len(removed)) != number
        weights = 1 / widths[others]
        fitted, *_ = np.linalg.lstsq(
            terms[others] * weights[:, None], (ratios[others] - 1) * weights, rcond=None
        )
        truth[number] = 1 + terms[number] @ fitted
    return truth


def _miss(trial: Trial, gain: float) -> float:
    found = trial.comparison
    return 2 * (found.ratio - (1 - gain)) / (found.ratio_high - found.ratio_low)


def _share_ratios(
    subject: Subject,
    less: Build,
    iterations: Mapping[str, int],
    seed: int,
    is_cancelled: Callable[[], bool],
) -> FloatArray:
    """Log ratios of a few pairs of all and of less of the work. Raises: ToolError, Cancelled."""
    with measuring_alone(is_cancelled=is_cancelled):
        samples = run_pairs(
            subject.toolchain.sample,
            subject.baseline,
            less,
            subject.workload.benchmarks,
            iterations,
            PairPlan(pairs=ROUND_PAIRS, seed=seed),
        )
    return log_ratios(samples, subject.benchmark.name, SECONDS_PER_OP)


def _trials(
    subject: Subject,
    candidates: Sequence[Build],
    rules: Rules,
    seed: int,
    on_trial: OnTrial,
    is_cancelled: Callable[[], bool],
) -> list[Trial]:
    """One trial of each candidate, each with another order.

    Processes run as many operations as those did that told the fixed share: of half as many it is twice as large.
    """
    iterations = subject.iterations or iterations_for(subject, rules)
    found = []
    for number, candidate in enumerate(candidates):
        found.append(
            run_trial(
                subject, candidate, rules, iterations, seed=seed + 10_000 * number, is_cancelled=is_cancelled
            )
        )
        on_trial(number + 1, len(candidates))
    return found
