"""How often something happened, and what that says about how often it happens."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """`hits` of `trials`; both bounds hold at 95 % (Clopper and Pearson 1934)."""

    hits: int
    trials: int

    @property
    def share(self) -> float:
        """The share of trials, 0 without any."""
        return self.hits / self.trials if self.trials else 0.0

    @property
    def low(self) -> float:
        """The smallest true share under which so many hits aren't rarer than 1 in 40."""
        if self.hits == 0:
            return 0.0
        return _bisect(lambda share: 1 - _at_most(self.hits - 1, self.trials, share) >= 0.025)

    @property
    def high(self) -> float:
        """The largest true share under which so few hits aren't rarer than 1 in 40; 1 without trials."""
        if self.hits == self.trials:
            return 1.0
        return _bisect(lambda share: _at_most(self.hits, self.trials, share) <= 0.025)

    @property
    def text(self) -> str:
        """Such as `3 of 200 (1.5 %, 0.3 to 4.3 %)`."""
        bounds = f"{100 * self.low:.1f} to {100 * self.high:.1f} %"
        return f"{self.hits} of {self.trials} ({100 * self.share:.1f} %, {bounds})"


def _at_most(hits: int, trials: int, share: float) -> float:
    """The chance of at most so many hits."""
    return math.fsum(math.comb(trials, k) * share**k * (1 - share) ** (trials - k) for k in range(hits + 1))


def _bisect(is_beyond: Callable[[float], bool]) -> float:
    """Where between 0 and 1 the answer turns from no to yes."""
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if is_beyond(middle) else (middle, high)
    return high
