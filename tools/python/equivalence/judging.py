"""From the outcomes of both sides to what is said of each function: agreeing calls, differences, what can't tell.

The old code is called twice, with other seeds for `random` and for hashes: a call that differs from itself, or from
how it ended in the workload, depends on something else than its arguments and isn't compared.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from tools.measure.equivalence import ComparedFunction, Difference, DifferenceKind
from tools.python.equivalence.calls import Call, Outcome, Outcomes
from tools.python.equivalence.changes import Place
from tools.python.equivalence.graphs import Comparison, Graph, Mismatch, show

STATE = "its result depends on time, randomness, the order of a set or other state"
EXHAUSTED = frozenset({"builtins.RecursionError", "builtins.MemoryError"})
SHAPELESS = frozenset(
    {"builtins.TypeError", "builtins.AttributeError", "builtins.NameError", "builtins.UnboundLocalError"}
)
"""What the interpreter raises where arguments make no sense to the code: of generated ones nothing more is asked."""
DIFFERENCES = 20
DIFFERENCES_OF_ONE = 3
_TRACEBACK = re.compile(r"Traceback \(most recent call last\):\n(?:[ \t].*\n)*")
_ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{6,}")


@dataclass(slots=True)
class Judged:
    """One function: how many calls agreed or not, and why others couldn't be compared."""

    place: Place
    recorded: int = 0
    generated: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    differences: list[Difference] = field(default_factory=list)
    opaque: set[str] = field(default_factory=set)
    cut: int = 0

    @property
    def compared(self) -> ComparedFunction | None:
        """What is said of it; None when no call could be compared."""
        if not self.recorded and not self.generated:
            return None
        return ComparedFunction(name=self.place.label, recorded=self.recorded, generated=self.generated)

    @property
    def why_not(self) -> str:
        """The most frequent reason that a call wasn't compared, "" when there is none."""
        return self.left_out.most_common(1)[0][0] if self.left_out else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """Outcomes of the old code, twice, and of the new."""

    first: Outcomes
    second: Outcomes
    new: Outcomes
    tolerance: float


def judge(calls: Sequence[Call], sides: Sides) -> dict[Place, Judged]:
    """What is said of each function."""
    found: dict[Place, Judged] = {}
    steady: set[int] = set()
    for call in calls:  # recorded ones come before those that were made from them
        judged = found.setdefault(call.place, Judged(call.place))
        if call.base is not None and call.base not in steady:
            continue
        why = _why_unsteady(call, sides, again=False)
        if why:
            judged.left_out[why] += 1
            continue
        steady.add(call.number)
        agrees = _compare(call, sides, judged, again=False)
        if agrees and sides.first.of(call, again=True) and not _why_unsteady(call, sides, again=True):
            _compare(call, sides, judged, again=True)
    return found


def _why_unsteady(call: Call, sides: Sides, *, again: bool) -> str:
    """Why the old code doesn't tell what the new should do, "" when it does."""
    old, same = sides.first.of(call, again=again), sides.second.of(call, again=again)
    for outcome in (old, same):
        if outcome is None:
            return "there was no time for all of its calls"
        if outcome.missing or outcome.unusable:
            return outcome.unusable or f"called alone with the old code, {outcome.missing}"
    assert old is not None and same is not None  # noqa: S101
    if old.raised in EXHAUSTED:
        return "the old code runs out of memory or stack"
    if old.same_code and not again and not _ended_as_recorded(call, old):
        return STATE
    return STATE if _difference(call, old, same, sides.tolerance) is not None else ""


def _ended_as_recorded(call: Call, old: Outcome) -> bool:
    """Whether the old code does alone what it did in the workload, as far as that was seen."""
    if call.ended and (call.ended == "raised") != (old.kind == "raised"):
        return False
    return (not call.digest or old.digest == call.digest) and (not call.raised or old.raised == call.raised)


def _compare(call: Call, sides: Sides, judged: Judged, *, again: bool) -> bool:
    """Count a call, keep its difference; whether it agrees."""
    old, new = sides.first.of(call, again=again), sides.new.of(call, again=again)
    assert old is not None  # noqa: S101
    if new is None:
        judged.left_out["there was no time for all of its calls"] += 1
        return False
    if new.unusable.startswith(("its arguments", "its calls", "`")):
        judged.left_out[f"with the new code, {new.unusable}"] += 1
        return False
    if call.was_generated and old.raised in SHAPELESS and not old.explicit and new.kind != "raised":
        return False
    if not again:
        judged.recorded += not call.was_generated
        judged.generated += call.was_generated
    judged.opaque |= {*old.opaque}
    judged.cut += old.cut
    found = _difference(call, old, new, sides.tolerance)
    if found is not None and len(judged.differences) < DIFFERENCES_OF_ONE:
        told = _told(call, old, found, again)
        judged.differences += [told] if told not in judged.differences else []
    return found is None


def _told(call: Call, old: Outcome, found: tuple[DifferenceKind, str, str], again: bool) -> Difference:
    words = arguments_text(call, old.shown)
    after = ", again after a caller wrote into what an equal call returned" if again else ""
    return Difference(
        function=call.place.label, what=found[0], call=words + after, before=found[1], after=found[2]
    )


def arguments_text(call: Call, shown: Graph | None) -> str:
    """The arguments of a call by name, as long as is readable."""
    graph = shown or call.graph
    if graph is None:
        return "…"
    each = max(40, 200 // max(len(graph.roots), 1))
    parts = [f"{n}={show(graph, r, each)}" for n, r in zip(call.names, graph.roots, strict=False)]
    text = ", ".join(parts)
    return text if len(text) <= 240 else text[:239] + "…"


def _difference(
    call: Call, old: Outcome, new: Outcome, tolerance: float
) -> tuple[DifferenceKind, str, str] | None:
    """What differs between two outcomes, and both as text; None when nothing does."""
    if new.missing or new.unusable:
        return "missing", _ending(old), new.missing or new.unusable
    if old.graph is None or new.graph is None or len(old.graph.roots) != len(new.graph.roots):
        return "missing", _ending(old), "nothing that can be read"
    raised = old.kind == "raised"
    if old.kind != new.kind or (raised and old.raised != new.raised):
        return "exception" if "raised" in (old.kind, new.kind) else "result", _ending(old), _ending(new)
    shapeless = call.was_generated and raised and not old.explicit
    if shapeless and old.raised in SHAPELESS:
        return None
    last = len(old.graph.roots) - 1
    comparison = Comparison(old.graph, new.graph, tolerance, is_cut=old.cut)
    arguments = None if shapeless else comparison.first_mismatch(range(last))
    if not raised or old.explicit:
        found = comparison.first_mismatch(range(last, last + 1))
        if found is not None:
            return "exception" if raised else "result", *_texts(old, new, found, "")
    if arguments is not None:
        name = call.names[arguments.root] if arguments.root < len(call.names) else "an argument"
        return "arguments", *_texts(old, new, arguments, name)
    for stream, before, after in (("stdout", old.stdout, new.stdout), ("stderr", old.stderr, new.stderr)):
        if _normal(before) != _normal(after):
            return "output", f"{stream} {_cut(before)!r}", f"{stream} {_cut(after)!r}"
    return None


def _texts(old: Outcome, new: Outcome, found: Mismatch, name: str) -> tuple[str, str]:
    """Both values whole where that is short, else only the place where they part."""
    assert old.graph is not None and new.graph is not None  # noqa: S101
    whole = _root_text(old, found.root), _root_text(new, found.root)
    start = f"{name} = " if name else ""
    if whole[0] != whole[1] and max(map(len, whole)) < 200:
        return f"{start}{whole[0]}", f"{start}{whole[1]}"
    iterated = old.kind == "iterated" and not name
    path = f"item{found.path.removeprefix('[0]')}" if iterated else f"{name or 'result'}{found.path}"
    return f"{path} = {found.before}", f"{path} = {found.after}"


def _ending(outcome: Outcome) -> str:
    if outcome.graph is None:
        return "nothing that can be read"
    text = _root_text(outcome, len(outcome.graph.roots) - 1)
    return f"raised {text}" if outcome.kind == "raised" else text


def _root_text(outcome: Outcome, root: int) -> str:
    """A root as text; what an iterator gave, and how it ended."""
    graph = outcome.graph
    assert graph is not None  # noqa: S101
    found = graph.roots[root]
    if outcome.kind == "iterated" and root == len(graph.roots) - 1 and isinstance(found, int):
        items, end = graph.nodes[found].children
        return f"yields {show(graph, items)}, then {show(graph, end, 80).strip(chr(39))}"
    return show(graph, found)


def _normal(text: str) -> str:
    """Output without lines of the source, which a change may move, and addresses."""
    return _ADDRESS.sub("0x…", _TRACEBACK.sub("Traceback\n", text))


def _cut(text: str) -> str:
    return text if len(text) <= 150 else text[:149] + "…"


def first_differences(judged: Iterable[Judged]) -> tuple[Difference, ...]:
    """At most `DIFFERENCES`, some of every function."""
    left = [list(j.differences) for j in judged if j.differences]
    found: list[Difference] = []
    while left and len(found) < DIFFERENCES:
        found += [d.pop(0) for d in left]
        left = [d for d in left if d]
    return tuple(found[:DIFFERENCES])
