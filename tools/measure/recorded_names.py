"""Which benchmarks two recordings share, though they were run with other settings or lie in another package."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from tools.errors import UnreadableOutput
from tools.measure.recorded import RecordedName, Recording

_PROCESSORS = re.compile(r"-\d+$")


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedBenchmark:
    """A benchmark of both recordings: what it is called in tables, and its name in each."""

    label: str
    before: RecordedName
    after: RecordedName


def others(recording: Recording, used: Sequence[RecordedName]) -> tuple[str, ...]:
    """The benchmarks of a recording that aren't among the `used`, in the order of the file."""
    return tuple(str(name) for name in recording.names if name not in used)


def shared_benchmarks(before: Recording, after: Recording) -> tuple[list[SharedBenchmark], list[str]]:
    """The benchmarks of both by package and name; else without GOMAXPROCS; else whatever the package; and the doubts.

    Raises: UnreadableOutput when they have none in common.
    """
    views: tuple[tuple[str, Callable[[RecordedName], RecordedName]], ...] = (
        ("", lambda name: name),
        ("GOMAXPROCS differs", _without_processors),
        ("the package differs", lambda name: RecordedName(package="", name=name.name)),
        (
            "package and GOMAXPROCS differ",
            lambda n: _without_processors(RecordedName(package="", name=n.name)),
        ),
    )
    several = len({name.package for name in (*before.names, *after.names)}) > 1
    for doubt, view in views:
        left, right = _by(before, view), _by(after, view)
        found = [SharedBenchmark(label="", before=left[k], after=right[k]) for k in left if k in right]
        if found:
            labelled = [
                SharedBenchmark(
                    label=str(s.before) if several and not doubt else s.before.name,
                    before=s.before,
                    after=s.after,
                )
                for s in found
            ]
            example = f": {found[0].before} and {found[0].after}"
            return labelled, [f"{doubt}{example} are compared, and the settings with them"] if doubt else []
    first, second = (", ".join(map(str, r.names[:3])) for r in (before, after))
    raise UnreadableOutput(
        f"{before.path} and {after.path} have no benchmark in common: the first has {first}, the second {second}"
    )


def _by(
    recording: Recording, view: Callable[[RecordedName], RecordedName]
) -> Mapping[RecordedName, RecordedName]:
    """Names by how they look in that view; those that look alike are left out."""
    seen: dict[RecordedName, list[RecordedName]] = {}
    for name in recording.names:
        seen.setdefault(view(name), []).append(name)
    return {key: names[0] for key, names in seen.items() if len(names) == 1}


def _without_processors(name: RecordedName) -> RecordedName:
    return RecordedName(package=name.package, name=_PROCESSORS.sub("", name.name))
