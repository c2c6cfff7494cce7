"""A Go command is offered a build with its own profile, and nothing else is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from agent.analysts.analyst import Picture
from agent.analysts.guided import guided_build
from agent.patches import apply_patch
from agent.report import Bottleneck
from agent.resources import playbook_dir
from tests.agent.analysts.conftest import MakePicture, MakeSpot
from tools.measure.toolchain import Capture
from tools.measure.workload import Benchmark, Workload
from tools.patterns.pattern import Pattern, read_pattern
from tools.profiles.builder import ProfileBuilder
from tools.profiles.pprof import read_pprof, write_pprof
from tools.profiles.profile import Function, ValueType
from tools.run.process import Runner

MakeGo = Callable[..., tuple[Picture, Bottleneck]]


@pytest.fixture
def pgo() -> Pattern:
    return read_pattern(playbook_dir() / "go" / "profile-guided-optimisation.md", "go")


@pytest.fixture
def go_command(tmp_path: Path, make_picture: MakePicture, make_spot: MakeSpot) -> MakeGo:
    """A picture of a Go command `./cmd/x`, profiled, and its first bottleneck."""

    def make(kind: str = "command") -> tuple[Picture, Bottleneck]:
        picture = make_picture(make_spot())
        builder = ProfileBuilder([ValueType(name="cpu", unit="nanoseconds")])
        builder.add([(Function(name="main.main", file="main.go"), 3)], [10])
        profile = builder.build(default_value="cpu")
        path = tmp_path / "go-cpu.pb.gz"
        write_pprof(profile, path)
        capture = Capture(
            profiler="go-cpu", view="cpu", value="cpu", profile=profile, profile_path=path, argv=(),
            tool_version="", exit_code=0, duration_s=0.0,
        )  # fmt: skip
        workload = Workload(
            language="go",
            kind=kind,  # type: ignore[arg-type] # one of the kinds
            benchmarks=(Benchmark(name="Command/x", selector=()),),
            chosen_because="given",
            command=("./cmd/x",),
        )
        plan = replace(picture.plan, language="go", workload=workload)
        bottleneck = Bottleneck(
            rank=1, function="main.main", file="main.go", line=3, view="cpu", share=None,  # type: ignore[arg-type]
            root_cause="", explanation="", severity="LOW", confidence="low", confidence_reason="", evidence=(),
        )  # fmt: skip
        return replace(picture, plan=plan, captures={"E5": capture}), bottleneck

    return make


def test_the_measured_profile_becomes_default_pgo_beside_the_main_package(
    go_command: MakeGo, pgo: Pattern, runner: Runner, tmp_path: Path
) -> None:
    picture, bottleneck = go_command()
    found = guided_build(runner, picture, bottleneck, pgo)
    assert found is not None
    assert found.files == ("cmd/x/default.pgo",)
    copy = tmp_path / "copy"
    copy.mkdir()
    apply_patch(runner, copy, found.patch)
    assert [f.name for f in read_pprof(copy / "cmd/x/default.pgo").functions] == ["main.main"]


def test_a_profile_that_is_there_already_is_left_alone(
    go_command: MakeGo, pgo: Pattern, runner: Runner
) -> None:
    picture, bottleneck = go_command()
    place = picture.root / "cmd" / "x"
    place.mkdir(parents=True)
    (place / "default.pgo").write_bytes(b"x")
    assert guided_build(runner, picture, bottleneck, pgo) is None


def test_benchmarks_are_not_offered_a_profile_that_their_build_ignores(
    go_command: MakeGo, pgo: Pattern, runner: Runner
) -> None:
    picture, bottleneck = go_command("benchmarks")
    assert guided_build(runner, picture, bottleneck, pgo) is None
