"""Which of Go's profilers are worth their time: by what was asked, by what the definition names, by the code."""

from __future__ import annotations

import re
from collections.abc import Mapping

from tools.go.kinds import BLOCK, CPU, GOROUTINE, HEAP, LEAK, MUTEX, RUNTIME, TRACE

LOCKS = re.compile(
    r"\block(s|ed|ing)?\b|\bcontention\b|\bcontended\b|\bmutex|\bsemaphore|\bstarv", re.IGNORECASE
)
"""Words of questions about waiting for locks."""
WAITING = re.compile(
    r"\bblock(s|ed|ing)?\b|\bdeadlock|\bstuck\b|\bhang(s|ing)?\b|\bwait(s|ing)?\b", re.IGNORECASE
)
"""Words of questions about waiting for anything."""
_LEAKS = re.compile(
    r"\bleak\w*\W+(\w+\W+)?goroutine|\bgoroutines?\W+(\w+\W+)?(leak|pile|accumulat|grow|never)|\bnever ends?\b",
    re.IGNORECASE,
)
_TRACE = re.compile(
    r"\b(execution )?trac(e|es|ing)\b|\bschedul|\blatency\b|\btail\b|\bjitter|\bstutter|\bstop.the.world\b|\bGC\b"
    r"|\bgarbage.collect|\bpaus(e|es|ing)\b",
    re.IGNORECASE,
)
ALWAYS = frozenset(kind.name for kind in (CPU, HEAP, GOROUTINE, RUNTIME))
_CALLED_FOR: Mapping[str, re.Pattern[str]] = {
    MUTEX.name: LOCKS,
    BLOCK.name: re.compile(f"{LOCKS.pattern}|{WAITING.pattern}", re.IGNORECASE),
    LEAK.name: re.compile(f"{_LEAKS.pattern}|{WAITING.pattern}", re.IGNORECASE),
    TRACE.name: _TRACE,
}
_NAMED: Mapping[str, re.Pattern[str]] = {
    MUTEX.name: re.compile(r"\bmutex", re.IGNORECASE),
    BLOCK.name: re.compile(r"\bblock(ing)?\b", re.IGNORECASE),
    LEAK.name: re.compile(r"\bgoroutine.leak|\bleaked goroutine", re.IGNORECASE),
    TRACE.name: re.compile(r"\bexecution.trac", re.IGNORECASE),
}
_CONCURRENT = frozenset({MUTEX.name, BLOCK.name})


def chosen_profilers(question: str, definition: str, *, is_sequential: bool) -> frozenset[str]:
    """The names of the profilers to run.

    CPU, heap, goroutines and the runtime's figures always. What the question's words call for in any case; waits and
    locks where the code starts goroutines; and there also what the definition's text names. What a sequential
    program's definition names would show nothing.
    """
    found = {name for name, words in _CALLED_FOR.items() if words.search(question)}
    if not is_sequential:
        found |= _CONCURRENT | {name for name, words in _NAMED.items() if words.search(definition)}
    return ALWAYS | found
