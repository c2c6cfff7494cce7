"""What memory a Python workload goes on taking after its warm-up, by line: tracemalloc's difference.

memray's default mode doesn't see small objects grow, because Python keeps them in arenas that it asks for rarely. Here
each process is looked at after its warm-up and at its end, garbage collected first. The program runs several times
slower meanwhile, which doesn't change what is held.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tools.errors import ToolError, UnreadableOutput
from tools.measure.toolchain import Build, Capture, ProfileView
from tools.measure.workload import Benchmark, Workload, profiled_benchmarks
from tools.profiles.builder import ProfileBuilder
from tools.profiles.combine import combine
from tools.profiles.pprof import write_pprof
from tools.profiles.profile import Function, Profile, ValueType
from tools.python.interpreter import Interpreter
from tools.python.running import INSIDE, clean_scratch, process_of, run
from tools.run.process import Limits, Runner
from tools.run.reading import read_json
from tools.run.removing import remove_tree

NAME = "tracemalloc"
FOLDER = INSIDE / "growing"
LIMITS = Limits(timeout_s=300.0, memory_bytes=8 * 1024**3, processes=512)
VALUES = (ValueType(name="grown_objects", unit="count"), ValueType(name="grown_space", unit="bytes"))
MAX_BYTES = 2**62
TOO_SHORT = "a process ended before its warm-up was over: give it more to do, by --cmd or --sizes"


@dataclass(frozen=True, slots=True)
class TracemallocGrowth:
    """tracemalloc over the workload."""

    runner: Runner
    interpreter: Interpreter
    name: str = NAME
    view: ProfileView = "memory"

    def unavailable(self) -> str | None:
        """Why it can't run: only CPython has tracemalloc."""
        if self.interpreter.implementation == "cpython":
            return None
        return f"{self.interpreter.implementation} has no tracemalloc: use a CPython for this capture"

    def capture(self, build: Build, workload: Workload, *, seconds: float, out: Path) -> Capture:
        """Run the largest inputs once, or for `seconds` where they repeat. Raises: ToolError."""
        reason = self.unavailable()
        if reason is not None:
            raise ToolError(reason)
        spent = self.runner.seconds_spent
        watched = profiled_benchmarks(workload)
        scratch = clean_scratch(build.root, NAME)
        argv: tuple[str, ...] = ()
        for benchmark in watched:
            argv = self._run(build.root, scratch, benchmark, seconds / len(watched))
        parts = [_read(build.root, path) for path in sorted(scratch.glob("*.json"))]
        remove_tree(str(scratch))
        if not any(seconds_between for _, seconds_between in parts):
            raise UnreadableOutput(TOO_SHORT)
        profile = combine([part for part, _ in parts])
        out.mkdir(parents=True, exist_ok=True)
        path = out / f"{NAME}.pb.gz"
        write_pprof(profile, path)
        watched_s = sum(between for _, between in parts)
        return Capture(
            profiler=self.name,
            view=self.view,
            value="grown_space",
            profile=profile,
            profile_path=path,
            argv=argv,
            tool_version=f"tracemalloc of Python {self.interpreter.version}",
            exit_code=0,
            duration_s=self.runner.seconds_spent - spent,
            quantities={
                "grown_space": (float(profile.total("grown_space")), "B"),
                "growth": (profile.total("grown_space") / watched_s, "B/s"),
                "watched": (watched_s, "s"),
                "processes": (float(len(parts)), "count"),
            },
            warnings=(TOO_SHORT,) if any(not between for _, between in parts) else (),
        )

    def _run(self, root: Path, scratch: Path, benchmark: Benchmark, seconds: float) -> tuple[str, ...]:
        process = process_of(self.interpreter, root, benchmark)
        env = {**process.environment, "ASK_PROFILER_GROWTH": str(scratch)}
        env["PYTHONPATH"] = f"{FOLDER}:{process.environment['PYTHONPATH']}"
        if process.iterates:
            env["ASK_PROFILER_SECONDS"] = f"{seconds:.3f}"
        name = f"tracemalloc on {benchmark.name}"
        run(
            self.runner, self.interpreter, root, process.argv, env, name, limits=LIMITS, readable=(FOLDER,),
            kept=(scratch,),
        )  # fmt: skip
        return process.argv


def _read(root: Path, path: Path) -> tuple[Profile, float]:
    """What a process wrote, and the seconds between its looks; 0 when it ended before its warm-up was over."""
    found = read_json(root, path)
    builder = ProfileBuilder(VALUES)
    match found:
        case {"seconds": int() | float() as seconds, "grown": list() as rows}:
            for row in rows:
                match row:
                    case [int() as size, int() as count, list() as frames] if 0 <= size < MAX_BYTES:
                        builder.add(
                            [_frame(path, frame) for frame in frames], [max(0, min(count, MAX_BYTES)), size]
                        )
                    case _:
                        raise _unreadable(path)
            return builder.build(default_value="grown_space"), max(0.0, float(seconds))
    raise _unreadable(path)


def _frame(path: Path, frame: object) -> tuple[Function, int]:
    """A line of a file; tracemalloc doesn't know functions."""
    match frame:
        case [str() as file, int() as line]:
            return Function(name=f"{Path(file).name}:{line}", file=file), line
    raise _unreadable(path)


def _unreadable(path: Path) -> UnreadableOutput:
    return UnreadableOutput(
        f"{path.name}: not the growth of memory that was asked for; the target's code wrote it"
    )
