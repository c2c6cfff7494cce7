"""Tests that the agent writes before it changes code: they hold what the code does now, and are frozen from then on."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from agent.deps import Deps
from agent.errors import BadRequest
from agent.evidence import Evidence, Quantity
from agent.nodes.gates import Refused, build_gate, tests_gate
from agent.nodes.values import guard_gate
from agent.request import Plan, Request
from agent.store import write_atomically
from agent.workspace import clone, is_build_file, is_frozen

WRITTEN = "a test that the agent wrote: "
"""How the title of the evidence of such a test begins; its file's name follows."""
WRITTEN_BENCHMARK = "a benchmark that the agent wrote: "
LARGEST_BYTES = 100_000
_GO_BENCHMARK = re.compile(r"^func\s+(?:Benchmark|Fuzz)\w*\s*\(", re.MULTILINE)
_GO_TAMPERING = re.compile(
    r"^\s*func\s+(?:TestMain|init)\s*\(|^\s*//go:|^//\s*\+build|\bimport\s+\"C\"|\"unsafe\"",
    re.MULTILINE,
)
_GO_TEST = re.compile(r"^func\s+Test\w*\s*\(", re.MULTILINE)


@dataclass(slots=True, kw_only=True)
class WrittenTests:
    """Adds test files to every copy of one run."""

    deps: Deps
    plan: Plan

    def add(self, file: str, content: str) -> Evidence:
        """Add a test file that the code passes as it is; the evidence of that run.

        Raises: BadRequest saying why it can't be one: not a new test file, tampering with what is measured, failing, or
        testing nothing; Cancelled, ToolError, StorageFailed.
        """
        name = self._name(file)
        self._check(name, content, is_benchmark=False)
        deps, base = self.deps, self.deps.workspace.baseline
        before = self._ran()
        clone(base, deps.workspace.candidate)
        trial = deps.workspace.candidate
        write_atomically(trial / name, content.encode())
        deps.builds.pop(trial, None)
        try:
            guard_gate(deps, self.plan, base, trial, (name,), name)
            tests = tests_gate(deps, self.plan, trial, name)
        except Refused as refused:
            raise BadRequest(f"{name} isn't taken: {refused.reason}: {refused.detail}") from refused
        ran = deps.evidence.index.get(tests).quantity("ran").value
        if ran <= before:
            raise BadRequest(
                f"{name} isn't taken: no test of it was run (there were {before:.0f} before, too)"
            )
        for copy in deps.workspace.copies():
            write_atomically(copy / name, content.encode())
            deps.builds.pop(copy, None)
        kept = deps.folder.write_text(f"written/{name}", content)
        return deps.evidence.add(
            "tests",
            f"{WRITTEN}{name}",
            self.plan.toolchain,
            artefacts=[kept],
            quantities=[Quantity(name="added", value=ran - before, unit="count")],
        )

    def add_benchmark(self, request: Request, file: str, content: str) -> Plan:
        """Add a benchmark file to the baseline; the plan that measures it.

        Raises: BadRequest saying why it can't be one: not a new file, tampering, failing, or holding no benchmark;
        Cancelled, ToolError, StorageFailed.
        """
        name = self._name(file)
        self._check(name, content, is_benchmark=True)
        deps, base = self.deps, self.deps.workspace.baseline
        before = deps.workspace.candidate
        clone(base, before)
        write_atomically(base / name, content.encode())
        try:
            guard_gate(deps, self.plan, before, base, (name,), name)
            plan = self._planned(request, name)
            build_gate(deps, plan, base, name)
            tests_gate(deps, plan, base, name)
        except BaseException as error:
            (base / name).unlink()
            deps.builds.pop(base, None)
            if isinstance(error, Refused):
                raise BadRequest(f"{name} isn't taken: {error.reason}: {error.detail}") from error
            raise
        kept = deps.folder.write_text(f"written/{name}", content)
        count = Quantity(name="added", value=float(len(plan.workload.benchmarks)), unit="count")
        deps.evidence.add(
            "tests", f"{WRITTEN_BENCHMARK}{name}", plan.toolchain, artefacts=[kept], quantities=[count]
        )
        return plan

    def _planned(self, request: Request, name: str) -> Plan:
        plan = self.deps.intake.plan(request, self.deps.workspace.baseline)
        if plan.workload.kind != "benchmarks":
            raise BadRequest(f"{name} isn't taken: no benchmark is found in it")
        return plan

    def _check(self, name: str, content: str, *, is_benchmark: bool) -> None:
        objection = next(_tampering(self.plan.language, content, is_benchmark=is_benchmark), None)
        if objection is not None:
            raise BadRequest(f"{name} isn't taken: {objection}")

    def _ran(self) -> float:
        """How many tests ran last on a copy whose tests passed."""
        runs = [e for e in self.deps.evidence.index.items if e.kind == "tests" and e.failure is None]
        return next((q.value for e in reversed(runs) for q in e.quantities if q.name == "ran"), 0.0)

    def _name(self, file: str) -> str:
        path = PurePosixPath(file)
        if path.is_absolute() or ".." in path.parts or "\0" in file or not path.parts:
            raise BadRequest(f"{file!r} isn't inside the target: give a path relative to its root")
        name = path.as_posix()
        wanted = "*_test.go" if self.plan.language == "go" else "test_*.py"
        if not path.match(wanted) or not is_frozen(name) or is_build_file(name):
            raise BadRequest(f"{name} is no test file: call it {wanted}, beside the tests there are")
        if (self.deps.workspace.baseline / name).exists():
            raise BadRequest(
                f"{name} is there already, and tests that are there aren't changed: take another name"
            )
        if any(_is_behind_link(copy, path) for copy in self.deps.workspace.copies()):
            raise BadRequest(f"{name} lies behind a link: put the test beside the tests there are")
        if not (self.deps.workspace.baseline / path.parent).is_dir():
            raise BadRequest(
                f"there is no folder {path.parent.as_posix()}: put the test beside the tests there are"
            )
        return name


def _is_behind_link(copy: Path, file: PurePosixPath) -> bool:
    """Whether a folder on the way to a file is a link: the target's code may have put it there, to anywhere."""
    return any((copy / folder).is_symlink() for folder in file.parents)


def _tampering(language: str, content: str, *, is_benchmark: bool) -> Iterator[str]:
    """What a test file may not hold: anything that acts by being there rather than by being run as a test."""
    if len(content.encode()) > LARGEST_BYTES:
        yield f"it holds more than {LARGEST_BYTES:,} bytes"
    if language == "go":
        found = _GO_TAMPERING.search(content)
        if found is not None:
            yield f"`{found[0].strip()}` acts on more than the tests in it"
        wanted, other = (_GO_BENCHMARK, None) if is_benchmark else (_GO_TEST, _GO_BENCHMARK)
        if other is not None and (found := other.search(content)):
            yield f"`{found[0].strip()}` is measured, too, and this file is for tests alone"
        if not wanted.search(content):
            yield f"it holds no {'Benchmark' if is_benchmark else 'Test'} function"
        return
    try:
        tree = ast.parse(content)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        yield f"it doesn't parse: {error}"
        return
    for statement in tree.body:
        if not isinstance(
            statement, ast.Import | ast.ImportFrom | ast.FunctionDef | ast.ClassDef | ast.Assign
        ):
            if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
                continue
            yield f"line {statement.lineno} runs when the file is read: put it into a test"
    for node in ast.walk(tree):
        name = getattr(node, "name", None) or getattr(node, "id", None)
        if isinstance(name, str) and (
            name.startswith("pytest_") or (name == "benchmark" and not is_benchmark)
        ):
            yield f"`{name}` acts on more than the tests in it"
        if isinstance(node, ast.keyword) and node.arg == "autouse":
            yield "a fixture that is used everywhere acts on more than the tests in it"


def written_tests(evidence: tuple[Evidence, ...]) -> tuple[str, ...]:
    """The names of the tests and benchmarks that the agent wrote in a run."""
    return tuple(
        e.title.removeprefix(begin)
        for e in evidence
        for begin in (WRITTEN, WRITTEN_BENCHMARK)
        if e.title.startswith(begin)
    )
