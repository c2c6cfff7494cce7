"""Repeating calls, and making up more, in processes of one copy: confined, the copy read-only, ended at limits.

A call may end its process, hang, or take all memory. The process then starts again behind that call.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tools.errors import Cancelled, LimitExceeded, ToolError
from tools.go.equivalence.building import Side
from tools.go.equivalence.calls import DIED, Call, Outcome, call_of, outcome_of, read_lines, write_calls
from tools.go.program import GoProgram
from tools.run.process import Limits, Runner
from tools.run.sandbox import Access

DEATHS = 10
"""How often a process is started again behind a call that ended it before the rest is given up."""
DEATHS_OF_A_FUNCTION = 2
"""After so many, the other calls of that function are left out."""
GENERATING_CALL_MS = 400
MEMORY_BYTES = 3 * 1024**3
CHANGE_FOLDER = 'cd "$1" && shift && exec "$@"'
"""The working folder of a confined process is writable; the package's own is not to be."""
_FATAL = re.compile(r"^(fatal error: .*|panic: .*|runtime: goroutine stack exceeds.*)$", re.MULTILINE)


@dataclass(slots=True)
class Generated:
    """What was made up: calls, why there are none of some functions, and the shapes of functions' types."""

    calls: list[Call] = field(default_factory=list)
    cannot: dict[str, str] = field(default_factory=dict)
    shapes: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Process:
    """One package of one copy, in which calls are made."""

    runner: Runner
    go: GoProgram
    side: Side
    folder: str
    processors: int
    _jobs: int = 0

    def generate(
        self, calls: Sequence[Call], *, each: int, seconds: float, seed: int, keep_slow: bool
    ) -> Generated:
        """Make up about `each` calls of every function for which that can be done, in about `seconds`.

        `keep_slow` keeps calls that didn't end in time here: they may end elsewhere.
        """
        found = Generated()
        deaths: Counter[str] = Counter()
        left_s = seconds
        source = self._written(calls)
        for attempt in range(DEATHS):
            spent = self.runner.seconds_spent
            lines, trial, _ = self._job(
                source,
                {
                    "mode": "generate", "seed": seed + 1000 * attempt, "each": each, "gentle": list(deaths),
                    "without": [name for name, count in deaths.items() if count >= DEATHS_OF_A_FUNCTION],
                    "call_ms": GENERATING_CALL_MS, "total_ms": int(left_s * 1000),
                },
                timeout_s=left_s + 5.0,
            )  # fmt: skip
            _take(lines, found)
            if any("done" in line for line in lines) or not lines:
                break
            slow = next((call_of(line, "generated") for line in lines if "died" in line), None)
            deadly = slow or _tried(trial)
            if deadly is None:
                break
            deaths[deadly.function] += 1
            if slow is None or keep_slow:
                found.calls.append(deadly)
            left_s -= self.runner.seconds_spent - spent
            if left_s < 0.1:
                break
        return found

    def replay(
        self,
        calls: Sequence[Call],
        order: Sequence[int],
        *,
        call_s: float,
        total_s: float,
        repeat: int = 1,
        shown: bool = False,
        probe: bool = True,
    ) -> dict[int, list[Outcome]]:
        """The outcomes of calls by their numbers. A call without any was not reached in time."""
        source = self._written(calls)
        found: dict[int, list[Outcome]] = {}
        left = list(order)
        deaths: Counter[str] = Counter()
        for _ in range(DEATHS):
            lines, _, reason = self._job(
                source,
                {
                    "mode": "replay", "order": left, "call_ms": int(call_s * 1000), "repeat": repeat,
                    "total_ms": int(total_s * 1000), "shown": shown, "probe": probe,
                },
                timeout_s=total_s + 2 * call_s + 10.0,
            )  # fmt: skip
            for outcome in filter(None, map(outcome_of, lines)):
                found.setdefault(outcome.n, []).append(outcome)
            if any("done" in line for line in lines):
                break
            begun = [line["begin"] for line in lines if isinstance(line.get("begin"), int)]
            if not begun or begun[-1] not in left:
                break
            last = left.index(begun[-1])
            if left[last] not in found:
                found[left[last]] = [Outcome(n=left[last], ending=DIED, panic=reason)]
            function = calls[left[last]].function
            deaths[function] += 1
            left = left[last + 1 :]
            if deaths[function] >= DEATHS_OF_A_FUNCTION:
                left = [n for n in left if calls[n].function != function]
            if not left:
                break
        return found

    def _written(self, calls: Sequence[Call]) -> Path:
        self._jobs += 1
        path = self._place() / f"calls{self._jobs}.jsonl"
        write_calls(calls, path)
        return path

    def _place(self) -> Path:
        place = self.side.scratch / "jobs" / self.folder.replace("/", "-")
        place.mkdir(parents=True, exist_ok=True)
        return place

    def _job(
        self, calls: Path, job: Mapping[str, object], *, timeout_s: float
    ) -> tuple[list[dict[str, object]], Path, str]:
        """Run one process: its lines, the call that it tried last, and how it ended when not by itself."""
        self._jobs += 1
        stem = self._place() / f"job{self._jobs}"
        out, output = stem.with_suffix(".out"), stem.with_suffix(".output")
        stem.with_suffix(".json").write_text(
            json.dumps(
                {
                    **job,
                    "root": str(self.side.root),
                    "calls": str(calls),
                    "out": str(out),
                    "output": str(output),
                }
            ),
            encoding="utf-8",
        )
        reason = self._run(stem.with_suffix(".json"), timeout_s)
        if output.is_file() and (
            fatal := _FATAL.search(output.read_text(encoding="utf-8", errors="replace"))
        ):
            reason = fatal.group(0)[:200]
        return read_lines(out), out.with_name(f"{out.name}.trial"), reason

    def _run(self, job: Path, timeout_s: float) -> str:
        root = self.side.root
        words: list[str | Path] = [
            self.side.programs[self.folder],
            "-test.run=^TestAskProfilerCalls$",
            "-test.count=1",
        ]
        try:
            done = self.runner.run(
                ["/bin/sh", "-c", CHANGE_FOLDER, "sh", root / self.folder, *words],
                cwd=self.side.scratch,
                env={
                    **self.go.environment, "GOMAXPROCS": str(self.processors), "ASK_PROFILER_JOB": str(job),
                },
                access=Access(readable=(self.go.root, root), writable=(self.side.scratch,)),
                limits=Limits(timeout_s=timeout_s, memory_bytes=MEMORY_BYTES, processes=256),
                check=False,
                program=f"calls of {self.folder}",
            )  # fmt: skip
        except Cancelled:
            raise
        except LimitExceeded as error:
            return f"used too much {error.limit}"
        except ToolError as error:
            return str(error)
        return f"exit code {done.exit_code}"


def _take(lines: Sequence[Mapping[str, object]], found: Generated) -> None:
    for line in lines:
        name, why, shape = line.get("f"), line.get("cannot"), line.get("shape")
        if isinstance(name, str) and isinstance(why, str):
            found.cannot[name] = why
        elif isinstance(name, str) and isinstance(shape, str):
            found.shapes[name] = shape
        elif "died" not in line and (call := call_of(dict(line), "generated")) is not None:
            found.calls.append(call)


def _tried(trial: Path) -> Call | None:
    """The call that ended its process without a word."""
    if not trial.is_file():
        return None
    function, _, rest = trial.read_bytes().partition(b"\n")
    length, _, content = rest.partition(b"\n")
    if not length.isdigit():
        return None
    return Call(function=function.decode(), arguments=content[: int(length)], origin="generated")
