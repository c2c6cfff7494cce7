"""Building a Go copy: one test binary for each package that has tests, or a command's binary."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tools.errors import ProgramFailed
from tools.go.concurrency import is_sequential
from tools.go.packages import GoPackage, list_packages
from tools.go.program import GoProgram
from tools.measure.toolchain import Build
from tools.measure.workload import Workload
from tools.run.process import Runner

BINARIES = ".ask-profiler"


def compile_tests(
    runner: Runner, go: GoProgram, root: Path, packages: Sequence[GoPackage], *, race: bool = False
) -> dict[str, Path]:
    """Test binaries by package folder. Raises: ProgramFailed with the compiler's words.

    Without vet: what a newer Go's vet thinks of old code is no reason not to measure it.
    """
    out = root / BINARIES / ("race" if race else "bin")
    out.mkdir(parents=True, exist_ok=True)
    options = ["-vet=off", *(["-race"] if race else [])]
    tested = [p for p in packages if p.has_tests]
    names = [_binary_name(p) for p in tested]
    if tested and len(set(names)) == len(names):
        # One command for all: the go command builds packages in parallel.
        go.run(runner, ["test", "-c", *options, "-o", f"{out}/", *(p.import_path for p in tested)],
               cwd=root, root=root)  # fmt: skip
        return {p.folder: out / name for p, name in zip(tested, names, strict=True)}
    found = {}
    for n, package in enumerate(tested):
        found[package.folder] = out / f"{n}.test"
        go.run(runner, ["test", "-c", *options, "-o", str(found[package.folder]), package.import_path],
               cwd=root, root=root)  # fmt: skip
    return found


def _binary_name(package: GoPackage) -> str:
    base = package.import_path.rsplit("/", 1)[-1]
    if base[:1] == "v" and base[1:].isdigit() and "/" in package.import_path:
        base = package.import_path.rsplit("/", 2)[-2]
    return f"{base}.test"


def compile_command(runner: Runner, go: GoProgram, root: Path, package: str) -> Path:
    """The binary of a main package. Raises: ProgramFailed with the compiler's words."""
    out = root / BINARIES / "bin" / "command"
    out.parent.mkdir(parents=True, exist_ok=True)
    go.run(runner, ["build", "-o", str(out), package], cwd=root, root=root)
    return out


def compile_workload(runner: Runner, go: GoProgram, root: Path, workload: Workload) -> Build:
    """Everything the workload runs. Raises: ProgramFailed with the compiler's words."""
    go.download_modules(runner, root)
    spent = runner.seconds_spent
    processors: int | None = None
    if workload.kind == "command":
        programs = {"command": compile_command(runner, go, root, workload.command[0])}
    else:
        folders = {b.selector[0] for b in workload.benchmarks}
        everything = list_packages(runner, go, root)
        packages = [p for p in everything if p.folder in folders]
        processors = 1 if workload.kind == "benchmarks" and is_sequential(root, everything) else None
        missing = folders - {p.folder for p in packages}
        if missing:
            raise ProgramFailed(f"the package {sorted(missing)[0]} isn't there any more", exit_code=1)
        programs = compile_tests(runner, go, root, packages)
    return Build(root=root, programs=programs, duration_s=runner.seconds_spent - spent, processors=processors)
