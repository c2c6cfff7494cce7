"""How time grows with the input's size: the exponent of a power law, its interval, and what can't be said.

The model is `time = a * size**k`, and with four sizes or more `time = constant + a * size**k`, because a constant part
(a program's start) makes exponents too low. Each size's time is the median of its samples. The interval is the
percentile bootstrap over the samples of each size, widened for few samples and by the ratio of the misfit to what the
samples' noise explains. docs/scaling.md tells the method.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tools.measure.statistics import FloatArray, Interval, robust_sigma

CONFIDENCE = 0.95
FEWEST_SAMPLES = 5
"""Of each size; with fewer no interval is honest."""
SMALLEST_SPAN = 2.0
"""How far apart the smallest and largest size must be."""
SIZES_FOR_CONSTANT = 4
"""From so many sizes on a constant part is told apart from the growth."""
GROWS = 1.5
"""A constant part is looked for only where time grows by this factor in all: else nothing tells the two apart."""
SHORTEST_S = 20e-6
"""A process that timed less than this in all timed its clock."""
FEW_SAMPLES = 2.8
"""The bootstrap of a median of n samples is too narrow; `1 + FEW_SAMPLES / n` makes it hold (by simulation)."""
MISFIT = 0.2
"""A relative misfit above this is told, when the samples' noise doesn't explain it."""
_RESAMPLES = 600
_NOISE_FLOOR = 0.001
_COARSE = np.arange(0.1, 6.0, 0.1)
_FINE = np.arange(-0.1, 0.1001, 0.004)
# The 99th percentile of chi squared by degrees of freedom. Source: Abramowitz and Stegun, table 26.8.
_CHI_SQUARED_99 = (6.635, 9.210, 11.345, 13.277, 15.086, 16.812, 18.475, 20.090)


@dataclass(frozen=True, slots=True, kw_only=True)
class SizeTimes:
    """The samples of one size: seconds for one operation each, and the seconds that a process timed in all."""

    size: int
    seconds: tuple[float, ...]
    timed_s: float = math.inf

    @property
    def median_s(self) -> float:
        """The middle sample."""
        return float(np.median(self.seconds))

    @property
    def error(self) -> float:
        """The standard error of the logarithm of the middle sample."""
        count = len(self.seconds)
        sigma = robust_sigma(np.log(np.array(self.seconds)))
        return math.sqrt(math.pi / 2) * sigma / math.sqrt(count) * (1 + FEW_SAMPLES / count)


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """How time grows over `sizes` (smallest first). `constant_s` is the part that doesn't grow, 0 where none is seen
    or the sizes are too few to tell; `told_constant` says which. `slopes` are the exponents between neighbouring
    sizes. `warnings` say where one power doesn't describe it.
    """

    sizes: tuple[int, ...]
    exponent: Interval
    constant_s: float
    told_constant: bool
    slopes: tuple[float, ...]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Untold:
    """Why nothing can be said about growth."""

    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fits:
    """Of each row of log times the fitted exponent, constant and logs of the fitted times (scaled like the rows)."""

    exponents: FloatArray
    constants: FloatArray
    logs: FloatArray


def fit_growth(times: Sequence[SizeTimes], *, seed: int, confidence: float = CONFIDENCE) -> Growth | Untold:
    """The exponent with its interval, or why there is none. The same seed gives the same interval.

    With two sizes the exponent is that of the ratio of medians, and nothing shows whether it is one power at all.
    """
    ordered = sorted(times, key=lambda t: t.size)
    why = _why_not(ordered)
    if why:
        return Untold(why=why)
    sizes = np.array([float(t.size) for t in ordered])
    samples = [np.log(np.array(t.seconds)) for t in ordered]
    centre = np.array([float(np.median(s)) for s in samples])
    medians = _resampled_medians(samples, seed)
    few = 1 + FEW_SAMPLES / min(len(s) for s in samples)
    errors = _errors(medians) * few
    with_constant = len(sizes) >= SIZES_FOR_CONSTANT and bool(centre[-1] - centre[0] >= math.log(GROWS))
    fit = _fit(sizes, centre[None, :], errors, with_constant=with_constant)
    resampled = _fit(sizes, medians, errors, with_constant=with_constant)
    residuals = centre - fit.logs[0]
    freedom = len(sizes) - (3 if with_constant else 2)
    excess = float(((residuals / errors) ** 2).sum())
    widening = few * math.sqrt(max(1.0, excess / freedom)) if freedom > 0 else few
    estimate = float(fit.exponents[0])
    low, high = np.quantile(resampled.exponents, [(1 - confidence) / 2, (1 + confidence) / 2])
    misfit = _misfit(residuals, np.log(sizes), freedom)
    exponent = Interval(
        estimate=estimate,
        low=estimate - max((estimate - float(low)) * widening, misfit),
        high=estimate + max((float(high) - estimate) * widening, misfit),
        confidence=confidence,
    )
    slopes = tuple(float(s) for s in np.diff(centre) / np.diff(np.log(sizes)))
    is_bad = freedom > 0 and excess > _CHI_SQUARED_99[min(freedom, len(_CHI_SQUARED_99)) - 1]
    warnings = []
    if is_bad and float(np.abs(residuals).max()) > MISFIT:
        warnings.append(_no_single_power(ordered, slopes))
    if centre[-1] - centre[0] < math.log(GROWS):
        warnings.append(
            "time hardly grows over these sizes: what doesn't grow may hide what does; larger sizes would tell"
        )
    return Growth(
        sizes=tuple(t.size for t in ordered),
        exponent=exponent,
        constant_s=float(fit.constants[0]),
        told_constant=with_constant,
        slopes=slopes,
        warnings=tuple(warnings),
    )


def _why_not(ordered: Sequence[SizeTimes]) -> str:
    """Why times can't tell growth; "" when they can."""
    if len({t.size for t in ordered}) < len(ordered):
        return "several benchmarks have the same size"
    if len(ordered) < 2:
        return "there is only one size"
    if ordered[0].size <= 0:
        return "a size isn't above 0"
    if ordered[-1].size < SMALLEST_SPAN * ordered[0].size:
        return f"the sizes are less than {SMALLEST_SPAN:g} times apart"
    for times in ordered:
        if len(times.seconds) < FEWEST_SAMPLES:
            return f"size {times.size:,} has only {len(times.seconds)} samples"
        if not all(math.isfinite(s) and s > 0 for s in times.seconds) or times.timed_s < SHORTEST_S:
            return f"size {times.size:,} takes less than the clock can tell"
    return ""


def _misfit(residuals: FloatArray, places: FloatArray, freedom: int) -> float:
    """Half the interval of a slope whose only error is that the model doesn't fit: quiet samples don't show that."""
    if freedom <= 0:
        return 0.0
    spread = float(((places - places.mean()) ** 2).sum())
    return 1.96 * math.sqrt(float((residuals**2).sum()) / freedom / spread)


def _resampled_medians(samples: Sequence[FloatArray], seed: int) -> FloatArray:
    """One row of medians for each resampling, one column for each size."""
    random = np.random.default_rng(seed)
    columns = [np.median(s[random.integers(0, len(s), size=(_RESAMPLES, len(s)))], axis=1) for s in samples]
    return np.stack(columns, axis=1)


def _errors(medians: FloatArray) -> FloatArray:
    """The standard error of each size's log median, drawn to what all have: few samples tell their own noise badly."""
    own = medians.var(axis=0)
    errors: FloatArray = np.sqrt((own + own.mean()) / 2 + _NOISE_FLOOR**2)
    return errors


def _fit(sizes: FloatArray, logs: FloatArray, errors: FloatArray, *, with_constant: bool) -> _Fits:
    weights = 1 / errors**2
    if with_constant:
        return _fit_with_constant(sizes / sizes[-1], logs, weights)
    places = np.log(sizes) - float(np.average(np.log(sizes), weights=weights))
    slopes: FloatArray = (logs * (weights * places)).sum(axis=1) / float((weights * places**2).sum())
    middles: FloatArray = np.average(logs, axis=1, weights=weights)
    return _Fits(
        exponents=slopes,
        constants=np.zeros(len(logs)),
        logs=middles[:, None] + slopes[:, None] * places[None, :],
    )


def _fit_with_constant(parts: FloatArray, logs: FloatArray, weights: FloatArray) -> _Fits:
    """Least squares of relative misfits: the best exponent of the coarse steps, then of fine ones around it."""
    times = np.exp(logs)
    coarse = np.broadcast_to(_COARSE, (len(times), len(_COARSE)))
    around = _best(parts, times, weights, coarse).exponents
    fine = np.maximum(around[:, None] + _FINE[None, :], _COARSE[0])
    return _best(parts, times, weights, fine)


def _best(parts: FloatArray, times: FloatArray, weights: FloatArray, exponents: FloatArray) -> _Fits:
    """Of each row the exponent that misfits least, with the best constant and factor, none of them below zero."""
    powers = parts[None, None, :] ** exponents[:, :, None]  # rows x exponents x sizes
    inverse, squares = weights / times, weights / times**2
    s_1, s_11 = inverse.sum(axis=1)[:, None], squares.sum(axis=1)[:, None]
    s_x = (powers * inverse[:, None, :]).sum(axis=2)
    s_1x = (powers * squares[:, None, :]).sum(axis=2)
    s_xx = (powers**2 * squares[:, None, :]).sum(axis=2)
    determinant = np.maximum(s_11 * s_xx - s_1x**2, 1e-300)
    constants = (s_1 * s_xx - s_x * s_1x) / determinant
    factors = (s_x * s_11 - s_1 * s_1x) / determinant
    is_inside = (constants > 0) & (factors > 0)
    constants, factors = np.where(is_inside, constants, 0.0), np.where(is_inside, factors, s_x / s_xx)
    misfits = -constants * s_1 - factors * s_x  # but for what is the same for all exponents
    rows, best = np.arange(len(times)), np.argmin(misfits, axis=1)
    constant, factor = constants[rows, best], factors[rows, best]
    fitted = constant[:, None] + factor[:, None] * powers[rows, best]
    return _Fits(exponents=exponents[rows, best], constants=constant, logs=np.log(fitted))


def _no_single_power(ordered: Sequence[SizeTimes], slopes: Sequence[float]) -> str:
    first = f"{slopes[0]:.1f} from {ordered[0].size:,} to {ordered[1].size:,}"
    last = f"{slopes[-1]:.1f} from {ordered[-2].size:,} to {ordered[-1].size:,}"
    return f"no single power describes it: the exponent is about {first} and {last}"
