"""From a request to a plan on this host: interpreter or toolchain, workload, profilers, focus, what is missing."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from agent.errors import BadRequest
from agent.request import Missing, Plan, Request, View
from agent.settings import VerifySettings
from agent.targets import Place, locate
from tools.errors import NoWorkload
from tools.go.choosing import LOCKS, chosen_profilers
from tools.go.concurrency import NOTE, is_sequential
from tools.go.packages import list_packages
from tools.go.program import GoProgram, find_go
from tools.go.toolchain import GoToolchain
from tools.go.verifier import GoVerifier
from tools.go.workload import choose_workload as choose_go_workload
from tools.measure.benchstat import find_benchstat
from tools.measure.toolchain import Profiler, Toolchain
from tools.measure.verifier import Verifier
from tools.measure.workload import Workload
from tools.python.concurrency import NOTE as PYTHON_NOTE
from tools.python.concurrency import is_sequential as is_sequential_python
from tools.python.growing import NAME as GROWTH_PROFILER
from tools.python.interpreter import Interpreter, find_interpreter
from tools.python.toolchain import PythonToolchain
from tools.python.verifier import PythonVerifier
from tools.python.workload import choose_workload as choose_python_workload
from tools.run.process import Runner

_MEMORY = re.compile(
    r"\bmemory\b|\bRAM\b|\bOOM\b|\bheap\b|\bleak|\b\d+\s?[MG]i?B\b|\bbig\b|\bkilled\b", re.IGNORECASE
)
_GROWTH = re.compile(
    r"\bleak|\bgr[eo]w|\bincreas|\bmore and more\b|\bever more\b|\bcreep|\bclimb|\bOOM\b", re.IGNORECASE
)
_TIME = re.compile(r"\bslow|\btime|\blong\b|\bfast|\bsecond|\blatency|\bCPU\b|\bminutes?\b", re.IGNORECASE)
_GOROUTINES = re.compile(r"\bgoroutine|\bdeadlock|\bblocked\b|\bconcurren", re.IGNORECASE)


@dataclass(slots=True, kw_only=True)
class HostIntake:
    """Plans for targets on this host. `definition` is the agent definition's text, which may name profiles."""

    runner: Runner
    environment: Mapping[str, str]
    request: Request
    sandbox_note: str = ""
    definition: str = ""
    verify: VerifySettings = field(default_factory=VerifySettings)
    _go: GoProgram | None = None
    _python: Interpreter | None = None

    def plan(self, request: Request, root: Path) -> Plan:
        """Decide how to examine the target whose private copy is at `root`. Raises: AgentError, ToolError."""
        place = locate(Path(request.target))
        try:
            workload, module = (
                self._go_workload(place, root)
                if place.language == "go"
                else self._python_workload(place, root)
            )
        except NoWorkload as error:
            raise BadRequest(str(error)) from error
        toolchain = self._toolchain(place.language)
        usable, missing = [], []
        for profiler in self._wanted(toolchain, request, root):
            reason = profiler.unavailable()
            if reason is None:
                usable.append(profiler.name)
            else:
                missing.append(
                    Missing(what=profiler.name, leaves_unmeasured=f"the {profiler.view} view", remedy=reason)
                )
        return Plan(
            language=place.language,
            root=str(place.root),
            subdirectory=place.subdirectory,
            workload=workload,
            profilers=tuple(usable),
            focus=focus_of(request.question, place.language),
            toolchain=toolchain.version,
            module=module,
            missing=(*missing, *self._missing_tools(place.language)),
            notes=tuple(note for note in (self.sandbox_note, self._processors_note(workload, root)) if note),
        )

    def _wanted(self, toolchain: Toolchain, request: Request, root: Path) -> tuple[Profiler, ...]:
        """The profilers that are worth their time; Python's all are, but for that of growth, which slows it down."""
        if not isinstance(toolchain, GoToolchain):
            asked = is_about_memory(request.question) and is_about_growth(request.question)
            return tuple(p for p in toolchain.profilers if p.name != GROWTH_PROFILER or asked)
        sequential = is_sequential(root, list_packages(self.runner, self._find_go(), root))
        chosen = chosen_profilers(request.question, self.definition, is_sequential=sequential)
        return tuple(p for p in toolchain.profilers if p.name in chosen)

    def _processors_note(self, workload: Workload, root: Path) -> str:
        if workload.language == "python":
            return PYTHON_NOTE if is_sequential_python(root) else ""
        if workload.kind != "benchmarks":
            return ""
        return NOTE if is_sequential(root, list_packages(self.runner, self._find_go(), root)) else ""

    def toolchain(self, plan: Plan) -> Toolchain:
        """The toolchain for a plan's language. Raises: ToolError when it isn't on this host."""
        return self._toolchain(plan.language)

    def verifier(self, plan: Plan) -> Verifier:
        """What looks through changes in a plan's language. Raises: ToolError when it isn't on this host."""
        if plan.language == "go":
            return GoVerifier(
                runner=self.runner,
                go=self._find_go(),
                processors=len(os.sched_getaffinity(0)),
                values_s=self.verify.values_s,
                generated_calls=self.verify.generated_calls,
                float_tolerance_ratio=self.verify.float_tolerance_ratio,
                counting_s=self.verify.counting_s,
            )
        return PythonVerifier(
            runner=self.runner,
            interpreter=self._find_python(),
            values_s=self.verify.values_s,
            generated_calls=self.verify.generated_calls,
            float_tolerance_ratio=self.verify.float_tolerance_ratio,
            counting_s=self.verify.counting_s,
        )

    def _toolchain(self, language: str) -> Toolchain:
        if language == "go":
            return GoToolchain(self.runner, self._find_go(), len(os.sched_getaffinity(0)))
        return PythonToolchain(self.runner, self._find_python())

    def _find_go(self) -> GoProgram:
        if self._go is None:
            self._go = find_go(self.runner)
        return self._go

    def _find_python(self) -> Interpreter:
        if self._python is None:
            root = locate(Path(self.request.target)).root
            self._python = find_interpreter(self.runner, root, self.request.python, self.environment)
        return self._python

    def _go_workload(self, place: Place, root: Path) -> tuple[Workload, str]:
        go = self._find_go()
        workload = choose_go_workload(
            self.runner,
            go,
            root,
            place.subdirectory,
            bench=self.request.bench,
            command=self.request.command,
            sizes=self.request.sizes,
            processors=len(os.sched_getaffinity(0)),
        )
        packages = list_packages(self.runner, go, root)
        return workload, packages[0].module if packages else ""

    def _python_workload(self, place: Place, root: Path) -> tuple[Workload, str]:
        workload = choose_python_workload(
            self.runner,
            self._find_python(),
            root,
            script=place.script,
            bench=self.request.bench,
            command=self.request.command,
            sizes=self.request.sizes,
        )
        return workload, ""

    def _missing_tools(self, language: str) -> list[Missing]:
        if find_benchstat() is None:
            return [
                Missing(
                    what="benchstat",
                    leaves_unmeasured="benchstat's own table beside ours",
                    remedy="go install golang.org/x/perf/cmd/benchstat@latest",
                )
            ]
        return []


def is_about_memory(question: str) -> bool:
    """Whether a question asks about memory."""
    return bool(_MEMORY.search(question))


def is_about_growth(question: str) -> bool:
    """Whether a question asks about something that becomes ever more, whatever it is."""
    return bool(_GROWTH.search(question))


def focus_of(question: str, language: str) -> tuple[View, ...]:
    """The views in the order in which the question asks about them; time first unless it speaks of memory."""
    memory, time = is_about_memory(question), bool(_TIME.search(question))
    order: list[View] = ["memory", "cpu"] if memory and not time else ["cpu", "memory"]
    if language == "go":
        order.insert(0 if _GOROUTINES.search(question) else 2, "goroutines")
        if LOCKS.search(question):
            order.insert(0, "contention")
    return tuple(order)
