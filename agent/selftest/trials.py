"""Trials of the measurement on this host: equal code against itself, and a gain that is known to be there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from agent.resources import settings_path
from agent.selftest.result import Rates
from agent.settings import read_settings
from tools.measure.toolchain import Toolchain
from tools.measure.trials.series import OnTrial, detection, false_wins, with_fixed_share
from tools.measure.trials.subject import prepare
from tools.measure.trials.trial import Rules
from tools.measure.workload import Language


def measure_rates(
    toolchain: Toolchain,
    language: Language,
    folder: Path,
    *,
    trials: int,
    gain: float,
    seed: int,
    say: Callable[[str], None],
    is_cancelled: Callable[[], bool],
) -> Rates:
    """So many trials of each kind, by the rules of a run with the built-in settings. Raises: ToolError, Cancelled."""
    say(f"{language}: preparing trials")
    rules = _rules(gain)
    subject = with_fixed_share(
        prepare(toolchain, language, folder), rules, seed=seed, is_cancelled=is_cancelled
    )
    equal = false_wins(
        subject,
        rules,
        trials,
        seed=seed,
        on_trial=_telling(say, f"{language}: equal code against itself"),
        is_cancelled=is_cancelled,
    )
    known = detection(
        subject,
        gain,
        rules,
        trials,
        seed=seed + 500,
        on_trial=_telling(say, f"{language}: a true gain of {gain:.0%}"),
        is_cancelled=is_cancelled,
    )
    return Rates(
        language=language,
        false_wins=equal.ours,
        in_sequence=equal.in_sequence,
        gain=known.gain,
        found=known.found,
    )


def _rules(wanted_gain: float) -> Rules:
    measure = read_settings(settings_path()).measure
    return Rules(
        process_s=measure.process_s,
        calibration_pairs=measure.calibration_pairs,
        pairs_min=measure.pairs_min,
        pairs_max=measure.pairs_max,
        final_s=measure.final_s,
        wanted_gain=wanted_gain,
    )


def _telling(say: Callable[[str], None], what: str) -> OnTrial:
    return lambda done, of: say(f"{what}: trial {done} of {of}")
