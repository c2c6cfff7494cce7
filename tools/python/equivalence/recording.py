"""Recording calls of chosen functions while the target's benchmarks and tests run on the old code."""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tools.errors import Cancelled, ProgramMissing, ProgramTimedOut, ToolError, UnreadableOutput
from tools.measure.workload import Benchmark, Workload, family_of
from tools.python.equivalence.calls import Call, read_lines, text_of
from tools.python.equivalence.changes import Place
from tools.python.equivalence.graphs import read_graph
from tools.python.interpreter import Interpreter
from tools.python.running import INSIDE, Process, process_of
from tools.python.testing import test_command, test_files
from tools.run.process import Limits, Runner
from tools.run.reading import fresh_folder
from tools.run.sandbox import Access

RECORDER = INSIDE / "recording"
OLDEST = (3, 8)
CALLS = 40
"""Calls of one function that one process keeps."""
CALLER_CALLS = 10
CALLS_IN_ALL = 60
CALL_BYTES = 512 * 1024
PROCESS_BYTES = 12 * 1024**2
PROCESSES = 64
"""Of how many processes of a benchmark the recordings are read."""
GRAPH_NODES = 4000
BENCHMARK_SHARE = 0.6
"""Of the recording's time, for benchmarks; the rest is for tests."""
SHORTEST_S = 0.75
LONGER_S = 20.0
"""For a process that was ended too early, where nothing was recorded: on a busy host starting takes that long."""
LIMITS = Limits(memory_bytes=4 * 1024**3, processes=512, file_bytes=1024**3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A function to record; `reserve` ones only count where another one can't be called."""

    place: Place
    reserve: bool


@dataclass(slots=True)
class Recording:
    """Calls by function, at most `CALLS_IN_ALL` each; why arguments could not be kept; what each benchmark reached.

    `paths` are folders of the copy that were on the import path.
    """

    calls: dict[Place, list[Call]] = field(default_factory=dict)
    unkept: dict[Place, str] = field(default_factory=dict)
    reached: dict[str, bool] = field(default_factory=dict)
    paths: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Recorder:
    """Runs processes on the copy at `root` and reads what they recorded into `out`."""

    runner: Runner
    interpreter: Interpreter
    root: Path
    out: Path
    subjects: Sequence[Subject]
    modules: Sequence[str]
    found: Recording = field(default_factory=Recording)
    _number: int = 0
    _cut_off: list[tuple[Process, Benchmark | None]] = field(default_factory=list)

    def record(self, workload: Workload, seconds: float) -> Recording:
        """Run benchmarks, smallest first, then tests, for about so long. Raises: Cancelled."""
        if not is_new_enough(self.interpreter):
            self.found.warnings.append(f"calls can't be recorded in Python {self.interpreter.version}")
            return self.found
        began = time.monotonic()
        spare = self._benchmarks(_smallest_first(workload), seconds * BENCHMARK_SHARE)
        if workload.kind != "tests":
            self._tests(max(seconds - (time.monotonic() - began), SHORTEST_S))
        left = seconds - (time.monotonic() - began)
        if left > SHORTEST_S:
            self._benchmarks(spare, left)
        self._once_more()
        self._spread()
        return self.found

    def _once_more(self) -> None:
        """Give more time to what was ended too early, until something was recorded; the tests first."""
        for process, benchmark in sorted(self._cut_off, key=lambda cut: cut[1] is not None)[:2]:
            if not any(s.place in self.found.calls or s.place in self.found.unkept for s in self.subjects):
                self._run(process, benchmark, LONGER_S)

    def _benchmarks(self, benchmarks: Sequence[Benchmark], seconds: float) -> list[Benchmark]:
        """Those for which the time was too short."""
        until = time.monotonic() + seconds
        for number, benchmark in enumerate(benchmarks):
            left = until - time.monotonic()
            if number and left < SHORTEST_S:
                return list(benchmarks[number:])
            try:
                process = process_of(self.interpreter, self.root, benchmark)
            except ToolError as error:
                self.found.warnings.append(f"{benchmark.name} wasn't recorded: {error}")
                continue
            self._run(process, benchmark, max(left, SHORTEST_S))
        return []

    def _tests(self, seconds: float) -> None:
        try:
            words = test_command(self.interpreter, self.root)
        except ToolError:
            return
        if words is None:
            return
        with_pytest = "pytest" in words
        argv = (str(self.interpreter.path), *words[1:], *(self._test_order() if with_pytest else ()))
        environment = self.interpreter.environment(self.root, (INSIDE,))
        self._run(Process(argv=argv, environment=environment, iterates=False), None, seconds)

    def _test_order(self) -> list[str]:
        """The test files that name what changed, most often first; nothing when none does."""
        words = {s.place.name for s in self.subjects} | {Path(s.place.file).stem for s in self.subjects}
        wanted = re.compile(rf"\b({'|'.join(map(re.escape, sorted(words)))})\b")
        found = {
            f: len(wanted.findall(f.read_text("utf-8", errors="replace"))) for f in test_files(self.root)
        }
        ordered = sorted((f for f in found if found[f]), key=lambda f: -found[f])
        return [f.relative_to(self.root).as_posix() for f in ordered]

    def _run(self, process: Process, benchmark: Benchmark | None, seconds: float) -> None:
        """One recorded process; that it fails or is ended is no matter, but for what it didn't reach."""
        self._number += 1
        folder = fresh_folder(self.out, f"{self._number:03}")
        specification = self.out / f"{self._number:03}.json"
        specification.write_text(json.dumps(self._specification(folder)), encoding="utf-8")
        environment = {
            **process.environment,
            "PYTHONPATH": f"{RECORDER}:{process.environment['PYTHONPATH']}",
            "ASK_PROFILER_RECORD": str(specification),
        }
        ended_well = False
        try:
            done = self.runner.run(
                process.argv,
                cwd=self.root,
                env=environment,
                access=Access(
                    readable=(*self.interpreter.readable, INSIDE, specification),
                    writable=(folder,),
                    forgotten=(self.root,),
                ),
                limits=Limits(
                    timeout_s=seconds,
                    memory_bytes=LIMITS.memory_bytes,
                    processes=LIMITS.processes,
                    file_bytes=LIMITS.file_bytes,
                ),
                check=False,
                program="recording calls",
            )
            ended_well = done.exit_code == 0
        except (Cancelled, ProgramMissing):
            raise
        except ProgramTimedOut:
            self._cut_off.append((process, benchmark))  # what it recorded until then counts
        except ToolError:
            pass
        self._read(folder, benchmark, ended_well)

    def _specification(self, folder: Path) -> dict[str, object]:
        functions = [
            {
                "id": number,
                "file": str((self.root / s.place.file).resolve()),
                "name": s.place.name,
                "lines": s.place.lines,
                "reserve": s.reserve,
                "calls": CALLER_CALLS if s.reserve else CALLS,
            }
            for number, s in enumerate(self.subjects)
        ]
        return {
            "root": str(self.root),
            "functions": functions,
            "modules": [str((self.root / m).resolve()) for m in self.modules],
            "out": str(folder),
            "call_bytes": CALL_BYTES,
            "process_bytes": PROCESS_BYTES,
            "nodes": GRAPH_NODES,
        }

    def _read(self, folder: Path, benchmark: Benchmark | None, ended_well: bool) -> None:
        started = finished = 0
        reached = False
        for path in sorted(folder.glob("*.jsonl"))[:PROCESSES]:
            try:
                lines = read_lines(folder, path)
            except UnreadableOutput as error:
                self.found.warnings.append(str(error))
                continue
            started += 1
            reached |= any("reached" in line for line in lines)
            ends = [line for line in lines if "finished" in line]
            finished += any(line.get("whole") is True and line.get("spawned") is False for line in ends)
            self._take(lines)
        whole = ended_well and started == finished > 0
        if benchmark is not None and (reached or whole):
            self.found.reached[benchmark.name] = reached

    def _take(self, lines: list[dict[str, object]]) -> None:
        ends = {line["end"]: line for line in lines if isinstance(line.get("end"), int)}
        for line in lines:
            paths = line.get("path")
            if isinstance(paths, list):
                self.found.paths += [p for p in map(str, paths) if p not in self.found.paths]
            number = line.get("unpicklable", line.get("function"))
            if not isinstance(number, int) or not 0 <= number < len(self.subjects):
                continue
            place = self.subjects[number].place
            if "unpicklable" in line:
                words = f"`{text_of(line, 'argument')}` is {text_of(line, 'what')}"
                self.found.unkept.setdefault(place, words)
            else:
                self._keep(place, line, ends.get(line.get("call"), {}))

    def _keep(self, place: Place, line: dict[str, object], end: dict[str, object]) -> None:
        main, names, keywords = line.get("main"), line.get("names"), line.get("keywords")
        if not isinstance(names, list) or not isinstance(keywords, list):
            return
        try:
            graph = read_graph(line.get("graph"))
        except UnreadableOutput:
            graph = None
        self.found.calls.setdefault(place, []).append(
            Call(
                number=0,
                place=place,
                module=text_of(line, "module"),
                main=(str(main[0]), str(main[1])) if isinstance(main, list) and len(main) == 2 else None,
                line=int(str(line.get("line", 0))),
                names=(*map(str, names), *map(str, keywords)),
                pickled=text_of(line, "pickle"),
                graph=graph,
                ended="raised" if "raised" in end else "returned" if "returned" in end else "",
                raised=text_of(end, "raised"),
                digest=text_of(end, "returned"),
            )
        )

    def _spread(self) -> None:
        """Of each function's calls, without repeats, as many as are replayed: some from every process."""
        for place, calls in self.found.calls.items():
            different = list({c.pickled: c for c in calls}.values())
            step = max(1.0, len(different) / CALLS_IN_ALL)
            kept = [different[int(n * step)] for n in range(min(len(different), CALLS_IN_ALL))]
            self.found.calls[place] = kept


def _smallest_first(workload: Workload) -> list[Benchmark]:
    """The smallest of each family, then the others by size."""
    ordered = sorted(workload.benchmarks, key=lambda b: b.size or 0)
    first = list({family_of(b): b for b in reversed(ordered)}.values())[::-1]
    return [*first, *(b for b in ordered if b not in first)]


def is_new_enough(interpreter: Interpreter) -> bool:
    """Whether the recorder and the replay run in it."""
    parts = re.findall(r"\d+", interpreter.version)[:2]
    return tuple(map(int, parts)) >= OLDEST and sys.platform == "linux"
