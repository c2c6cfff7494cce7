"""Comparing a change of Python code by value: its functions are called on the same arguments, before and after."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from tools.errors import Cancelled, ToolError
from tools.measure.equivalence import Equivalence, NotCompared
from tools.measure.toolchain import Build
from tools.measure.workload import Workload
from tools.python.equivalence.calls import Call
from tools.python.equivalence.changes import Changes, Place, find_changes
from tools.python.equivalence.clones import Clones, clones_beside
from tools.python.equivalence.judging import Judged, Sides, first_differences, judge
from tools.python.equivalence.recording import Recorder, Recording, Subject
from tools.python.equivalence.replaying import Asked, Replayer, Side
from tools.python.interpreter import Interpreter
from tools.run.process import Runner

RECORDING_SHARE = 0.75
"""Of the time that is given, for recording; the rest is for drawing variations."""
REPLAY_SHARE = 1.5
"""Of the time that is given, for calling the old code once; the new may take `NEW_LONGER` times that."""
SHORTEST_REPLAY_S = 4.0
NEW_LONGER = 3.0
NOT_CALLED = "nothing in the workload or the tests called it while calls were recorded"


def compare_values(
    runner: Runner,
    interpreter: Interpreter,
    before: Build,
    after: Build,
    workload: Workload,
    files: tuple[str, ...],
    *,
    seed: int,
    seconds: float,
    generated: int,
    tolerance: float,
) -> Equivalence:
    """Call the functions that a change touches, old and new, on recorded arguments and variations of them.

    `seconds` is for recording and varying; calling again takes as long as it takes, within limits. `generated` is
    how many variations of each function at most, `tolerance` the relative difference that floats may have (0:
    none). Both copies stay as they are. Raises: ToolError when it could not be done, Cancelled.
    """
    began = time.monotonic()
    changes = find_changes(before.root, after.root, files)
    if not changes.changed and not changes.modules:
        return Equivalence(
            functions=(), not_compared=(), differences=(), warnings=_unread(changes), duration_s=0.0
        )
    with clones_beside(before.root, forgets=runner.sandbox.forgets) as clones:
        session = _Session(
            runner=runner, interpreter=interpreter, before=before, after=after, clones=clones, changes=changes
        )
        found = session.compare(workload, seed, seconds, generated, tolerance)
    return replace(found, duration_s=time.monotonic() - began)


@dataclass(slots=True, kw_only=True)
class _Session:
    """One comparison: what changed, and where it is called."""

    runner: Runner
    interpreter: Interpreter
    before: Build
    after: Build
    clones: Clones
    changes: Changes
    warnings: list[str] = field(default_factory=list)

    def compare(
        self, workload: Workload, seed: int, seconds: float, generated: int, tolerance: float
    ) -> Equivalence:
        recording = self._record(workload, seconds * RECORDING_SHARE)
        calls = _numbered(self._chosen(recording))
        replayer = Replayer(
            runner=self.runner,
            interpreter=self.interpreter,
            clones=self.clones,
            relaid=self.changes.relaid,
            paths=recording.paths,
        )
        calls += self._varied(
            replayer, calls, Asked(number=generated, seed=seed, seconds=seconds * (1 - RECORDING_SHARE))
        )
        judged = self._judge(replayer, calls, seed, seconds, tolerance) if calls else {}
        self.warnings += [*recording.warnings, *_unread(self.changes), *_doubts(judged.values())]
        return Equivalence(
            functions=tuple(c for j in judged.values() if (c := j.compared) is not None),
            not_compared=tuple(self._not_compared(recording, judged)),
            differences=first_differences(judged.values()),
            reached=recording.reached,
            warnings=tuple(dict.fromkeys(self.warnings)),
        )

    def _record(self, workload: Workload, seconds: float) -> Recording:
        changed = self.changes.changed
        reserve = {c for callers in self.changes.callers.values() for c in callers if c not in changed}
        subjects = [Subject(place=p, reserve=False) for p in changed]
        subjects += [Subject(place=p, reserve=True) for p in sorted(reserve, key=lambda p: p.label)]
        recorder = Recorder(
            runner=self.runner,
            interpreter=self.interpreter,
            root=self.clones.renew(self.before.root),
            out=self.clones.empty("record"),
            subjects=subjects,
            modules=self.changes.modules,
        )
        return recorder.record(workload, seconds)

    def _chosen(self, recording: Recording) -> Iterator[list[Call]]:
        """The calls of each function that can be called, and of callers of those that can't."""
        wanted: dict[Place, None] = {}
        for place in self.changes.changed:
            if place not in self.changes.blocked:
                wanted[place] = None
            if place in self.changes.blocked or not recording.calls.get(place) or self._is_relaid(place):
                wanted |= dict.fromkeys(self.changes.callers.get(place, ()))
        yield from (recording.calls[p] for p in wanted if p in recording.calls)

    def _is_relaid(self, place: Place) -> bool:
        return any(f == place.file and place.qualname.startswith(f"{c}.") for f, c in self.changes.relaid)

    def _varied(self, replayer: Replayer, calls: Sequence[Call], asked: Asked) -> list[Call]:
        by_place: dict[Place, list[Call]] = {}
        for call in calls:
            by_place.setdefault(call.place, []).append(call)
        if not calls or asked.number < 1:
            return []
        try:
            found = replayer.vary(by_place, self.changes.literals, asked)
        except Cancelled:
            raise
        except ToolError as error:
            self.warnings.append(f"recorded arguments weren't varied: {error}")
            return []
        return [replace(c, number=len(calls) + n) for n, c in enumerate(_in_turns(found))]

    def _judge(
        self, replayer: Replayer, calls: Sequence[Call], seed: int, seconds: float, tolerance: float
    ) -> dict[Place, Judged]:
        old = self.before.root
        replay_s = max(SHORTEST_REPLAY_S, REPLAY_SHARE * seconds)
        first = replayer.replay(
            Side(name="first", source=old, seed=seed, hash_seed=0, is_old=True), calls, replay_s
        )
        left = [c for c in calls if (o := first.of(c)) and not o.missing and not o.unusable]
        second = replayer.replay(
            Side(name="second", source=old, seed=seed + 1, hash_seed=1, is_old=True), left, NEW_LONGER * replay_s, first
        )  # fmt: skip
        new = replayer.replay(
            Side(name="new", source=self.after.root, seed=seed, hash_seed=0, is_old=False), left, NEW_LONGER * replay_s,
            first,
        )  # fmt: skip
        return judge(calls, Sides(first=first, second=second, new=new, tolerance=tolerance))

    def _not_compared(self, recording: Recording, judged: Mapping[Place, Judged]) -> Iterator[NotCompared]:
        for place in self.changes.changed:
            found = judged.get(place)
            if found is not None and found.compared is not None:
                continue
            if place in self.changes.blocked:
                why = self.changes.blocked[place]
            elif found is not None and found.why_not:
                why = found.why_not
            else:
                why = recording.unkept.get(place, NOT_CALLED)
            stand_ins = [
                c.label
                for c in self.changes.callers.get(place, ())
                if c in judged and judged[c].compared is not None
            ]
            instead = f"; compared through {', '.join(stand_ins[:4])}" if stand_ins else ""
            yield NotCompared(function=place.label, why=why + instead)


def _numbered(groups: Iterator[list[Call]]) -> list[Call]:
    """All calls in turns, so that a function with many doesn't use up the time of others."""
    return [replace(call, number=n) for n, call in enumerate(_in_turns([c for g in groups for c in g]))]


def _in_turns(calls: Sequence[Call]) -> list[Call]:
    """The first call of every function, then the second of every one, and so on."""
    rows: dict[Place, list[Call]] = {}
    for call in calls:
        rows.setdefault(call.place, []).append(call)
    longest = max(map(len, rows.values()), default=0)
    return [row[n] for n in range(longest) for row in rows.values() if n < len(row)]


def _unread(changes: Changes) -> tuple[str, ...]:
    return tuple(f"{file} wasn't compared by value: {why}" for file, why in changes.unread.items())


def _doubts(judged: Iterable[Judged]) -> Iterator[str]:
    """What was compared only in part, and why."""
    for found in judged:
        label = found.place.label
        compared = found.recorded + found.generated
        for why, count in found.left_out.most_common(2) if compared else ():
            yield f"{count} calls of {label} weren't compared: {why}"
        if found.opaque:
            yield f"results of {label} hold what isn't looked into: {', '.join(sorted(found.opaque)[:4])}"
        if found.cut:
            yield f"{found.cut} results of {label} were too large and are compared in their first part"
