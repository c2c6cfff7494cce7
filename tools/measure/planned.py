"""Pairs in the number that was planned, and once more where the host turned out otherwise than when it was calibrated.

The number of pairs is fixed before looking. There is one repeat, for three reasons: the spread of the pairs asks for
many more than were planned, or so many of them were disturbed far beyond that spread, or a negative control moved. The
sizes of differences and the controls decide it, never the outcome.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from tools.measure.calibration import choose_pairs
from tools.measure.judging import TOLERANCE
from tools.measure.pairs import PairedSamples, PairPlan, compare, log_ratios
from tools.measure.statistics import (
    DECISION_LEVEL,
    DECISION_POWER,
    disturbed_share,
    outvoting_pairs,
    pairs_despite,
    sign_free_sigma,
)
from tools.measure.workload import SECONDS_PER_OP

MUCH_MORE = 1.4
"""How many times the planned pairs must be asked for to throw the planned ones away."""
DISTURBED = 2
"""How many pairs may go wrong by any amount in a final comparison, where time allows. With one, 10 % were found in
93 of 100 simulated comparisons on a host where 2 % of all processes are disturbed severalfold; with two, in 100.
"""
CAUTION = 1.2
"""By how much the final comparison takes the noise for larger than five or ten pairs say: they often say too little."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """What pairs are for: showing `wanted_gain` at `level` with that `power`, on a host with the calibration's `noise`.

    `planned` follows from that noise. `most` caps what a repeat may take. Noise is taken for `caution` times as large.
    """

    wanted_gain: float
    level: float
    power: float
    noise: float
    planned: int
    most: int
    caution: float = 1.0

    def pairs(self, comparisons: int, noise: float = 0.0, disturbed: float = 0.0) -> int:
        """At least the planned pairs, and as many as so many comparisons ask for with this noise, or where this share
        of all pairs is disturbed.
        """
        high = max(self.planned, self.most)
        for_noise = choose_pairs(
            noise * self.caution,
            self.wanted_gain,
            comparisons,
            low=self.planned,
            high=high,
            level=self.level,
            power=self.power,
        )
        return pairs_despite(disturbed, comparisons, self.level, self.power, for_noise, max(high, for_noise))


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """The pairs that count. `repeated` says why the first ones don't, "" where they do; `moved` names the negative
    controls that moved in the pairs that count: nothing can be decided then.
    """

    samples: PairedSamples
    moved: tuple[str, ...]
    repeated: str


def measure_as_planned(
    run: Callable[[PairPlan], PairedSamples],
    aim: Aim,
    *,
    comparisons: int,
    decisive: Collection[str],
    seed: int,
    unreached: Collection[str] = (),
    on_repeat: Callable[[str], None] = lambda why: None,
) -> Measurement:
    """Run the planned pairs of so many `comparisons`; throw them away and run more, once, where the host demands it.

    `decisive` benchmarks are those whose spread counts. `unreached` ones can't be touched by the change.
    """
    planned = aim.pairs(comparisons)
    samples = run(PairPlan(pairs=planned, seed=seed))
    moved = moved_controls(samples, unreached, seed)
    ratios = [log_ratios(samples, b, SECONDS_PER_OP) for b in samples.baseline if b in decisive]
    spread = max([aim.noise, *(sign_free_sigma(r) for r in ratios)])
    wanted = aim.pairs(comparisons, spread, max((disturbed_share(r) for r in ratios), default=0.0))
    if not moved and wanted < MUCH_MORE * planned:
        return Measurement(samples=samples, moved=(), repeated="")
    again = max(planned, wanted)
    why = f"{moved[0]} moved, which the change can't reach" if moved else "the host is less steady now"
    on_repeat(why)
    samples = run(PairPlan(pairs=again, seed=seed + 500))
    return Measurement(
        samples=samples,
        moved=moved_controls(samples, unreached, seed),
        repeated=f"{why}: {planned} pairs were thrown away and {again} measured instead",
    )


def final_aim(
    noise: float,
    wanted_gain: float,
    comparisons: int,
    *,
    low: int,
    most: int,
    process_s: Iterable[float],
    final_s: float,
) -> Aim:
    """How the final comparison is planned from a calibration's noise: `low` to `most` pairs, or more where noise asks
    for them and they take at most `final_s`; `process_s` is what a process of each benchmark takes.

    Enough at least that `DISTURBED` pairs are outvoted, if so many take at most `final_s`.
    """
    affordable = int(final_s / (2 * sum(process_s)))
    most = max(low, most, affordable)
    planned = choose_pairs(
        noise * CAUTION,
        wanted_gain,
        comparisons,
        low=max(low, min(affordable, outvoting_pairs(comparisons, DECISION_LEVEL, DISTURBED))),
        high=most,
        level=DECISION_LEVEL,
        power=DECISION_POWER,
    )
    return Aim(
        wanted_gain=wanted_gain,
        level=DECISION_LEVEL,
        power=DECISION_POWER,
        noise=noise,
        planned=planned,
        most=most,
        caution=CAUTION,
    )


def moved_controls(samples: PairedSamples, unreached: Collection[str], seed: int) -> tuple[str, ...]:
    """The benchmarks that a change can't reach and whose time moved all the same, beyond doubt and tolerance.

    A few percent come from another layout of the same code in memory, which isn't the host's doing.
    """
    found = [c for c in compare(samples, seed=seed) if c.unit == SECONDS_PER_OP and c.benchmark in unreached]
    allowed = 1 + TOLERANCE
    return tuple(
        c.benchmark for c in found if c.changed and (c.ratio_low > allowed or c.ratio_high < 1 / allowed)
    )
