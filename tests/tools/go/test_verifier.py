"""Go's verifier as a run uses it: it reads a change, calls what changed, varies inputs."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tools.go.program import GoProgram
from tools.go.toolchain import GoToolchain
from tools.go.verifier import GoVerifier
from tools.go.workload import choose_workload
from tools.measure.verifier import Verifier
from tools.run.process import Runner

pytestmark = pytest.mark.slow
TARGET = Path(__file__).parents[3] / "agent" / "selftest" / "targets" / "go" / "routes"


@pytest.fixture
def verifier(runner: Runner, go: GoProgram) -> Verifier:
    return GoVerifier(
        runner=runner,
        go=go,
        processors=2,
        values_s=1.0,
        generated_calls=50,
        float_tolerance_ratio=1e-9,
        counting_s=6.0,
    )


def test_a_changed_function_is_read_called_and_given_other_inputs(
    verifier: Verifier, runner: Runner, go: GoProgram, tmp_path: Path
) -> None:
    before, after = (Path(shutil.copytree(TARGET, tmp_path / name)) for name in ("base", "cand"))
    source = after / "routes.go"
    text = source.read_text()
    source.write_text(text.replace("if count == most {", "if count == most && len(busiest) < 1 {"))
    workload = choose_workload(runner, go, before, "", bench="Busiest", command=(), sizes=(), processors=2)
    toolchain = GoToolchain(runner, go, 2)
    sides = toolchain.build(before, workload), toolchain.build(after, workload)
    assert verifier.objections(before, after, ("routes.go",)) == ()
    values = verifier.compare_values(*sides, workload, ("routes.go",), seed=1)
    assert {d.function for d in values.differences} == {"routes.Busiest"}
    assert values.reached == {"Busiest/size=200": True, "Busiest/size=2000": True}
    varied = [verifier.unseen(root, workload, 5) for root in (before, after)]
    assert varied[0] == varied[1]
    assert varied[0].workload is not None
    for root in (before, after):
        build = toolchain.build(root, varied[0].workload)
        for benchmark in varied[0].workload.benchmarks:
            toolchain.sample(build, benchmark, 1)
