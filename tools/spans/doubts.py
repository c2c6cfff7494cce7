"""What is odd in a recording, said once for each kind of oddity, however many spans have it."""

from __future__ import annotations


class Doubts:
    """Counts oddities by kind and keeps the first of each as an example."""

    def __init__(self) -> None:
        self._found: dict[str, tuple[int, str]] = {}

    def add(self, what: str, example: str) -> None:
        """One more `what` (a sentence in the plural), seen at `example`."""
        count, first = self._found.get(what, (0, example))
        self._found[what] = (count + 1, first)

    def warnings(self) -> tuple[str, ...]:
        """A sentence for each kind, in the order in which they were met."""
        return tuple(
            f"{what} ({count:,}; the first: {first})" for what, (count, first) in self._found.items()
        )
