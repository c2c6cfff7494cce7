"""From the outcomes of all passes to what was compared and what differs.

The old code runs the calls twice, the second time backwards: a call that differs from itself depends on something
else than its arguments and isn't compared. So does the new code; what differs there counts only when it differs again
in another process, where the old code repeats the call many times and stays as it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field

from tools.go.equivalence.agreeing import OVERWRITTEN, Parting, lasting, missing, parting
from tools.go.equivalence.calls import DIED, HUNG, SWELLED, UNMADE, Call, Outcome

Pass = Mapping[int, Sequence[Outcome]]

STATE = (
    "it depends on time, randomness or other state: the old code gives different results for the same calls"
)
GUESS = "it differs for values whose unexported fields several changed functions use, which may now mean something else"
PLACED = "it differs for arguments that name the folder of the target's copy"
CONFIRMED = 60
"""How many calls that differ are run again, if there aren't more functions and kinds of difference."""
DEADLY = 6
"""Of these, how many that ended their process, at most one of a function: each may cost a time limit."""


@dataclass(slots=True, kw_only=True)
class Passes:
    """Both sides' outcomes, forwards and backwards. `places` are the copies' folders."""

    calls: Sequence[Call]
    before: tuple[Pass, Pass]
    after: tuple[Pass, Pass]
    tolerance: float
    places: Sequence[bytes] = ()
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
            self.partings[number] = missing(old[0])
            return ""
        if old[0].ending == DIED and all(o.ending == DIED for o in new):
            return "its calls end the process"
        self.compared.add(number)
        found = [parting(old[0], other, self.tolerance) for other in new]
        if later := next(filter(None, (self._lasting(old, other) for other in new)), None):
            found.append(later)
        first = next(filter(None, found), None)
        if first is not None and (old[0].guess or self._is_placed(number)):
            self.compared.discard(number)
            self.guessed.add(number)
            return GUESS if old[0].guess else PLACED
        if first is not None:
            self.partings[number] = first
        return ""

    def _is_placed(self, number: int) -> bool:
        """Whether the arguments name a copy's folder: the other copy's name may be longer, or hold other files."""
        return any(place in self.calls[number].arguments for place in self.places)

    def _lasting(self, old: Sequence[Outcome], new: Outcome) -> Parting | None:
        found = [lasting(other, new) for other in old]
        return found[0] if all(found) else None

    def _find_overwritten(self) -> None:
        """Results of the new code that a later call changed, of functions whose old results stay."""
        changing = {self.calls[n].function for one in self.before for n in _overwritten(one) & self.compared}
        for number in sorted({n for one in self.after for n in _overwritten(one) & self.compared}):
            if self.calls[number].function not in changing:
                self.partings.setdefault(number, OVERWRITTEN)

    def to_confirm(self, tried: Set[int]) -> list[int]:
        """Calls to run again that weren't yet: of every function and kind of difference first one, then another.

        Where a call ended its process, those that it kept from being made aren't.
        """
        by_kind: dict[tuple[str, str], list[int]] = {}
        deadly_of = {
            self.calls[n].function for n in self.partings if any(_deadly(o) for o in _outcomes(self.after, n))
        }
        for number, found in self.partings.items():
            function = self.calls[number].function
            if number not in tried and (function not in deadly_of or _outcomes(self.after, number)):
                by_kind.setdefault((function, found.what), []).append(number)
        rounds = max(map(len, by_kind.values()), default=0)
        ordered = [numbers[i] for i in range(rounds) for numbers in by_kind.values() if i < len(numbers)]
        deadly: dict[str, list[int]] = {}
        for number in ordered:
            if any(_deadly(o) for o in _outcomes(self.after, number)):
                deadly.setdefault(self.calls[number].function, []).append(number)
        firsts = [numbers[0] for numbers in deadly.values()][:DEADLY]
        skipped = {number for numbers in deadly.values() for number in numbers}.difference(firsts)
        return [n for n in ordered if n not in skipped][: max(CONFIRMED, len(by_kind))]

    def confirm(self, numbers: Iterable[int], before: Pass, after: Pass) -> dict[int, Parting]:
        """What is left of the differences after both sides ran these calls again, without the others.

        What isn't may need the calls before it: see `again`.
        """
        left: dict[int, Parting] = {}
        for number in numbers:
            first = self.before[0][number][0]
            if any(parting(first, other, self.tolerance) for other in before.get(number, ())):
                self.unstable.add(number)
                self.compared.discard(number)
                self.reasons.setdefault(self.calls[number].function, STATE)
        for number in numbers:
            if number not in self.unstable and before.get(number) and self._is_confirmed(number, after):
                left[number] = self.partings[number]
                self.compared.add(number)
        return left

    def _is_confirmed(self, number: int, after: Pass) -> bool:
        """Whether the new code differs again. Where the old code differs from itself for other calls, it may do so
        for this one, too, only seldom: the new code has to differ each time then.
        """
        new = after.get(number, ())
        if not new or self._is_lasting(number, new):
            return True
        first = self.before[0][number][0]
        partings = [parting(first, other, self.tolerance) is not None for other in new]
        return all(partings) if self.calls[number].function in self.unsteady() else any(partings)

    def unsteady(self) -> set[str]:
        """Functions whose old code differs from itself for some calls."""
        return {self.calls[n].function for n in self.unstable}

    def again(self, numbers: Iterable[int], after: Pass) -> dict[int, Parting]:
        """What differs of the functions of these calls when the new code ran all calls once more in the same order.

        It needn't be the same call: what earlier ones left behind may come up at any time.
        """
        functions = {self.calls[n].function for n in numbers} - self.unsteady()
        found: dict[int, Parting] = {}
        for n in sorted(self.compared):
            if self.calls[n].function in functions:
                partings = (
                    parting(self.before[0][n][0], other, self.tolerance) for other in after.get(n, ())
                )
                if first := next(filter(None, partings), None):
                    found[n] = first
        return found

    def _is_lasting(self, number: int, again: Sequence[Outcome]) -> bool:
        """Whether the difference is about what is left behind. Goroutines have to be left by each call."""
        new = _outcomes(self.after, number)
        if not new or any(parting(_outcomes(self.before, number)[0], o, self.tolerance) for o in new):
            return False
        return new[0].left <= 0 or all(outcome.left > 0 for outcome in again)


def _deadly(outcome: Outcome) -> bool:
    return outcome.ending in (DIED, HUNG, SWELLED)


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
