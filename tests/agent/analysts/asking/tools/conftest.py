"""A picture with real captures of the example project, and a laboratory that notes what it is asked for."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from agent.analysts.analyst import Picture
from agent.analysts.asking.tools.toolbox import Toolbox, toolbox_for
from agent.definition import read_definition
from agent.evidence import Evidence, EvidenceIndex, Quantity
from agent.request import Plan
from agent.resources import definition_path
from tools.errors import NoWorkload, ToolError
from tools.go.diagnostics import Diagnostic
from tools.measure.toolchain import Capture, ProfileView
from tools.measure.workload import Benchmark, Workload
from tools.profiles.pprof import read_pprof
from tools.profiles.profile import Profile

ROOT = Path(__file__).parents[5]
DATA = ROOT / "tests" / "tools" / "profiles" / "data"
SIZES = (100, 1000)
MakeBox = Callable[..., Toolbox]


def recorded(name: str, view: ProfileView, value: str) -> Capture:
    return seen(read_pprof(DATA / f"go1.26-{name}.pb.gz"), f"go-{name}", view, value)


def seen(profile: Profile, profiler: str, view: ProfileView, value: str) -> Capture:
    return Capture(
        profiler=profiler,
        view=view,
        value=value,
        profile=profile,
        profile_path=DATA / "go1.26-cpu.pb.gz",
        argv=(),
        tool_version="go1.26",
        exit_code=0,
        duration_s=1.0,
    )


@dataclass(slots=True)
class NotingLab:
    """A laboratory whose captures are recorded ones. `failing` is what every measurement ends in."""

    items: list[Evidence] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    captured: list[tuple[str, int | None, float | None]] = field(default_factory=list)
    failing: Exception | None = None

    @property
    def evidence(self) -> EvidenceIndex:
        return EvidenceIndex(tuple(self.items))

    def keep(
        self,
        title: str,
        tool: str,
        quantities: Sequence[Quantity],
        *,
        duration_s: float,
        warnings: Sequence[str] = (),
    ) -> Evidence:
        assert len({q.name for q in quantities}) == len(quantities), "two numbers have one name"
        found = Evidence(
            id=f"E{len(self.items) + 1}", kind="analysis", title=title, tool=tool, quantities=tuple(quantities),
            duration_s=duration_s, warnings=tuple(warnings),
        )  # fmt: skip
        self.items.append(found)
        return found

    def capture(self, profiler: str, *, size: int | None, seconds: float | None) -> tuple[Evidence, Capture]:
        if self.failing is not None:
            raise self.failing
        self.captured.append((profiler, size, seconds))
        found = self.keep(f"cpu profile, size {size}", profiler, [Quantity(name="samples", value=61, unit="count")],
                          duration_s=1.0)  # fmt: skip
        return found, recorded("cpu", "cpu", "cpu")

    def remarks(self, file: str) -> tuple[Evidence, tuple[Diagnostic, ...]]:
        if self.failing is not None:
            raise self.failing
        if not file.startswith("trades"):
            raise NoWorkload(f"{file} is in no package")
        found = tuple(
            Diagnostic(file=file, line=n, column=1, kind="escape", message=f"x{n} escapes to heap")
            for n in range(1, 200)
        )
        count = Quantity(name="remarks", value=float(len(found)), unit="count")
        return self.keep(f"remarks on {file}", "go build", [count], duration_s=0.1), found

    def say(self, text: str) -> None:
        self.said.append(text)


@pytest.fixture
def lab() -> NotingLab:
    return NotingLab(
        items=[
            Evidence(id="E1", kind="host", title="host", tool="uname", warnings=("a busy host",),
                     quantities=(Quantity(name="processors", value=2.0, unit="count"),)),
            *(
                Evidence(id=f"E{n}", kind="capture", title=f"{name} profile", tool=f"go-{name}")
                for n, name in enumerate(("cpu", "heap", "goroutine"), 2)
            ),
        ]
    )  # fmt: skip


@pytest.fixture
def make_picture_of_go(tmp_path: Path, lab: NotingLab) -> Callable[..., Picture]:
    def make(*, with_lab: bool = True) -> Picture:
        root = tmp_path / "base"
        if not root.exists():
            shutil.copytree(ROOT / "examples" / "daily-reports-go", root)
        workload = Workload(
            language="go",
            kind="benchmarks",
            benchmarks=tuple(Benchmark(name=f"Report/size={n}", selector=(".",), size=n) for n in SIZES),
            chosen_because="asked",
        )
        return Picture(
            plan=Plan(
                language="go", root=str(root), subdirectory="", workload=workload, profilers=("go-cpu", "go-heap"),
                focus=("cpu",), toolchain="go1.26",
            ),
            policy=read_definition(definition_path()).policy,
            question="Why is it slow?",
            root=root,
            original=root,
            captures={
                "E2": recorded("cpu", "cpu", "cpu"),
                "E3": recorded("heap", "memory", "alloc_space"),
                "E4": recorded("goroutine", "goroutines", "goroutine"),
            },
            hotspots=(),
            evidence=EvidenceIndex(tuple(lab.items)),
            lab=lab if with_lab else None,
        )  # fmt: skip

    return make


@pytest.fixture
def picture(make_picture_of_go: Callable[..., Picture]) -> Picture:
    return make_picture_of_go()


@pytest.fixture
def box(picture: Picture) -> Toolbox:
    return toolbox_for(picture)


@pytest.fixture
def box_of(picture: Picture) -> MakeBox:
    """A toolbox over one profile, called E2."""

    def make(profile: Profile, value: str = "cpu") -> Toolbox:
        return toolbox_for(replace(picture, captures={"E2": seen(profile, "go-cpu", "cpu", value)}))

    return make


@pytest.fixture
def failure() -> ToolError:
    return NoWorkload("the program doesn't run here: install it")
