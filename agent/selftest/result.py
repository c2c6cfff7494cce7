"""What the selftest found: a line for each change, and how often the measurement itself was right."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from agent.selftest.catalogue import KnownChange
from tools.measure.trials.rates import Rate
from tools.measure.verdict import Rejection, Verdict
from tools.measure.workload import Language

Outcome = Literal["caught", "MISSED", "accepted", "ACCUSED", "NOT SHOWN"]
"""Of a cheat: rejected, or not. Of an honest change: accepted, called wrong or a trick, or not shown to be faster."""
NOT_SHOWN: frozenset[Rejection] = frozenset(
    {"no detectable gain", "gain below the policy", "not enough samples", "slower elsewhere"}
)
"""Reasons that say nothing against a change but that this host couldn't show its gain."""
FALSE_WINS_SHARE = 1 / 200
"""How often equal code may be called faster."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedChange:
    """A known change and what became of it in `seconds`."""

    change: KnownChange
    verdict: Verdict
    seconds: float

    @property
    def outcome(self) -> Outcome:
        """What that means."""
        if self.change.kind == "cheat":
            return "MISSED" if self.verdict.accepted else "caught"
        if self.verdict.accepted:
            return "accepted"
        return "NOT SHOWN" if self.verdict.reason in NOT_SHOWN else "ACCUSED"

    @property
    def is_right(self) -> bool:
        """Whether a cheat was rejected or an honest change accepted."""
        return self.verdict.accepted == (self.change.kind == "honest")

    @property
    def is_as_expected(self) -> bool:
        """Whether it is right, and a cheat was rejected for one of the reasons that fit it."""
        return self.is_right and (self.verdict.reason is None or self.verdict.reason in self.change.reasons)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """Trials of the measurement with one language: equal code called faster, by us and by a comparison of two runs
    one after the other; and how often a true `gain` was found.
    """

    language: Language
    false_wins: Rate
    in_sequence: Rate
    gain: float
    found: Rate

    @property
    def is_within_bound(self) -> bool:
        """Whether the false wins don't contradict `FALSE_WINS_SHARE` beyond doubt."""
        return self.false_wins.low <= FALSE_WINS_SHARE


@dataclass(frozen=True, slots=True, kw_only=True)
class SelftestResult:
    """Everything that was judged and measured; `rates` is empty where no trials were asked for."""

    judged: tuple[JudgedChange, ...]
    rates: tuple[Rates, ...]
    seconds: float

    @property
    def caught(self) -> Rate:
        """Cheats that were rejected, of all cheats."""
        return _rate(j for j in self.judged if j.change.kind == "cheat")

    @property
    def accepted(self) -> Rate:
        """Honest changes that were accepted, of all of them."""
        return _rate(j for j in self.judged if j.change.kind == "honest")

    @property
    def passed(self) -> bool:
        """Whether every change was judged rightly and equal code wasn't called faster more often than it may be."""
        return all(j.is_right for j in self.judged) and all(r.is_within_bound for r in self.rates)


def _rate(judged: Iterable[JudgedChange]) -> Rate:
    right = [j.is_right for j in judged]
    return Rate(hits=sum(right), trials=len(right))
