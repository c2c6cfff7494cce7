"""Trying changes after a run: a candidate through every gate against the target as it was found, nothing applied."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from agent.deps import Deps
from agent.errors import BadRequest
from agent.nodes.stage import stage
from agent.nodes.verify import Case, judge_candidate
from agent.report import Candidate, JudgedCandidate
from agent.state import RunState
from tools.measure.toolchain import ProfileView

FOLDER = "followups"
"""Where the patches of what was tried are kept, in the run's folder."""
VIEW: ProfileView = "memory"
"""A change that is tried may win in time or in memory: what it is meant to win wasn't asked."""


@dataclass(slots=True, kw_only=True)
class Trying:
    """Judges changes for one question. `closed` says why nothing can be tried, "" where it can; `doubts` are told with
    every verdict.
    """

    deps: Deps
    state: RunState
    closed: str
    doubts: Sequence[str] = ()
    judged: list[JudgedCandidate] = field(default_factory=list)

    def judge(self, candidate: Candidate) -> JudgedCandidate:
        """The candidate as the next of T1, T2 … with its verdict. Raises: BadRequest, Cancelled, StorageFailed."""
        found = self.state.get("baseline")
        if self.closed or found is None:
            why = self.closed or self.state.get("stopped") or "there is no code here that could be changed"
            raise BadRequest(f"no change can be tried: {why}")
        deps = self.deps
        number = next_number([path.stem for path in (deps.folder.path / FOLDER).glob("T*.patch")])
        named = replace(candidate, id=f"T{number}")
        deps.folder.write_text(f"{FOLDER}/{named.id}.patch", named.patch)
        with stage(deps, "verify") as clock:
            case = Case(
                plan=self.state["plan"],
                found=found,
                accepted=0,
                seed=self.state["request"].seed + 5000 + number,
                view=VIEW,
            )
            found_out = judge_candidate(deps, case, named, clock)
        verdict = found_out.verdict
        judged = replace(found_out, verdict=replace(verdict, warnings=(*verdict.warnings, *self.doubts)))
        self.judged.append(judged)
        return judged


def next_number(names: Sequence[str]) -> int:
    """The number after those of T1, T2 …; other names don't count."""
    numbers = [int(name[1:]) for name in names if name[:1] == "T" and name[1:].isdecimal()]
    return max(numbers, default=0) + 1
