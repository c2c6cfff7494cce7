"""How often a request has been tried, why once more, and when that is given up.

Tries before a stream begins are the SDK's own; when a stream breaks, the next is ours. They are counted together.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from agent.analysts.messages.failures import Asked, Refused
from agent.errors import ModelFailed

LONGEST_PAUSE_S = 8.0
_WORDS = {429: "the rate limit is reached", 529: "the API is overloaded"}


class Broken(Exception):
    """A reply that doesn't come whole; `failure` is what that means when it isn't asked for again."""

    def __init__(self, words: str, failure: ModelFailed) -> None:
        super().__init__(words)
        self.failure = failure


@dataclass(slots=True, kw_only=True)
class Tries:
    """The tries of one request: one and `retries` more. `backoff_s` is our first pause.

    `note` tells the user; `troubles` has what each try met.
    """

    asked: Asked
    retries: int
    backoff_s: float
    note: Callable[[str], None]
    troubles: list[str]
    made: int = 0

    @property
    def left(self) -> int:
        """How many may still be made."""
        return self.retries + 1 - self.made

    def failed(self, words: str, pause_s: float | None = None) -> None:
        """A try met `words`; the user is told when there is another one."""
        words = self.asked.hidden(words)
        self.troubles.append(words)
        if self.left > 0:
            when = f" in {pause_s:g} s" if pause_s else ""
            self.note(f"{words}; asking again{when} ({self.made + 1} of {self.retries + 1})")

    def turned_away(self, refused: Refused, left_s: float) -> None:
        """The API can't answer now and the SDK is about to wait for as long as it was told to.

        Raises: ModelFailed when that is longer than there is time.
        """
        pause_s = refused.retry_after_s
        if self.left > 0 and pause_s is not None and pause_s > left_s:
            raise self.asked.refused(refused, self.made, tuple)
        self.failed(_WORDS.get(refused.status, f"the API answered {refused.status}"), pause_s)

    def pause_s(self, broken: Broken) -> float:
        """How long to wait before a broken reply is asked for again, as long as the SDK would.

        Raises: ModelFailed when no try is left.
        """
        if self.left <= 0:
            raise broken.failure from broken
        self.failed(str(broken))
        longest_s: float = min(self.backoff_s * 2.0 ** (self.made - 1), LONGEST_PAUSE_S)
        return longest_s * (1 - 0.25 * random.random())  # noqa: S311 - spread, no secret

    def cut(self, cause: str) -> Broken:
        """The connection ended before the reply did."""
        return Broken(f"the reply was cut off: {cause}", self.asked.cut(cause, self.made))
