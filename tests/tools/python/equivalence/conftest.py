"""Comparing two versions of a small project by value, as a user's change is."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tools.measure.equivalence import Difference, Equivalence
from tools.measure.toolchain import Build
from tools.measure.workload import Benchmark, Workload
from tools.python.equivalence.comparing import compare_values
from tools.python.interpreter import Interpreter
from tools.run.process import Runner

Sources = Mapping[str, str]
Compare = Callable[..., Equivalence]
SCRIPT = Workload(
    language="python",
    kind="script",
    benchmarks=(Benchmark(name="Command/work", selector=("work.py",)),),
    chosen_because="it is the only one",
)


def write(root: Path, sources: Sources) -> Path:
    """A project of these files."""
    for name, text in sources.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8")
    return root


def build(root: Path) -> Build:
    """The project as it is compared."""
    return Build(root=root, programs={}, duration_s=0.0)


@pytest.fixture
def compare(runner: Runner, empty: Interpreter, tmp_path: Path) -> Compare:
    """Compares `before` with what `after` replaces of it; `work.py` is the workload."""

    def run(
        before: Sources,
        after: Sources,
        *,
        workload: Workload = SCRIPT,
        interpreter: Interpreter = empty,
        generated: int = 60,
        seconds: float = 8.0,
        tolerance: float = 1e-9,
        seed: int = 1,
        runner: Runner = runner,
    ) -> Equivalence:
        roots = write(tmp_path / "base", before), write(tmp_path / "cand", {**before, **after})
        files = tuple(n for n in after if before.get(n) != after[n])
        return compare_values(
            runner, interpreter, build(roots[0]), build(roots[1]), workload, files,
            seed=seed, seconds=seconds, generated=generated, tolerance=tolerance,
        )  # fmt: skip

    return run


def of(found: Equivalence, function: str) -> list[Difference]:
    """The differences of one function, by the end of its name."""
    return [d for d in found.differences if d.function.endswith(f".{function}")]


def compared(found: Equivalence) -> dict[str, tuple[int, int]]:
    """Recorded and generated calls by the last part of the name."""
    return {f.name.split(".", 1)[1]: (f.recorded, f.generated) for f in found.functions}


def reasons(found: Equivalence) -> dict[str, str]:
    """Why functions weren't compared."""
    return {n.function.split(".", 1)[1]: n.why for n in found.not_compared}
