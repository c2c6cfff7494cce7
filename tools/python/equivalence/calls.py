"""Calls of a target's functions: as they were recorded, as they are replayed, and how each ended."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from tools.errors import UnreadableOutput
from tools.python.equivalence.changes import Place
from tools.python.equivalence.graphs import Graph, read_graph
from tools.run.reading import parse_json, read_written

MAX_FILE_BYTES = 64 * 1024**2
Plan = Mapping[str, object]
"""Which arguments of a recorded call are replaced by what; ask_profiler_varying.py says how it is read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call. `pickled` is only ever opened in the sandbox; `graph` shows the same arguments, None where they are
    too large. `plan` makes a generated call of a recorded one (`base` is its number); `ended` is
    `returned` or `raised` as it was seen while recording, with the exception's type or the result's digest; "" where
    that wasn't seen.
    """

    number: int
    place: Place
    module: str
    main: tuple[str, str] | None
    line: int
    names: tuple[str, ...]
    pickled: str
    graph: Graph | None
    ended: str = ""
    raised: str = ""
    digest: str = ""
    plan: Plan | None = None
    base: int | None = None

    @property
    def needs_main(self) -> bool:
        """Whether it means something of what ran as `__main__`."""
        return self.module == "__main__" or b"__main__" in base64.b64decode(self.pickled)

    @property
    def was_generated(self) -> bool:
        """Whether it isn't a recorded one."""
        return self.base is not None

    def varied(self, number: int, plan: Plan) -> Call:
        """The same call with other arguments, of which nothing was recorded."""
        return replace(self, number=number, plan=plan, base=self.number, ended="", raised="", digest="")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a replayed call ended. `unusable` says why it could not be made, `missing` why nothing came back.

    `kind` is `returned`, `iterated` or `raised`; the last root of `graph` is the result or the exception, those
    before it are the arguments afterwards. `explicit` says of an exception that Python code raised it by a `raise`,
    `same_code` that no decorator stands between the caller and what was recorded. `nodes` is how many values were
    looked at at most, `cut` that there were more.
    """

    call: int
    again: bool
    seconds: float
    unusable: str = ""
    missing: str = ""
    kind: str = ""
    raised: str = ""
    explicit: bool = False
    same_code: bool = False
    digest: str = ""
    stdout: str = ""
    stderr: str = ""
    graph: Graph | None = None
    shown: Graph | None = None
    cut: bool = False
    nodes: int = 0
    opaque: tuple[str, ...] = ()


def read_lines(folder: Path, path: Path) -> list[dict[str, object]]:
    """The lines of JSON that the target's process wrote below `folder`; what it broke off, or spoilt, is left out.

    Raises: UnreadableOutput when there is too much, or something else lies in the file's place.
    """
    content = read_written(folder, path, limit_bytes=MAX_FILE_BYTES)
    found = []
    for line in (content or b"").splitlines():
        try:
            value = parse_json(line, path.name) if line else None
        except UnreadableOutput:
            continue
        if isinstance(value, dict):
            found.append(value)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcomes:
    """Outcomes by call, and whether it is the one after an earlier result was written into.

    `is_whole` says that the process that made the calls came to its end.
    """

    found: Mapping[tuple[int, bool], Outcome]
    is_whole: bool

    def of(self, call: Call, *, again: bool = False) -> Outcome | None:
        """How a call ended, None when it wasn't made."""
        return self.found.get((call.number, again))


def read_outcomes(folder: Path, path: Path) -> Outcomes:
    """What a replay wrote. Raises: UnreadableOutput."""
    found: dict[tuple[int, bool], Outcome] = {}
    is_whole = False
    for line in read_lines(folder, path):
        is_whole |= line.get("done") is True
        try:
            outcome = _outcome(line)
        except (KeyError, TypeError, ValueError, UnreadableOutput):
            continue
        found[outcome.call, outcome.again] = outcome
    return Outcomes(found=found, is_whole=is_whole)


def _outcome(line: dict[str, object]) -> Outcome:
    call, again, seconds = line["call"], line["again"], line.get("seconds", 0.0)
    if not isinstance(call, int) or not isinstance(again, bool) or not isinstance(seconds, int | float):
        raise TypeError(line)
    opaque, nodes = line.get("opaque"), line.get("nodes")
    return Outcome(
        call=call,
        again=again,
        seconds=float(seconds),
        unusable=text_of(line, "unusable"),
        missing=text_of(line, "missing"),
        kind=text_of(line, "kind"),
        raised=text_of(line, "raised"),
        explicit=line.get("explicit") is True,
        same_code=line.get("same_code") is True,
        digest=text_of(line, "digest"),
        stdout=text_of(line, "stdout"),
        stderr=text_of(line, "stderr"),
        graph=read_graph(line["graph"]) if "graph" in line else None,
        shown=read_graph(line["shown"]) if line.get("shown") else None,
        cut=line.get("cut") is True,
        nodes=nodes if isinstance(nodes, int) else 0,
        opaque=tuple(str(o) for o in opaque) if isinstance(opaque, list) else (),
    )


def text_of(line: Mapping[str, object], key: str) -> str:
    """A text, "" when there is none."""
    found = line.get(key)
    return found if isinstance(found, str) else ""
