"""Running a Python target's own tests: pytest where the interpreter has it, else unittest."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path

from tools.errors import LimitExceeded, ProgramTimedOut, UnreadableOutput
from tools.measure.toolchain import TestOutcome
from tools.python.interpreter import Interpreter
from tools.python.running import INSIDE, clean_scratch, pytest_words
from tools.run.process import Completed, Limits, Runner
from tools.run.reading import read_written

TEST_LIMITS = Limits(timeout_s=120.0, memory_bytes=4 * 1024**3, processes=512)
NO_TESTS_COLLECTED = 5
_RAN = re.compile(r"^Ran (\d+) tests?", re.MULTILINE)
_FAILED = re.compile(r"^(?:FAIL|ERROR): (\S+(?: \([^)]*\))?)", re.MULTILINE)
_NOT_IMPORTED = re.compile(
    r"^ERROR: (\S+ \(unittest\.loader\._FailedTest[^)]*\))\n-+\n(.*?)\n\n(?=\n|=|-|\Z)",
    re.MULTILINE | re.DOTALL,
)
_UNITTEST = re.compile(r"\bunittest\b|\bTestCase\b")


def test_command(interpreter: Interpreter, root: Path) -> tuple[str, ...] | None:
    """The words that run the target's tests (`python` for its interpreter), None when it has none.

    Raises: UnreadableOutput when the tests need pytest and the interpreter doesn't have it.
    """
    files = test_files(root)
    if not files:
        return None
    if "pytest" in interpreter.modules:
        return ("python", *pytest_words(interpreter, [])[1:])
    if not any(_UNITTEST.search(f.read_text(encoding="utf-8", errors="replace")) for f in files):
        raise UnreadableOutput(
            f"the target's tests need pytest, which {interpreter.path} doesn't have: install it there, or give "
            "another interpreter with --python"
        )
    top = _unittest_start(root, files)
    return ("python", "-m", "unittest", "discover", *top)


def test_files(root: Path) -> list[Path]:
    """The files that hold tests, by name."""
    found = {*root.rglob("test_*.py"), *root.rglob("*_test.py"), *root.rglob("tests.py")}
    return sorted(p for p in found if p.is_file() and ".ask-profiler" not in p.parts)


def _unittest_start(root: Path, files: list[Path]) -> list[str]:
    """Where discovery starts: the top, unless the tests lie in one folder that isn't a package."""
    folders = {f.parent for f in files}
    if root in folders or any((f / "__init__.py").is_file() for f in folders):
        return ["-t", ".", "-s", "."]
    top = min(folders, key=lambda f: len(f.parts))
    return ["-s", top.relative_to(root).as_posix()]


def run_tests(runner: Runner, interpreter: Interpreter, root: Path) -> TestOutcome:
    """Run all tests of the copy; none at all contradict nothing. Raises: ToolError when they can't be run."""
    command = test_command(interpreter, root)
    if command is None:
        return TestOutcome(
            passed=True, ran=0, failed=(), output_tail="", duration_s=0.0, argv=(), exit_code=0
        )
    report = clean_scratch(root, "tests") / "junit.xml"
    with_pytest = "pytest" in command
    words = [str(interpreter.path), *command[1:], *([f"--junitxml={report}"] if with_pytest else [])]
    try:
        done = runner.run(
            words,
            cwd=root,
            env=interpreter.environment(root, (INSIDE,)),
            access=interpreter.forgetting_access(root, INSIDE, kept=(report.parent,)),
            limits=TEST_LIMITS,
            check=False,
            program="the target's tests",
        )
    except (ProgramTimedOut, LimitExceeded) as error:
        return TestOutcome(
            passed=False,
            ran=1,
            failed=(str(error),),
            output_tail=str(error),
            duration_s=0.0,
            argv=command,
            exit_code=-1,
        )
    ran, failed = _read_junit(root, report, done) if with_pytest else _read_unittest(done)
    return TestOutcome(
        passed=not failed,
        ran=ran,
        failed=failed,
        output_tail=(done.stdout + done.stderr)[-4000:],
        duration_s=done.duration_s,
        argv=command,
        exit_code=done.exit_code,
    )


def _read_unittest(done: Completed) -> tuple[int, tuple[str, ...]]:
    found = _RAN.findall(done.stderr)
    reasons = {name: _why_not_imported(text) for name, text in _NOT_IMPORTED.findall(done.stderr)}
    named = dict.fromkeys(_FAILED.findall(done.stderr))
    failed = tuple(f"{n.split()[0]} can't be imported ({reasons[n]})" if n in reasons else n for n in named)
    if done.exit_code == NO_TESTS_COLLECTED and not failed:
        return 0, ()
    if (done.exit_code != 0 or not found) and not failed:  # code under test may call os._exit(0)
        return 1, (f"unittest ended with exit code {done.exit_code}: {_last_line(done)}",)
    return (int(found[-1]) if found else len(failed)), failed


def _why_not_imported(text: str) -> str:
    """Where it ended and with what: the innermost place that its traceback names, and its last line."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    places = [line for line in lines if line.startswith('File "')]
    return ", ".join([*places[-1:], *lines[-1:]])


def _read_junit(root: Path, report: Path, done: Completed) -> tuple[int, tuple[str, ...]]:
    if done.exit_code == NO_TESTS_COLLECTED:
        return 0, ()
    ended = (f"pytest ended with exit code {done.exit_code}: {_last_line(done)}",)
    content = read_written(root, report)
    if content is None:
        return 1, ended
    try:
        cases = list(ET.fromstring(content).iter("testcase"))  # noqa: S314 - expat bounds what entities grow to
    except (ET.ParseError, RecursionError) as error:
        raise UnreadableOutput(f"pytest's report can't be read: {error}") from error
    failed = tuple(
        _name_of(case) for case in cases if case.find("failure") is not None or case.find("error") is not None
    )
    if done.exit_code != 0 and not failed:
        return 1, ended
    return sum(case.find("skipped") is None for case in cases), failed


def _name_of(case: ET.Element) -> str:
    """`class::test`; for a file that can't even be imported its name, and where and why."""
    error = case.find("error")
    if error is None or case.get("classname"):
        return f"{case.get('classname', '')}::{case.get('name', '')}"
    why = [line[1:].strip() for line in (error.text or "").splitlines() if line.startswith("E ")]
    reason = ", ".join(dict.fromkeys([*why[:1], *why[-1:]])) or error.get("message", "")
    return f"{case.get('name', '')} can't be imported ({reason})"


def _last_line(done: Completed) -> str:
    lines = [line for line in (done.stdout + "\n" + done.stderr).splitlines() if line.strip()]
    return lines[-1].strip()[:300] if lines else "it said nothing"
