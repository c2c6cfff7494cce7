"""CPU profiles of Python by py-spy: from outside, child processes included, no change to the program."""

from __future__ import annotations

import re
import shutil
import sys
from dataclasses import dataclass, replace
from pathlib import Path

from tools.errors import ProgramFailed, ToolError, UnreadableOutput
from tools.measure.toolchain import Build, Capture, ProfileView
from tools.measure.workload import Benchmark, Workload, profiled_benchmarks
from tools.profiles.bursts import RUN
from tools.profiles.collapsed import read_collapsed
from tools.profiles.combine import combine
from tools.profiles.pprof import write_pprof
from tools.profiles.profile import Profile
from tools.python.interpreter import SCRATCH, Interpreter
from tools.python.qualifying import with_qualified_names
from tools.python.running import clean_scratch, process_of, run
from tools.run.process import Limits, Runner
from tools.run.reading import read_text
from tools.run.removing import remove_tree

NAME = "py-spy"
RATE_HZ = 400
NO_FRAME = "(no Python frame)"
_WITHOUT_STACK = re.compile(r"^[ \t]*(\d+)[ \t]*$", re.MULTILINE)
PERIOD_NS = 1_000_000_000 // RATE_HZ
MAX_REPEATS = 20
OUTPUT_BYTES = 256 * 1024**2
LIMITS = Limits(timeout_s=120.0, memory_bytes=8 * 1024**3, processes=512)
NOT_PERMITTED = (
    "permission denied",
    "operation not permitted",
    "eperm",
)  # "Permission Denied" is py-spy's own
SUBPROCESSES = "--subprocesses"
SAW_NOTHING = "No python processes found"
LASTING = "import time; time.sleep(1)"
PTRACE_REMEDY = (
    "py-spy may not trace here: allow ptrace (sysctl kernel.yama.ptrace_scope=0, or the container's "
    "SYS_PTRACE capability), or try --sandbox none"
)


@dataclass(frozen=True, slots=True)
class PySpy:
    """py-spy over the workload."""

    runner: Runner
    interpreter: Interpreter
    name: str = NAME
    view: ProfileView = "cpu"

    def unavailable(self) -> str | None:
        """Why it can't run: not installed, or the kernel forbids tracing."""
        if find_py_spy() is None:
            return "py-spy is not installed: pip install py-spy in ask-profiler's environment"
        scope = Path("/proc/sys/kernel/yama/ptrace_scope")
        if scope.is_file() and scope.read_text().strip() == "3":
            return f"kernel.yama.ptrace_scope is 3: {PTRACE_REMEDY}"
        return None

    def capture(self, build: Build, workload: Workload, *, seconds: float, out: Path) -> Capture:
        """Sample the largest inputs; short programs are run again until `seconds` are covered. Raises: ToolError."""
        program = find_py_spy()
        if program is None:
            raise ToolError(self.unavailable() or "py-spy is not installed")
        out.mkdir(parents=True, exist_ok=True)
        scratch = clean_scratch(build.root, NAME)
        spent = self.runner.seconds_spent
        watched = profiled_benchmarks(workload)
        parts: list[Profile] = []
        argv: tuple[str, ...] = ()
        for benchmark in watched:
            found, argv = self._watch(program, build.root, scratch, benchmark, seconds / len(watched))
            parts += [
                replace(p, labels={**p.labels, RUN: (str(n),) * p.samples}) for n, p in enumerate(found, 1)
            ]
        if not parts:
            raise UnreadableOutput("py-spy saw no sample: the workload is too short to profile")
        # The copy stays as it was.
        profile = with_qualified_names(combine(parts), loaded_ns=0, folder=build.root)
        path = out / "py-spy.pb.gz"
        write_pprof(profile, path)
        remove_tree(str(scratch))
        few = profile.total("samples") < 50
        return Capture(
            profiler=self.name,
            view=self.view,
            value="cpu",
            profile=profile,
            profile_path=path,
            argv=argv,
            tool_version=self._version(program),
            exit_code=0,
            duration_s=self.runner.seconds_spent - spent,
            quantities={
                "total_cpu": (profile.total("cpu") / 1e9, "s"),
                "stack_samples": (float(profile.total("samples")), "count"),
            },
            warnings=("few samples: the shares are rough",) if few else (),
        )

    def _watch(
        self, program: Path, root: Path, scratch: Path, benchmark: Benchmark, seconds: float
    ) -> tuple[list[Profile], tuple[str, ...]]:
        process = process_of(self.interpreter, root, benchmark)
        env = dict(process.environment)
        if process.iterates:
            env["ASK_PROFILER_SECONDS"] = f"{seconds:.3f}"
        parts: list[Profile] = []
        covered = 0.0
        while covered < seconds and len(parts) < MAX_REPEATS:
            target = scratch / f"{len(parts)}.txt"
            words = (
                str(program), "record", "--format", "raw", "--full-filenames", SUBPROCESSES, "--rate", str(RATE_HZ),
                "--output", str(target), "--", *process.argv,
            )  # fmt: skip
            covered += self._record(words, root, env, benchmark, program)
            parts.append(
                read_collapsed(
                    with_named_stacks(read_text(root, target, limit_bytes=OUTPUT_BYTES) or ""),
                    period_ns=PERIOD_NS,
                )
            )
            if process.iterates:
                break
        shown = tuple(w.removeprefix(f"{root}/") for w in words)
        return [p for p in parts if p.samples], ("py-spy", *shown[1:])

    def _record(
        self, words: tuple[str, ...], root: Path, env: dict[str, str], benchmark: Benchmark, program: Path
    ) -> float:
        name = f"py-spy on {benchmark.name}"
        try:
            return self._run(words, root, env, name, program)
        except ProgramFailed as error:
            if SAW_NOTHING not in error.stderr_tail:
                raise
        # With --subprocesses py-spy says so of a process that it may not look into as of one that ended too soon.
        # Without, it gives its reason (asked about a process that lasts), and sees even a very short one.
        lasting = (*words[: words.index("--")], "--", str(self.interpreter.path), "-c", LASTING)
        self._run(_alone(lasting), root, env, name, program)
        try:
            return self._run(_alone(words), root, env, name, program)
        except ProgramFailed as error:
            raise UnreadableOutput(
                f"{benchmark.name} ended before py-spy could look into it: give it more to do, by --cmd or --sizes"
            ) from error

    def _run(
        self, words: tuple[str, ...], root: Path, env: dict[str, str], name: str, program: Path
    ) -> float:
        try:
            done = run(
                self.runner,
                self.interpreter,
                root,
                words,
                env,
                name,
                limits=LIMITS,
                readable=(program,),
                kept=(root / SCRATCH / NAME,),
            )
        except ProgramFailed as error:
            if any(words in error.stderr_tail.lower() for words in NOT_PERMITTED):
                raise ToolError(PTRACE_REMEDY) from error
            raise
        return done.duration_s

    def _version(self, program: Path) -> str:
        done = self.runner.run([program, "--version"], cwd=Path("/"), confined=False, check=False)
        return done.stdout.strip()


def find_py_spy() -> Path | None:
    """py-spy of this program's environment, else on PATH."""
    beside = Path(sys.prefix) / "bin" / "py-spy"
    if beside.is_file():
        return beside
    found = shutil.which("py-spy")
    return Path(found) if found else None


def _alone(words: tuple[str, ...]) -> tuple[str, ...]:
    """The words that record one process and not its children."""
    return tuple(word for word in words if word != SUBPROCESSES)


def with_named_stacks(text: str) -> str:
    """py-spy's raw output with a frame where it saw none.

    A process that is seen while it starts or ends may have no Python frame yet: py-spy 0.4.3 writes a count alone then,
    after an empty stack. Such samples are time that was watched, and count.
    """
    return _WITHOUT_STACK.sub(rf"{NO_FRAME} \1", text)
