"""From the outcomes of all passes to what was compared and what differs.

The old code runs the calls twice, the second time backwards: a call that differs from itself depends on something
else than its arguments and isn't compared. So does the new code; what differs there counts only when it differs again
in another process, where the old code repeats the call many times and stays as it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from tools.go.equivalence.agreeing import OVERWRITTEN, Parting, parting, sharing
from tools.go.equivalence.calls import DIED, HUNG, SWELLED, UNMADE, Call, Outcome

Pass = Mapping[int, Sequence[Outcome]]

STATE = (
    "it depends on time, randomness or other state: the old code gives different results for the same calls"
)
GUESS = "it differs for values whose unexported fields several changed functions use, which may now mean something else"
CONFIRMED = 60
"""How many calls that differ are run again."""
DEADLY = 6
"""Of these, how many that ended their process, at most one of a function: each may cost a time limit."""


@dataclass(slots=True, kw_only=True)
class Passes:
    """Both sides' outcomes, forwards and backwards."""

    calls: Sequence[Call]
    before: tuple[Pass, Pass]
    after: tuple[Pass, Pass]
    tolerance: float
    compared: set[int] = field(default_factory=set)
    unstable: set[int] = field(default_factory=set)
    guessed: set[int] = field(default_factory=set)
    partings: dict[int, Parting] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)

    def judge(self) -> None:
        """Sort all calls into those compared, those that can't be, and those that part."""
        for number, call in enumerate(self.calls):
            why = self._judge(number)
            if why:
                self.reasons.setdefault(call.function, why)
        self._find_overwritten()

    def _judge(self, number: int) -> str:
        """Why the call isn't compared, "" when it is."""
        old = _outcomes(self.before, number)
        if not old:
            return "its calls took too long"
        if why := _incomparable(old):
            return why
        if any(parting(old[0], other, self.tolerance) for other in old[1:]):
            self.unstable.add(number)
            return STATE
        new = _outcomes(self.after, number)
        if not new:
            return "the new code's calls took too long"
        if old[0].ending == DIED and all(o.ending == DIED for o in new):
            return "its calls end the process"
        self.compared.add(number)
        found = [parting(old[0], other, self.tolerance) for other in new]
        if shared := next(filter(None, (self._shares(old, other) for other in new)), None):
            found.append(shared)
        first = next(filter(None, found), None)
        if first is not None and old[0].guess:
            self.compared.discard(number)
            self.guessed.add(number)
            return GUESS
        if first is not None:
            self.partings[number] = first
        return ""

    def _shares(self, old: Sequence[Outcome], new: Outcome) -> Parting | None:
        found = [sharing(other, new) for other in old]
        return found[0] if all(found) else None

    def _find_overwritten(self) -> None:
        """Results of the new code that a later call changed, of functions whose old results stay."""
        changing = {self.calls[n].function for one in self.before for n in _overwritten(one)}
        for number in sorted({n for one in self.after for n in _overwritten(one)}):
            if self.calls[number].function not in changing and number in self.compared:
                self.partings.setdefault(number, OVERWRITTEN)

    def to_confirm(self) -> list[int]:
        """Calls to run again: of every function and kind of difference first one, then another."""
        by_kind: dict[tuple[str, str], list[int]] = {}
        for number, found in self.partings.items():
            by_kind.setdefault((self.calls[number].function, found.what), []).append(number)
        rounds = max(map(len, by_kind.values()), default=0)
        ordered = [numbers[i] for i in range(rounds) for numbers in by_kind.values() if i < len(numbers)]
        deadly: dict[str, list[int]] = {}
        for number in ordered:
            if any(o.ending in (DIED, HUNG, SWELLED) for o in _outcomes(self.after, number)):
                deadly.setdefault(self.calls[number].function, []).append(number)
        firsts = [numbers[0] for numbers in deadly.values()][:DEADLY]
        skipped = {number for numbers in deadly.values() for number in numbers}.difference(firsts)
        return [n for n in ordered if n not in skipped][:CONFIRMED]

    def confirm(self, numbers: Iterable[int], before: Pass, after: Pass) -> dict[int, Parting]:
        """What is left of the differences after both sides ran these calls again; the others are dropped."""
        left: dict[int, Parting] = {}
        for number in numbers:
            old, new = before.get(number, ()), after.get(number, ())
            first = self.before[0][number][0]
            if not old:
                continue
            if any(parting(first, other, self.tolerance) for other in old):
                self.unstable.add(number)
                self.compared.discard(number)
                self.reasons.setdefault(self.calls[number].function, STATE)
            elif (
                self._is_memory(number)
                or not new
                or any(parting(first, other, self.tolerance) for other in new)
            ):
                left[number] = self.partings[number]
        return left

    def _is_memory(self, number: int) -> bool:
        """Whether the difference is about shared memory, which single calls don't show."""
        return not any(
            parting(_outcomes(self.before, number)[0], o, self.tolerance)
            for o in _outcomes(self.after, number)
        )


def _outcomes(passes: tuple[Pass, Pass], number: int) -> list[Outcome]:
    return [outcome for one in passes for outcome in one.get(number, ())]


def _overwritten(one: Pass) -> set[int]:
    return {n for outcomes in one.values() for outcome in outcomes for n in outcome.overwrote}


def _incomparable(old: Sequence[Outcome]) -> str:
    for outcome in old:
        if outcome.ending in (HUNG, SWELLED):
            return "its calls take too long or too much memory"
        if outcome.ending == DIED and not outcome.panic.startswith("exit code"):
            return f"its calls end the process ({outcome.panic})"
        if outcome.why:
            return outcome.why
        if outcome.ending == UNMADE:
            return UNMADE
    return ""
