"""Running a Go target's own tests: built by the go command, run as plain binaries in the sandbox."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from tools.errors import LimitExceeded, ProgramTimedOut
from tools.go.compiling import compile_tests
from tools.go.packages import list_packages
from tools.go.program import GoProgram
from tools.measure.toolchain import TestOutcome
from tools.run.process import Completed, Limits, Runner

RESULT = re.compile(r"^--- (PASS|FAIL|SKIP): (\S+)", re.MULTILINE)
TEST_LIMITS = Limits(timeout_s=120.0, memory_bytes=4 * 1024**3, processes=512)


@dataclass(frozen=True, slots=True, kw_only=True)
class _PackageRun:
    folder: str
    ran: int
    failed: tuple[str, ...]
    tail: str


def run_tests(runner: Runner, go: GoProgram, root: Path, *, race: bool = False) -> TestOutcome:
    """Run every package's tests. A package that can't be compiled or is ended at a limit counts as failed.

    Raises: ToolError when the go command could not do its work; ProgramFailed when tests don't compile.
    """
    spent = runner.seconds_spent
    packages = list_packages(runner, go, root)
    binaries = compile_tests(runner, go, root, packages, race=race)
    runs = [_run_package(runner, go, root, folder, binary) for folder, binary in binaries.items()]
    failed = tuple(name for run in runs for name in run.failed)
    return TestOutcome(
        passed=not failed,
        ran=sum(run.ran for run in runs),
        failed=failed,
        output_tail="\n".join(run.tail for run in runs if run.failed)[-4000:],
        duration_s=runner.seconds_spent - spent,
        argv=("go", "test", *(["-race"] if race else []), "./..."),
        exit_code=1 if failed else 0,
    )


def _run_package(runner: Runner, go: GoProgram, root: Path, folder: str, binary: Path) -> _PackageRun:
    try:
        done = runner.run(
            [binary, "-test.v", "-test.count=1", f"-test.timeout={TEST_LIMITS.timeout_s:.0f}s"],
            cwd=root / folder,
            env=go.environment,
            access=go.access(root, binary, kept=()),
            limits=TEST_LIMITS,
            check=False,
            program=f"tests of {folder}",
        )
    except (ProgramTimedOut, LimitExceeded) as error:
        return _PackageRun(folder=folder, ran=1, failed=(f"{folder} ({error})",), tail=str(error))
    return _read(folder, done)


def _read(folder: str, done: Completed) -> _PackageRun:
    results = RESULT.findall(done.stdout)
    prefix = "" if folder == "." else f"{folder}: "
    failed = [f"{prefix}{name}" for status, name in results if status == "FAIL"]
    if done.exit_code != 0 and not failed:
        # A panic or os.Exit ends the binary without naming a test.
        failed = [f"{prefix}ended with exit code {done.exit_code}"]
    ran = sum(status != "SKIP" for status, _ in results)
    return _PackageRun(folder=folder, ran=ran, failed=tuple(failed), tail=(done.stdout + done.stderr)[-3000:])
