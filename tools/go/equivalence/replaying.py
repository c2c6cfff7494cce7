"""Repeating calls, and making up more, in processes of one copy.

A call may end its process, hang, or take all memory. The process then starts again behind that call.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from tools.go.equivalence.calls import DIED, Call, Outcome, call_of, outcome_of
from tools.go.equivalence.jobs import Program

DEATHS = 24
"""How often a process is started again behind a call that ended it before the rest is given up."""
DEATHS_OF_A_FUNCTION = 2
"""After so many, the other calls of that function are left out: the doubtful ones, or those that aren't."""
GENERATING_CALL_MS = 400
SHORTEST_S = 0.1
"""Less time for making calls up isn't worth another process."""


@dataclass(slots=True)
class Generated:
    """What was made up: calls, why there are none of some functions, and the shapes of functions' types.

    `silent` says how the program ended without having tried anything, "" when it did.
    """

    calls: list[Call] = field(default_factory=list)
    cannot: dict[str, str] = field(default_factory=dict)
    shapes: dict[str, str] = field(default_factory=dict)
    silent: str = ""


@dataclass(frozen=True, slots=True)
class Process:
    """Where calls of one package of one copy are made."""

    program: Program

    def generate(
        self, calls: Sequence[Call], *, each: int, seconds: float, seed: int, keep_slow: bool
    ) -> Generated:
        """Make up about `each` calls of every function for which that can be done, in about `seconds`.

        `keep_slow` keeps calls that didn't end in time here: they may end elsewhere.
        """
        found = Generated()
        deaths: Counter[str] = Counter()
        deadline = time.perf_counter() + seconds
        for attempt in range(DEATHS):
            left_s = deadline - time.perf_counter()
            if left_s < SHORTEST_S and attempt:
                break
            done = self.program.run(
                calls,
                {
                    "mode": "generate", "seed": seed + 1000 * attempt, "each": each, "gentle": list(deaths),
                    "without": [name for name, count in deaths.items() if count >= DEATHS_OF_A_FUNCTION],
                    "call_ms": GENERATING_CALL_MS, "total_ms": int(left_s * 1000),
                },
                timeout_s=left_s + 5.0,
            )  # fmt: skip
            _take(done.lines, found)
            if not done.lines and not attempt:
                found.silent = done.reason
            if any("done" in line for line in done.lines) or not done.lines:
                break
            slow = next((call_of(line, "generated") for line in done.lines if "died" in line), None)
            deadly = slow or done.tried
            if deadly is None:
                break
            deaths[deadly.function] += 1
            if slow is None or keep_slow:
                found.calls.append(replace(deadly, doubtful=True))
        return found

    def replay(
        self,
        calls: Sequence[Call],
        order: Sequence[int],
        *,
        call_s: float,
        total_s: float,
        repeat: int = 1,
        shown: bool = False,
        probe: bool = True,
    ) -> dict[int, list[Outcome]]:
        """The outcomes of calls by their numbers. A call without any was not reached in time, or left out."""
        found: dict[int, list[Outcome]] = {}
        left = list(order)
        deaths: Counter[tuple[str, bool]] = Counter()
        deadline = time.perf_counter() + total_s
        for _ in range(DEATHS):
            if not left:
                break
            done = self.program.run(
                calls,
                {
                    "mode": "replay", "order": left, "call_ms": int(call_s * 1000), "repeat": repeat,
                    "total_ms": int(total_s * 1000), "shown": shown, "probe": probe,
                },
                timeout_s=total_s + 2 * call_s + 10.0,
            )  # fmt: skip
            for outcome in filter(None, map(outcome_of, done.lines)):
                found.setdefault(outcome.n, []).append(outcome)
            begun = [line["begin"] for line in done.lines if isinstance(line.get("begin"), int)]
            if not begun or begun[-1] not in left:
                break
            last = left.index(begun[-1])
            found.setdefault(left[last], [Outcome(n=left[last], ending=DIED, panic=done.reason)])
            # Whatever it says, what didn't come to the last call in time was ended by the one it came to.
            kind = _kind(calls[left[last]])
            deaths[kind] += 1
            left = [n for n in left[last + 1 :] if deaths[_kind(calls[n])] < DEATHS_OF_A_FUNCTION]
            if time.perf_counter() > deadline:
                break
        return found


def _kind(call: Call) -> tuple[str, bool]:
    return call.function, call.doubtful


def _take(lines: Sequence[Mapping[str, object]], found: Generated) -> None:
    for line in lines:
        name, why, shape = line.get("f"), line.get("cannot"), line.get("shape")
        if isinstance(name, str) and isinstance(why, str):
            found.cannot[name] = why
        elif isinstance(name, str) and isinstance(shape, str):
            found.shapes[name] = shape
        elif "died" not in line and (call := call_of(dict(line), "generated")) is not None:
            found.calls.append(call)
