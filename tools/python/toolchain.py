"""Python as a toolchain: compile, test, sample and profile a copy of a target on the target's own interpreter."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from tools.errors import ProgramFailed, UnreadableOutput
from tools.measure.toolchain import Build, Profiler, TestOutcome
from tools.measure.workload import Benchmark, Sample, Workload
from tools.python.concurrency import is_sequential
from tools.python.growing import TracemallocGrowth
from tools.python.interpreter import SCRATCH, Interpreter
from tools.python.remembering import Memray
from tools.python.running import sample
from tools.python.spying import PySpy
from tools.python.testing import run_tests
from tools.run.process import Limits, Runner
from tools.run.reading import fresh_folder, parse_json, read_json, shown_name

COMPILE_LIMITS = Limits(timeout_s=120.0, memory_bytes=4 * 1024**3)
TOLERATED = "tolerated"
_COMPILE = """
import json, os, py_compile, sys
broken = {}
for folder, folders, files in os.walk("."):
    folders[:] = [f for f in folders if not f.startswith(".") and f not in ("__pycache__", "node_modules")]
    for name in files:
        if name.endswith(".py"):
            path = os.path.join(folder, name)
            try:
                py_compile.compile(path, doraise=True)
            except (py_compile.PyCompileError, OSError, ValueError) as error:
                broken[os.path.relpath(path)] = str(error)
json.dump(broken, sys.stdout)
"""


@dataclass(frozen=True, slots=True)
class PythonToolchain:
    """Python targets on one interpreter."""

    runner: Runner
    interpreter: Interpreter

    @property
    def version(self) -> str:
        """Such as `CPython 3.11.9`."""
        name = {"cpython": "CPython", "pypy": "PyPy"}.get(
            self.interpreter.implementation, self.interpreter.implementation
        )
        return f"{name} {self.interpreter.version}"

    @property
    def profilers(self) -> tuple[Profiler, ...]:
        """py-spy for CPU, memray for memory, tracemalloc for memory that goes on being kept."""
        return (
            PySpy(self.runner, self.interpreter),
            Memray(self.runner, self.interpreter),
            TracemallocGrowth(self.runner, self.interpreter),
        )

    def build(self, root: Path, workload: Workload) -> Build:
        """Compile every file to bytecode, so that no measured process has to.

        A file that was broken when the target was copied stays tolerated: nothing may ever import it.
        Raises: ProgramFailed naming the file that doesn't compile.
        """
        # Isolated, so that no sitecustomize and no module of the target's runs here: this process may write its copy.
        words = [str(self.interpreter.path), "-I", "-S", "-c", _COMPILE]
        done = self.runner.run(
            words,
            cwd=root,
            env=self.interpreter.environment(root),
            access=self.interpreter.access(root),
            limits=COMPILE_LIMITS,
            program="compiling to bytecode",
        )
        broken = _broken(done.stdout)
        before = read_json(root, root / SCRATCH / TOLERATED / "files.json")
        if isinstance(before, list):
            for name, words_of_it in broken.items():
                if name not in before:
                    raise ProgramFailed(
                        f"{name} doesn't compile: {words_of_it.strip()}", exit_code=1, stderr_tail=words_of_it
                    )
        else:
            folder = fresh_folder(root, SCRATCH, TOLERATED)
            half = folder / "half"  # a full disk must not leave a half of it for when the run is resumed
            half.write_text(json.dumps(sorted(broken)), encoding="utf-8")
            half.replace(folder / "files.json")
        return Build(
            root=root,
            programs={"python": self.interpreter.path},
            duration_s=done.duration_s,
            argv=("python", "-m", "py_compile", "…"),
            processors=1 if is_sequential(root) else None,
        )

    def test(self, root: Path) -> TestOutcome:
        """Run the target's own tests. Raises: ToolError."""
        return run_tests(self.runner, self.interpreter, root)

    def sample(self, build: Build, benchmark: Benchmark, iterations: int) -> Sample:
        """One fresh process. Raises: ToolError."""
        return sample(self.runner, self.interpreter, build.root, benchmark, iterations, build.cpus)


def _broken(answer: str) -> dict[str, str]:
    """The files that don't compile and why, as the target's interpreter says. Raises: UnreadableOutput."""
    found = parse_json(answer, "what the interpreter says of compiling")
    if not isinstance(found, dict) or not all(isinstance(why, str) for why in found.values()):
        raise UnreadableOutput("the interpreter says something else than which files don't compile")
    return {shown_name(name): shown_name(why) for name, why in found.items()}
