"""One package's calls through both copies: made up, repeated, compared, and what differs repeated again."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from tools.go.equivalence.agreeing import TEXT_LENGTH
from tools.go.equivalence.analysing import Analysis
from tools.go.equivalence.calls import DIED, HUNG, SWELLED, UNMADE, Call
from tools.go.equivalence.judging import GUESS, Pass, Passes
from tools.go.equivalence.recording import Recording
from tools.go.equivalence.replaying import Generated, Process
from tools.measure.equivalence import ComparedFunction, Difference, NotCompared

CALL_S = 2.0
CONFIRMING_CALL_S = 5.0
FIRST_PASS_S = 5.0
"""Calls that the old code's first pass doesn't come to aren't compared."""
LATER_PASS_S = 60.0
SLOWER = 20
"""So many times as long as the old code's slowest call, a call may take before it counts as hanging."""
REPEATS = 20
"""How often a call that differs is repeated on the old side, where it has to stay as it was."""
REPEATING_S = 4.0
APART_S = 1.1
"""So long after the first pass what differs is repeated, as times are often written in whole seconds."""


@dataclass(slots=True)
class PackageComparison:
    """What comparing one package showed."""

    functions: list[ComparedFunction] = field(default_factory=list)
    not_compared: list[NotCompared] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageCalls:
    """Both copies of a package, and how its functions are to be called."""

    old: Process
    new: Process
    analysis: Analysis
    each: int
    seconds: float
    seed: int
    tolerance: float

    def compare(self, recording: Recording) -> PackageComparison:
        """Make calls up, repeat them and the recorded ones in both copies, and compare. Raises: ToolError."""
        recorded = recording.chosen()
        made, apart = self._made_up(recorded)
        subjects = {f"{self.analysis.path}:{name}" for name in self.analysis.subjects} - apart
        calls = _in_turn(c for c in [*recorded, *made.calls] if c.function in subjects)
        started = time.perf_counter()
        passes = self._passes(calls)
        passes.judge()
        confirmed = self._confirmed(passes, started)
        reasons = {
            **recording.cannot,
            **dict.fromkeys(apart, "its types aren't the same in both versions"),
            **passes.reasons,
            **made.cannot,
        }
        return self._summed(passes, confirmed, reasons)

    def _made_up(self, recorded: Sequence[Call]) -> tuple[Generated, set[str]]:
        """Calls from both copies, which reach different code; and functions whose types differ."""
        one = self.old.generate(
            recorded, each=self.each, seconds=self.seconds / 2, seed=self.seed, keep_slow=False
        )
        reaching = [call for call in one.calls if call.reached_new]
        other = self.new.generate(
            [*recorded, *reaching],
            each=self.each,
            seconds=self.seconds / 2,
            seed=self.seed + 1,
            keep_slow=True,
        )
        apart = {name for name in one.shapes if other.shapes.get(name, one.shapes[name]) != one.shapes[name]}
        known = {(call.function, call.arguments) for call in recorded}
        calls: dict[str, dict[bytes, Call]] = {}
        for call in [*one.calls, *other.calls]:
            if (call.function, call.arguments) not in known:
                calls.setdefault(call.function, {}).setdefault(call.arguments, call)
        chosen = [call for each in calls.values() for call in self._chosen(list(each.values()))]
        return Generated(calls=chosen, cannot={**one.cannot, **other.cannot}), apart

    def _chosen(self, calls: Sequence[Call]) -> list[Call]:
        """The calls that reached something new, then others of both copies in turn."""
        first = [call for call in calls if call.reached_new]
        rest = [call for call in calls if not call.reached_new]
        half = len(rest) // 2
        mixed = [call for pair in zip(rest[:half], rest[half:], strict=False) for call in pair]
        return [*first, *mixed, *rest[2 * half :]][: self.each]

    def _passes(self, calls: Sequence[Call]) -> Passes:
        first = self.old.replay(calls, range(len(calls)), call_s=CALL_S, total_s=FIRST_PASS_S)
        usable = [n for n in first if first[n][0].ending not in (HUNG, SWELLED, UNMADE)]
        slowest_s = max((first[n][0].us for n in usable), default=0) / 1e6
        call_s = max(CALL_S, SLOWER * slowest_s)
        again = [n for n in reversed(usable) if first[n][0].ending != DIED]
        second = self.old.replay(calls, again, call_s=call_s, total_s=LATER_PASS_S)
        third = self.new.replay(calls, usable, call_s=call_s, total_s=LATER_PASS_S)
        alive = [
            n for n in reversed(usable) if n in third and third[n][0].ending not in (HUNG, SWELLED, DIED)
        ]
        fourth = self.new.replay(calls, alive, call_s=call_s, total_s=LATER_PASS_S)
        return Passes(calls=calls, before=(first, second), after=(third, fourth), tolerance=self.tolerance)

    def _confirmed(self, passes: Passes, started: float) -> list[Difference]:
        numbers = passes.to_confirm()
        if not numbers:
            return []
        time.sleep(max(0.0, APART_S - (time.perf_counter() - started)))
        took_s = sum(passes.before[0][n][0].us for n in numbers) / 1e6
        repeat = int(max(2, min(REPEATS, REPEATING_S / max(took_s, 1e-3))))
        call_s = max(CONFIRMING_CALL_S, SLOWER * took_s)
        old = self.old.replay(
            passes.calls, numbers, call_s=call_s, total_s=LATER_PASS_S, repeat=repeat, shown=True, probe=False
        )
        new = self.new.replay(
            passes.calls,
            numbers,
            call_s=call_s,
            total_s=LATER_PASS_S,
            repeat=min(repeat, 5),
            shown=True,
            probe=False,
        )
        left = passes.confirm(numbers, old, new)
        return [
            Difference(
                function=self._name(passes.calls[number]),
                what=found.what,
                call=_shown(number, old, new),
                before=found.before,
                after=found.after,
            )
            for number, found in left.items()
        ]

    def _name(self, call: Call) -> str:
        return self.analysis.subjects[call.function.partition(":")[2]]

    def _summed(
        self, passes: Passes, differences: Sequence[Difference], reasons: dict[str, str]
    ) -> PackageComparison:
        found = PackageComparison(differences=list(differences))
        names: dict[str, list[str]] = {}
        for registered, name in self.analysis.subjects.items():
            names.setdefault(name, []).append(f"{self.analysis.path}:{registered}")
        for name, keys in names.items():
            compared = [passes.calls[n] for n in passes.compared if passes.calls[n].function in keys]
            unstable = sum(passes.calls[n].function in keys for n in passes.unstable)
            why = next(
                (reasons[key] for key in keys if key in reasons), "no call of it was seen or could be made up"
            )
            if not compared:
                found.not_compared.append(NotCompared(function=name, why=why))
                continue
            recorded = sum(call.origin == "recorded" for call in compared)
            found.functions.append(
                ComparedFunction(name=name, recorded=recorded, generated=len(compared) - recorded)
            )
            if unstable:
                found.warnings.append(
                    f"{name}: {unstable} calls weren't compared, as the old code gives different results for them"
                )
            if guessed := sum(passes.calls[n].function in keys for n in passes.guessed):
                found.warnings.append(f"{name}: {guessed} calls don't count: {GUESS}")
            if self.each and recorded == len(compared):
                found.warnings.append(f"{name}: only recorded calls were compared: {why}")
        return found


def _in_turn(calls: Iterable[Call]) -> list[Call]:
    """One call of each function after the other; of each the recorded ones first, the smaller ones before."""
    by_function: dict[str, list[Call]] = {}
    for call in calls:
        by_function.setdefault(call.function, []).append(call)
    for own in by_function.values():
        own.sort(key=lambda call: (call.origin != "recorded", len(call.arguments)))
    longest = max(map(len, by_function.values()), default=0)
    return [own[i] for i in range(longest) for own in by_function.values() if i < len(own)]


def _shown(number: int, *passes: Pass) -> str:
    """The call's arguments, as either side showed them."""
    texts = [outcome.call for one in passes for outcome in one.get(number, ()) if outcome.call]
    text = texts[0] if texts else ""
    return text if len(text) <= TEXT_LENGTH else f"{text[: TEXT_LENGTH - 4]} ..."
