"""The selftest's words: a line for each change, a summary, and all of it as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping

from agent.rendering.terminal import plain
from agent.selftest.result import FALSE_WINS_SHARE, JudgedChange, Rates, SelftestResult
from tools.measure.trials.rates import Rate

DETAIL_LENGTH = 200


def line(judged: JudgedChange) -> str:
    """One line: the outcome, the change, the reason and the seconds; a second one with the detail when it is wrong."""
    change, verdict = judged.change, judged.verdict
    reason = verdict.reason or ""
    first = f"{judged.outcome:<10}{change.id:<36}{reason:<22}{judged.seconds:6.1f} s".rstrip()
    if judged.is_as_expected:
        return first + "\n"
    expected = f"it should be: {' or '.join(change.reasons)}" if change.reasons else "it should be accepted"
    return f"{first}\n{'':10}{expected}. {plain(verdict.detail)[:DETAIL_LENGTH]}\n"


def summary(result: SelftestResult) -> str:
    """How many changes were judged rightly, and the rates of the trials."""
    lines = [""]
    if result.caught.trials:
        lines.append(f"cheats caught:             {result.caught.hits} of {result.caught.trials}")
    if result.accepted.trials:
        lines.append(f"honest changes accepted:   {result.accepted.hits} of {result.accepted.trials}")
    for rates in result.rates:
        lines += _rates(rates)
    wrong = [j.change.id for j in result.judged if not j.is_right]
    if wrong:
        lines.append(f"judged wrongly:            {', '.join(wrong)}")
    lines.append(f"{'passed' if result.passed else 'FAILED'} in {result.seconds:.0f} s")
    return "\n".join(lines) + "\n"


def _rates(rates: Rates) -> list[str]:
    bound = "" if rates.is_within_bound else f": more than 1 in {1 / FALSE_WINS_SHARE:.0f}, beyond doubt"
    return [
        f"false wins, {rates.language + ':':<14} {rates.false_wins.text}{bound}",
        f"{'':<26} one after the other, as benchstat judges: {rates.in_sequence.text}",
        f"{rates.gain:.1%} found, {rates.language + ':':<12} {rates.found.text}",
    ]


def as_json(result: SelftestResult) -> str:
    """Everything, for programs."""
    found = {
        "passed": result.passed,
        "seconds": result.seconds,
        "cheats": _counts(result.caught),
        "honest": _counts(result.accepted),
        "changes": [_change(judged) for judged in result.judged],
        "rates": [
            {
                "language": rates.language,
                "false_wins": _counts(rates.false_wins),
                "false_wins_in_sequence": _counts(rates.in_sequence),
                "gain_ratio": rates.gain,
                "gain_found": _counts(rates.found),
            }
            for rates in result.rates
        ],
    }
    return json.dumps(found, indent=2, ensure_ascii=False) + "\n"


def _change(judged: JudgedChange) -> Mapping[str, object]:
    change, verdict = judged.change, judged.verdict
    return {
        "name": change.name,
        "language": change.language,
        "target": change.target,
        "kind": change.kind,
        "trick": change.trick,
        "expected_reasons": change.reasons,
        "outcome": judged.outcome,
        "right": judged.is_right,
        "as_expected": judged.is_as_expected,
        "reason": verdict.reason,
        "detail": verdict.detail,
        "seconds": judged.seconds,
    }


def _counts(rate: Rate) -> Mapping[str, float]:
    return {"hits": rate.hits, "of": rate.trials, "low": rate.low, "high": rate.high}
