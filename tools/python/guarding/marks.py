"""What a rule notices in one version of the code, and which of it a change adds or takes away."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from tools.measure.guard import GuardRule, Objection


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Something noticed in a version of a file. `trait` says what it is, so that old and new code can be compared:
    what only moved has the same trait. `where` is the function it stands in, "" outside of all.
    """

    rule: GuardRule
    trait: str
    where: str
    file: str
    line: int
    detail: str

    @property
    def objection(self) -> Objection:
        """The mark as an objection."""
        return Objection(rule=self.rule, file=self.file, line=self.line, detail=self.detail)


def left_over(these: Iterable[Mark], those: Iterable[Mark]) -> list[Mark]:
    """The marks of `these` that have no partner in `those`; partners in the same function go first."""
    partners: dict[tuple[str, str], list[Mark]] = defaultdict(list)
    for mark in those:
        partners[mark.rule, mark.trait].append(mark)
    waiting = []
    for mark in these:
        same = [m for m in partners[mark.rule, mark.trait] if m.where == mark.where and m.file == mark.file]
        if same:
            partners[mark.rule, mark.trait].remove(same[0])
        else:
            waiting.append(mark)
    found = []
    for mark in waiting:
        if partners[mark.rule, mark.trait]:
            partners[mark.rule, mark.trait].pop()
        else:
            found.append(mark)
    return found
