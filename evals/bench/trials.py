"""False wins, power and coverage: known amounts of work through the engine that judges changes.

False wins are looked for while the other processors are busy. Every trial takes the host's lock for itself.
"""

from __future__ import annotations

import os
import statistics
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import cast

from agent.settings import MeasureSettings
from evals.bench.figure import Conditions, Figure
from tools.go.program import find_go
from tools.go.toolchain import GoToolchain
from tools.measure.toolchain import Toolchain
from tools.measure.trials.load import busy_processors
from tools.measure.trials.rates import Rate
from tools.measure.trials.series import Detection, coverage, detection, false_wins, with_fixed_share
from tools.measure.trials.subject import TARGETS, Subject, prepare
from tools.measure.trials.trial import Rules
from tools.measure.workload import Language
from tools.python.interpreter import ask
from tools.python.toolchain import PythonToolchain
from tools.run.process import Runner
from tools.run.sandbox import choose_sandbox

FALSE_WIN_TRIALS = 200
FALSE_WIN_SHARE = 1 / 200
FEWER_PAIRS = {"pairs_max": 12, "final_s": 0.0}
"""The test is exact for any number of pairs, so that few do as well and 400 trials don't take hours."""
POWER_TRIALS = 50
"""For each language and gain: 100 in all."""
POWER_GOALS = {0.10: 0.95, 0.05: 0.80}
"""How often a gain must be found."""
LONGEST_S = 60.0
COVERAGE_TRIALS = 100
"""For each language: 200 in all."""
COVERAGE_SHARE = 0.93


def rules_of_a_run(measure: MeasureSettings, wanted_gain: float) -> Rules:
    """A run's settings, and pairs that must be able to show `wanted_gain`."""
    return Rules(
        process_s=measure.process_s,
        calibration_pairs=measure.calibration_pairs,
        pairs_min=measure.pairs_min,
        pairs_max=measure.pairs_max,
        final_s=measure.final_s,
        wanted_gain=wanted_gain,
    )


def bench_false_wins(conditions: Conditions) -> Iterator[Figure]:
    """Equal code against itself. Raises: ToolError."""
    trials = conditions.trials or FALSE_WIN_TRIALS
    for subject in _subjects(conditions, with_gains=False):
        found = false_wins(
            subject,
            rules_of_a_run(conditions.measure.model_copy(update=FEWER_PAIRS), 0.1),
            trials,
            seed=conditions.seed,
            on_trial=_count(conditions, subject),
        )
        allowed = max(1, int(trials * FALSE_WIN_SHARE))
        yield Figure(
            name=f"equal code called faster, {subject.language}",
            found=f"{found.ours.text}; one after the other as benchstat judges: {found.in_sequence.text}; "
            f"{_pairs_and_seconds(found.pairs, found.seconds)}",
            goal=f"at most {allowed} of {trials}, and fewer than one after the other",
            is_met=found.ours.hits <= allowed and (found.ours.hits < found.in_sequence.hits or trials < 100),
            data={
                "ours": _rate(found.ours),
                "in_sequence": _rate(found.in_sequence),
                "pairs": found.pairs,
                "seconds": found.seconds,
            },
        )


def bench_power(conditions: Conditions) -> Iterator[Figure]:
    """Known gains of 10 % and 5 %, each language and both together. Raises: ToolError."""
    trials = conditions.trials or POWER_TRIALS
    results: dict[float, list[Detection]] = {gain: [] for gain in POWER_GOALS}
    for subject in _subjects(conditions):
        for gain in POWER_GOALS:
            rules = rules_of_a_run(conditions.measure, gain)
            seed, on_trial = conditions.seed, _count(conditions, subject)
            found = detection(subject, gain, rules, trials, seed=seed, on_trial=on_trial)
            results[gain].append(found)
            yield Figure(
                name=f"a true gain of {found.gain:.1%} found, {subject.language}",
                found=f"{found.found.text}, held by the interval in {found.held.text}; "
                f"{_pairs_and_seconds(found.pairs, found.seconds)}",
                data={
                    "gain": found.gain,
                    "found": _rate(found.found),
                    "held": _rate(found.held),
                    "fixed_share": subject.fixed_share,
                    "pairs": found.pairs,
                    "seconds": found.seconds,
                },
            )
    for gain, goal in POWER_GOALS.items():
        together = Rate(
            hits=sum(d.found.hits for d in results[gain]), trials=sum(d.found.trials for d in results[gain])
        )
        longest_s = max(second for d in results[gain] for second in d.seconds)
        yield Figure(
            name=f"a true gain of {gain:.0%} found",
            found=f"{together.text}, longest trial {longest_s:.1f} s",
            goal=f"at least {goal:.0%}, within {LONGEST_S:.0f} s each",
            is_met=together.share >= goal and longest_s <= LONGEST_S,
            data={**_rate(together), "longest_s": longest_s},
        )


def bench_coverage(conditions: Conditions) -> Iterator[Figure]:
    """Random gains, both languages together. Raises: ToolError."""
    trials = conditions.trials or COVERAGE_TRIALS
    hits = of = 0
    for subject in _subjects(conditions):
        found = coverage(
            subject,
            rules_of_a_run(conditions.measure, 0.1),
            trials,
            seed=conditions.seed,
            on_trial=_count(conditions, subject),
        )
        hits, of = hits + found.held.hits, of + trials
        yield Figure(
            name=f"known gains held by the 95 % interval, {subject.language}",
            found=f"{found.held.text}; median width {statistics.median(found.widths):.1%}; "
            f"{_pairs_and_seconds(found.pairs, found.seconds)}",
            data={
                "held": _rate(found.held),
                "fixed_share": subject.fixed_share,
                "gains": found.gains,
                "misses": found.misses,
                "widths": found.widths,
                "pairs": found.pairs,
                "seconds": found.seconds,
            },
        )
    together = Rate(hits=hits, trials=of)
    yield Figure(
        name="known gains held by the 95 % interval",
        found=together.text,
        goal=f"at least {COVERAGE_SHARE:.0%}",
        is_met=together.share >= COVERAGE_SHARE,
        data=_rate(together),
    )


def _subjects(conditions: Conditions, *, with_gains: bool = True) -> Iterator[Subject]:
    """Each language's program, ready to be measured. Raises: ToolError.

    For gains what doesn't depend on the work is measured first. For equal code all processors but one are busy
    meanwhile, unless `busy` says otherwise.
    """
    busy = conditions.busy
    if busy is None:
        busy = 0 if with_gains else max(1, len(os.sched_getaffinity(0)) - 1)
    with (
        closing(Runner(choose_sandbox("auto").sandbox)) as runner,
        busy_processors(busy),
    ):
        for language in conditions.languages:
            conditions.say(f"{language}: building, and measuring what doesn't depend on the work")
            subject = prepare(_toolchain(language, runner), cast(Language, language), conditions.folder)
            if with_gains:
                subject = with_fixed_share(
                    subject, rules_of_a_run(conditions.measure, 0.1), seed=conditions.seed
                )
            yield subject


def _toolchain(language: str, runner: Runner) -> Toolchain:
    if language == "go":
        return GoToolchain(runner, find_go(runner), len(os.sched_getaffinity(0)))
    # Not this environment's: what a run would take for a target without one of its own.
    python = Path(sys.base_prefix) / "bin" / "python3"
    return PythonToolchain(runner, ask(runner, python, TARGETS / language))


def _count(conditions: Conditions, subject: Subject) -> Callable[[int, int], None]:
    return lambda done, of: conditions.say(f"{subject.language}: trial {done} of {of}")


def _rate(rate: Rate) -> dict[str, float]:
    return {"hits": rate.hits, "trials": rate.trials, "low": rate.low, "high": rate.high}


def _pairs_and_seconds(pairs: tuple[int, ...], seconds: tuple[float, ...]) -> str:
    return (
        f"{min(pairs)} to {max(pairs)} pairs, {statistics.median(seconds):.1f} s a trial "
        f"(longest {max(seconds):.1f} s)"
    )
