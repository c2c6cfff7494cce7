"""What is known in one conversation: the picture, the captures with those asked for meanwhile, and the evidence."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from agent.analysts.analyst import Lab, Picture
from agent.analysts.asking.fencing import harmless
from agent.errors import BadRequest
from agent.evidence import Evidence, Quantity
from agent.rendering.profile_answers.amounts import one_line, shortened
from tools.measure.toolchain import Capture

LONGEST_TITLE = 200
KEEPER = "ask-profiler query"
"""The tool that evidence of answers names."""


@dataclass(slots=True, kw_only=True)
class Notebook:
    """One conversation's. `asked_for` are captures that were made in it, by their evidence's id."""

    picture: Picture
    clock: Callable[[], float] = time.perf_counter
    asked_for: dict[str, Capture] = field(default_factory=dict)

    @property
    def evidence(self) -> Sequence[Evidence]:
        """All there is by now, in order."""
        lab = self.picture.lab
        return self.picture.evidence.items if lab is None else lab.evidence.items

    def lab(self, what: str) -> Lab:
        """Where things are measured. Raises: BadRequest saying that `what` can't be done."""
        if self.picture.lab is None:
            raise BadRequest(f"{what} here: nothing can be measured now, so go on with what is known")
        return self.picture.lab

    def capture(self, wanted: str) -> tuple[str, Capture]:
        """A capture by its evidence's id; of those of a view the first. Raises: BadRequest naming those there are."""
        there = {**self.picture.captures, **self.asked_for}
        if wanted in there:
            return wanted, there[wanted]
        found = next((item for item in there.items() if item[1].view == wanted), None)
        if found is None:
            known = ", ".join(f"{name} ({capture.view})" for name, capture in there.items())
            raise BadRequest(
                f"there is no capture {wanted!r}: {f'ask for {known}' if known else 'none was made'}"
            )
        return found

    def keep(
        self, title: str, quantities: Sequence[Quantity], duration_s: float, rows: Sequence[str] = ()
    ) -> Evidence | None:
        """The evidence of an answer, which tells of its `rows` what they are about; None where nothing can be kept.

        Raises: StorageFailed.
        """
        if self.picture.lab is None:
            return None
        words = shortened(
            harmless(one_line(title)), LONGEST_TITLE
        )  # what the model looked for may be anything
        return self.picture.lab.keep(words, KEEPER, quantities, duration_s=duration_s, warnings=tuple(rows))
