"""What looks through a change of a Python program, from the outside."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from tools.measure.toolchain import Build
from tools.measure.verifier import Verifier
from tools.measure.workload import Benchmark, Workload
from tools.python.interpreter import Interpreter
from tools.python.verifier import PythonVerifier
from tools.run.process import Runner

CODE = "def double(n):\n    found = 0\n    for _ in range(2):\n        found += n\n    return found\n"
MAIN = "import sys\n\nfrom app import double\n\nprint(double(int(sys.argv[1])))\n"


@pytest.fixture
def verifier(runner: Runner, light: Interpreter) -> Verifier:
    return PythonVerifier(
        runner=runner,
        interpreter=light,
        values_s=2.0,
        generated_calls=20,
        float_tolerance_ratio=1e-9,
        counting_s=60.0,
    )


@pytest.fixture
def sides(tmp_path: Path) -> tuple[Path, Path]:
    for side in ("one", "two"):
        (tmp_path / side).mkdir()
        (tmp_path / side / "app.py").write_text(CODE)
        (tmp_path / side / "main.py").write_text(MAIN)
    return tmp_path / "one", tmp_path / "two"


WORKLOAD = Workload(
    language="python",
    kind="command",
    benchmarks=(Benchmark(name="Command/main", selector=("python", "main.py", "21")),),
    chosen_because="given",
    command=("python", "main.py", "21"),
)


def test_an_honest_change_passes_every_look(verifier: Verifier, sides: tuple[Path, Path]) -> None:
    (sides[1] / "app.py").write_text("def double(n):\n    return n + n\n")
    builds = [Build(root=side, programs={}, duration_s=0.0) for side in sides]
    assert verifier.objections(*sides, ("app.py",)) == ()
    found = verifier.compare_values(builds[0], builds[1], WORKLOAD, ("app.py",), seed=1)
    assert found.differences == ()
    assert found.calls > 0
    assert verifier.counts(builds[1], WORKLOAD.benchmarks[0], 1).values["instructions/op"] > 0
    assert verifier.unseen(sides[0], WORKLOAD, 3) == verifier.unseen(sides[1], WORKLOAD, 3)


def test_a_wrong_change_differs_by_value(verifier: Verifier, sides: tuple[Path, Path]) -> None:
    (sides[1] / "app.py").write_text("def double(n):\n    return n + n if n == 21 else 42\n")
    builds = [Build(root=side, programs={}, duration_s=0.0) for side in sides]
    found = verifier.compare_values(builds[0], builds[1], WORKLOAD, ("app.py",), seed=1)
    assert found.differences


def test_a_trick_is_objected_to(verifier: Verifier, sides: tuple[Path, Path]) -> None:
    (sides[1] / "app.py").write_text("import gc\n\n\ndef double(n):\n    gc.disable()\n    return n + n\n")
    assert [o.rule for o in verifier.objections(*sides, ("app.py",))] == ["collector tampering"]


def test_syntax_of_a_newer_python_is_an_objection_and_not_passed_over(
    runner: Runner, light: Interpreter, sides: tuple[Path, Path]
) -> None:
    """This program can't read what its own Python can't parse, but the target's may run it."""
    (sides[1] / "app.py").write_text("def double(n) => n + n\n")
    shutil.copy(sides[0] / "app.py", sides[0] / "old.py")

    def look(version: str) -> list[str]:
        verifier = PythonVerifier(
            runner=runner,
            interpreter=replace(light, version=version),
            values_s=1.0,
            generated_calls=1,
            float_tolerance_ratio=0.0,
            counting_s=1.0,
        )
        return [o.detail for o in verifier.objections(*sides, ("app.py",))]

    assert look("3.8.1") == []
    assert "can't be read for tricks" in look("3.99.0")[0]
