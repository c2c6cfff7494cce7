"""One package's calls through both copies: made up, repeated, compared, and what differs repeated again."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from tools.go.equivalence.analysing import Analysis
from tools.go.equivalence.calls import DIED, HUNG, SWELLED, UNMADE, Call, Outcome
from tools.go.equivalence.judging import Passes
from tools.go.equivalence.recording import Recording
from tools.go.equivalence.replaying import Generated, Process
from tools.go.equivalence.telling import PackageComparison, shown, summed
from tools.measure.equivalence import Difference

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
CONFIRMATIONS = 3
"""How often other calls that differ are taken when none of the first stays different."""
APART_S = 1.1
"""So long after the first pass what differs is repeated, as times are often written in whole seconds."""


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
        return summed(self.analysis, passes, confirmed, reasons, generating=self.each > 0)

    def _made_up(self, recorded: Sequence[Call]) -> tuple[Generated, set[str]]:
        """Calls from both copies, which reach different code; and functions whose types differ."""
        with ThreadPoolExecutor(max_workers=2) as pool:
            of_old, of_new = (
                pool.submit(
                    side.generate, recorded, each=self.each, seconds=self.seconds, seed=seed, keep_slow=is_new
                )
                for side, seed, is_new in ((self.old, self.seed, False), (self.new, self.seed + 1, True))
            )
            one, other = of_old.result(), of_new.result()
        apart = {name for name in one.shapes if other.shapes.get(name, one.shapes[name]) != one.shapes[name]}
        known = {(call.function, call.arguments) for call in recorded}
        calls: dict[str, dict[bytes, Call]] = {}
        for call in [*one.calls, *(replace(call, doubtful=True) for call in other.calls)]:
            if (call.function, call.arguments) not in known:
                calls.setdefault(call.function, {}).setdefault(call.arguments, call)
        chosen = [call for each in calls.values() for call in self._chosen(list(each.values()))]
        cannot = {**one.cannot, **other.cannot}
        if one.silent:
            why = f"its package's test binary ends before any call can be made ({one.silent})"
            cannot = {f"{self.analysis.path}:{name}": why for name in self.analysis.subjects}
        return Generated(calls=chosen, cannot=cannot), apart

    def _chosen(self, calls: Sequence[Call]) -> list[Call]:
        """Half of them of each copy, where both have enough; of each first those that reached something new."""
        of_old, of_new = (
            sorted((c for c in calls if c.doubtful == doubtful), key=lambda call: not call.reached_new)
            for doubtful in (False, True)
        )
        share = max(self.each // 2, self.each - len(of_old))
        return [*of_old[: self.each - min(share, len(of_new))], *of_new[:share]]

    def _passes(self, calls: Sequence[Call]) -> Passes:
        first: dict[int, list[Outcome]] = {}
        for doubtful in (False, True):
            order = [n for n, call in enumerate(calls) if call.doubtful == doubtful]
            first |= self.old.replay(calls, order, call_s=CALL_S, total_s=FIRST_PASS_S)
        usable = [n for n in first if first[n][0].ending not in (HUNG, SWELLED, UNMADE)]
        slowest_s = max((first[n][0].us for n in usable), default=0) / 1e6
        call_s = max(CALL_S, SLOWER * slowest_s)
        again = [n for n in reversed(usable) if first[n][0].ending != DIED]
        with ThreadPoolExecutor(max_workers=1) as pool:
            backwards = pool.submit(self.old.replay, calls, again, call_s=call_s, total_s=LATER_PASS_S)
            third = self.new.replay(calls, usable, call_s=call_s, total_s=LATER_PASS_S)
            alive = [
                n for n in reversed(usable) if n in third and third[n][0].ending not in (HUNG, SWELLED, DIED)
            ]
            fourth = self.new.replay(calls, alive, call_s=call_s, total_s=LATER_PASS_S)
            second = backwards.result()
        places = [str(side.root).encode() for side in (self.old.program.side, self.new.program.side)]
        return Passes(
            calls=calls,
            before=(first, second),
            after=(third, fourth),
            tolerance=self.tolerance,
            places=places,
        )

    def _confirmed(self, passes: Passes, started: float) -> list[Difference]:
        tried: set[int] = set()
        for _ in range(CONFIRMATIONS):
            numbers = passes.to_confirm(tried)
            if not numbers:
                break
            tried.update(numbers)
            time.sleep(max(0.0, APART_S - (time.perf_counter() - started)))
            if found := self._confirm(passes, numbers):
                return found
        return []

    def _confirm(self, passes: Passes, numbers: Sequence[int]) -> list[Difference]:
        took_s = sum(passes.before[0][n][0].us for n in numbers) / 1e6
        repeat = int(max(2, min(REPEATS, REPEATING_S / max(took_s, 1e-3))))
        call_s = max(CONFIRMING_CALL_S, SLOWER * took_s)
        with ThreadPoolExecutor(max_workers=2) as pool:
            jobs = [
                pool.submit(
                    side.replay, passes.calls, numbers, call_s=call_s, total_s=LATER_PASS_S, repeat=times,
                    shown=True, probe=False,
                )
                for side, times in ((self.old, repeat), (self.new, min(repeat, 5)))
            ]  # fmt: skip
            old, new = (job.result() for job in jobs)
        left = passes.confirm(numbers, old, new)
        if others := [n for n in numbers if n not in left and n in passes.compared]:
            order = list(passes.before[0])
            again = self.new.replay(passes.calls, order, call_s=call_s, total_s=LATER_PASS_S, shown=True)
            left |= passes.again(others, again)
            new |= again
        return [
            Difference(
                function=self._name(passes.calls[number]),
                what=found.what,
                call=shown(number, old, new),
                before=found.before,
                after=found.after,
            )
            for number, found in left.items()
        ]

    def _name(self, call: Call) -> str:
        return self.analysis.subjects[call.function.partition(":")[2]]


def _in_turn(calls: Iterable[Call]) -> list[Call]:
    """One call of each function after the other; of each the recorded ones first, the doubtful ones last."""
    by_function: dict[str, list[Call]] = {}
    for call in calls:
        by_function.setdefault(call.function, []).append(call)
    for own in by_function.values():
        own.sort(key=lambda call: (call.doubtful, call.origin != "recorded", len(call.arguments)))
    longest = max(map(len, by_function.values()), default=0)
    return [own[i] for i in range(longest) for own in by_function.values() if i < len(own)]
