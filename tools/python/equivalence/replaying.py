"""Making recorded and generated calls again, each side in fresh confined processes, and varying recorded ones."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.errors import LimitExceeded, ProgramTimedOut, ToolError, UnreadableOutput
from tools.python.equivalence.calls import Call, Outcome, Outcomes, read_outcomes
from tools.python.equivalence.changes import Place
from tools.python.equivalence.clones import Clones
from tools.python.equivalence.graphs import Graph, graph_data
from tools.python.interpreter import Interpreter
from tools.python.running import INSIDE
from tools.run.process import Limits, Runner
from tools.run.sandbox import Access

OURS = Path(__file__).parents[3]
"""The folder that `tools` is in."""
VARYING = "tools.python.equivalence.varying"
"""A program, not imported: it needs hypothesis."""
REPLAY = INSIDE / "ask_profiler_replay.py"
RECORDED_LIMIT_S = 2.0
GENERATED_LIMIT_S = 0.5
SLOWER = 20.0
"""How many times longer than the old code the new may take before it counts as not ending, on a busy host."""
OUTCOME_NODES = 30_000
"""How many values of one outcome are looked at, as long as `NODES_IN_ALL` lasts."""
NODES_IN_ALL = 600_000
AGAIN = 6
"""Of how many calls of a function the result is written into before the call is made again."""
VARIED_NODES = 10_000
ENDED = "the process that makes the calls ended"
STARTING_S = 30.0
MEMORY_BYTES = 4 * 1024**3


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One run of all calls: which copy, with which seeds, and whether it is the old code."""

    name: str
    source: Path
    seed: int
    hash_seed: int
    is_old: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """How many variations of each function at most, from which seed, in how long."""

    number: int
    seed: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayer:
    """Makes calls of one change's functions. `relaid` are classes as (file, qualified name)."""

    runner: Runner
    interpreter: Interpreter
    clones: Clones
    relaid: Sequence[tuple[str, str]]
    paths: Sequence[str]

    def replay(
        self, side: Side, calls: Sequence[Call], seconds: float, before: Outcomes | None = None
    ) -> Outcomes:
        """The outcomes of one side, of as many calls as fit into the time.

        `before` are those of the old code, from which follows how long a call may take. Raises: ToolError when the
        process itself could not run.
        """
        root = self.clones.renew(side.source)
        given, out = self.clones.empty(side.name), self.clones.empty(f"{side.name}-out")
        _write_lines(given / "calls.jsonl", [self._call_data(c, before) for c in _with_again(calls)])
        specification = {
            "root": str(root),
            "calls": str(given / "calls.jsonl"),
            "out": str(out / "outcomes.jsonl"),
            "main": next((c.main for c in calls if c.main and c.needs_main), None),
            "paths": [p for p in self.paths if Path(p).is_relative_to(root)],
            "seed": side.seed,
            "nodes": OUTCOME_NODES,
            "nodes_in_all": NODES_IN_ALL,
            "check_lines": side.is_old,
            "show": side.is_old,
            "relaid": [[str(root / file), name] for file, name in self.relaid],
            "seconds": seconds,
        }
        (given / "specification.json").write_text(json.dumps(specification), encoding="utf-8")
        why = self._run(given, out, side, seconds)
        try:
            found = read_outcomes(out, out / "outcomes.jsonl")
        except UnreadableOutput as error:
            if side.is_old:
                raise
            found, why = Outcomes(found={}, is_whole=False), str(error)
        if why and side.is_old and not found.found:
            raise ToolError(f"functions can't be called by {self.interpreter.path}: {why}")
        return found if side.is_old or found.is_whole else _with_missing(found, calls, why or ENDED)

    def _run(self, given: Path, out: Path, side: Side, seconds: float) -> str:
        """Why the process didn't end well, "" when it did. Raises: ToolError when it could not be started."""
        root = self.clones.root
        try:
            done = self.runner.run(
                [self.interpreter.path, REPLAY, given / "specification.json"],
                cwd=root,
                env={**self.interpreter.environment(root), "PYTHONHASHSEED": str(side.hash_seed)},
                access=Access(
                    readable=(*self.interpreter.readable, INSIDE, given), writable=(out,), forgotten=(root,)
                ),
                limits=Limits(timeout_s=seconds + STARTING_S, memory_bytes=MEMORY_BYTES, processes=512),
                check=False,
                program="calling functions again",
            )
        except (ProgramTimedOut, LimitExceeded) as error:
            return str(error)
        return (
            f"{ENDED} with exit code {done.exit_code}: {done.stderr.strip()[-200:]}" if done.exit_code else ""
        )

    def _call_data(self, call: _Repeated, before: Outcomes | None) -> dict[str, object]:
        made = call.call
        limit_s = GENERATED_LIMIT_S if made.was_generated else RECORDED_LIMIT_S
        earlier = before.of(made) if before is not None else None
        if earlier is not None:
            limit_s += SLOWER * earlier.seconds
        place = made.place
        return {
            "call": made.number,
            "again": call.again,
            "module": made.module,
            "path": place.qualname.split("."),
            "role": place.role,
            "file": str((self.clones.root / place.file).resolve()),
            "line": made.line,
            "pickle": made.pickled,
            "plan": made.plan,
            "digest": bool(made.digest),
            "limit_s": limit_s,
            "nodes": earlier.nodes if earlier is not None else 0,
        }

    def vary(
        self, calls: Mapping[Place, Sequence[Call]], literals: Mapping[Place, Sequence[str]], asked: Asked
    ) -> list[Call]:
        """Variations of each function's calls, as many as fit into the time; numbers not yet set. Raises: ToolError."""
        folder = self.clones.empty("vary")
        found = {c.number: c for place in calls for c in calls[place]}
        lines = [
            {
                "seed": asked.seed,
                "number": asked.number,
                "literals": literals.get(place, ()),
                "calls": [(c.number, graph_data(g)) for c, g in _varied_from(made)],
            }
            for place, made in calls.items()
        ]
        _write_lines(folder / "calls.jsonl", lines)
        files = [str(folder / name) for name in ("calls.jsonl", "plans.jsonl")]
        self.runner.run(
            [sys.executable, "-P", "-m", VARYING, *files, str(asked.seconds)],
            cwd=folder,
            env={"PYTHONPATH": str(OURS), "PYTHONHASHSEED": "0"},
            access=Access(readable=(Path(sys.prefix), Path(sys.base_prefix), OURS), writable=(folder,)),
            limits=Limits(timeout_s=asked.seconds + STARTING_S, memory_bytes=MEMORY_BYTES),
            program="varying arguments",
        )
        plans = [json.loads(line) for line in (folder / "plans.jsonl").read_text("ascii").splitlines()]
        return [found[base].varied(0, plan) for base, plan in plans if base in found]


def _with_missing(found: Outcomes, calls: Sequence[Call], why: str) -> Outcomes:
    """The new code's process didn't come to its end: what it didn't answer is missing, and no lack of time."""
    missing = {
        (c.number, False): Outcome(call=c.number, again=False, seconds=0.0, missing=why) for c in calls
    }
    return Outcomes(found={**missing, **found.found}, is_whole=False)


@dataclass(frozen=True, slots=True)
class _Repeated:
    call: Call
    again: bool


def _with_again(calls: Sequence[Call]) -> list[_Repeated]:
    """All calls, and which are to be made again: the first of each function."""
    counts: dict[Place, int] = {}
    found = []
    for call in calls:
        counts[call.place] = counts.get(call.place, 0) + 1
        found.append(_Repeated(call, counts[call.place] <= AGAIN))
    return found


def _varied_from(calls: Sequence[Call]) -> list[tuple[Call, Graph]]:
    """The calls to vary: not all where their arguments are large."""
    found: list[tuple[Call, Graph]] = []
    nodes = 0
    for call in calls:
        if call.graph is not None and nodes <= VARIED_NODES:
            found.append((call, call.graph))
            nodes += len(call.graph.nodes)
    return found


def _write_lines(path: Path, lines: Sequence[object]) -> None:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="ascii")
