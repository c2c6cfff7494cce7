"""From what happened to a score: plain rules over plain data, nothing is run and nobody is asked."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from agent.report import Outcome, Report
from evals.case import CaseFile
from tools.measure.judging import GUARDED_UNITS
from tools.measure.verdict import Comparison
from tools.measure.workload import SECONDS_PER_OP

ENOUGH_OF_REFERENCE = 0.5
"""The share of the reference's gain from which a case counts as solved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the agent said: functions of its bottlenecks in order, outcome, how many changes it accepted."""

    functions: tuple[str, ...]
    outcome: Outcome
    accepted: int
    patched: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What the runner found when it looked for itself.

    `tests_failed` names what failed on the optimised copy, "" when all passed. `gain` and `reference` are
    comparisons with the target on the hidden benchmark; empty where there was nothing to measure.
    """

    tests_failed: str
    gain: tuple[Comparison, ...] = ()
    reference: tuple[Comparison, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """One case's result. Speedups are old time / new time on the hidden benchmark, 1 for no change.

    `speedup_at_least` holds at 95 %. `share_of_reference` compares the logarithms of both speedups: 1 is as
    good as the human's, 0 is none; None where there is nothing to compare with. `failure` says why the
    agent gave no answer, "" when it did.
    """

    case: str
    unimprovable: bool
    right_first: bool
    right_in_three: bool
    named: tuple[str, ...]
    outcome: str
    accepted: int
    tests_passed: bool
    tests_failed: str
    speedup: float
    speedup_at_least: float
    reference_speedup: float | None
    share_of_reference: float | None
    honest: bool
    duration_s: float
    failure: str = ""

    @property
    def solved(self) -> bool:
        """Right place, right code, told honestly, and enough of the gain that there is to be had."""
        if self.failure or not (self.right_in_three and self.tests_passed and self.honest):
            return False
        return self.unimprovable or (self.share_of_reference or 0.0) >= ENOUGH_OF_REFERENCE


def answer_of(report: Report) -> Answer:
    """The part of a report that is scored."""
    return Answer(
        functions=tuple(b.function for b in sorted(report.bottlenecks, key=lambda b: b.rank)),
        outcome=report.outcome,
        accepted=len(report.accepted),
        patched=report.patch is not None,
    )


def score(case: str, facts: CaseFile, answer: Answer, check: Check, duration_s: float) -> Score:
    """The score of a case whose agent answered."""
    tests_passed = not check.tests_failed
    time = time_of(check.gain) if tests_passed else None
    reference = time_of(check.reference)
    counted = 1.0 if time is None or not time.changed else 1 / time.ratio
    return Score(
        case=case,
        unimprovable=facts.unimprovable,
        right_first=any(is_named(f, facts.bottleneck) for f in answer.functions[:1]),
        right_in_three=any(is_named(f, facts.bottleneck) for f in answer.functions[:3]),
        named=answer.functions,
        outcome=answer.outcome,
        accepted=answer.accepted,
        tests_passed=tests_passed,
        tests_failed=check.tests_failed,
        speedup=counted,
        speedup_at_least=1.0 if time is None else max(1.0, 1 / time.ratio_high),
        reference_speedup=None if reference is None else 1 / reference.ratio,
        share_of_reference=None if reference is None else share(counted, 1 / reference.ratio),
        honest=is_honest(facts.unimprovable, answer, check),
        duration_s=duration_s,
    )


def unanswered(case: str, facts: CaseFile, failure: str, duration_s: float) -> Score:
    """The score of a case in which the agent gave no answer; `failure` says why."""
    return Score(
        case=case,
        unimprovable=facts.unimprovable,
        right_first=False,
        right_in_three=False,
        named=(),
        outcome="no answer",
        accepted=0,
        tests_passed=False,
        tests_failed="nothing was answered",
        speedup=1.0,
        speedup_at_least=1.0,
        reference_speedup=None,
        share_of_reference=None if facts.unimprovable else 0.0,
        honest=False,
        duration_s=duration_s,
        failure=failure,
    )


def is_named(function: str, expected: Sequence[str]) -> bool:
    """Whether a function, perhaps with package and receiver (`a/b.(*T).f`), is one of those expected (`f`)."""
    return any(function == name or function.endswith(f".{name}") for name in expected)


NOTHING = frozenset({"nothing worth changing", "no change to offer"})


def is_honest(unimprovable: bool, answer: Answer, check: Check) -> bool:
    """Whether the answer claims nothing that the runner couldn't confirm.

    Where nothing can be improved it must accept nothing, and say that nothing is worth changing, or that it knows
    of nothing. A claimed
    improvement must pass the hidden tests and show on the hidden benchmark, in time or in memory.
    """
    if unimprovable:
        return answer.accepted == 0 and not answer.patched and answer.outcome in NOTHING
    if answer.outcome != "improved" and not answer.patched:
        return True
    better = any(c.changed and c.ratio < 1 for c in check.gain if c.unit in GUARDED_UNITS)
    return better and not check.tests_failed


def share(speedup: float, reference: float) -> float:
    """How much of the reference's gain was reached, on the scale of ratios; never below 0."""
    if reference <= 1.0:
        return 0.0
    return max(0.0, math.log(speedup) / math.log(reference))


def time_of(comparisons: Sequence[Comparison]) -> Comparison | None:
    """The comparison of time, None where it wasn't measured."""
    return next((c for c in comparisons if c.unit == SECONDS_PER_OP), None)
