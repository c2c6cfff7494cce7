"""Comparing two versions of a small module by value, as a user's change is."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tools.go.equivalence.comparing import compare_values
from tools.go.program import GoProgram
from tools.measure.equivalence import Difference, Equivalence
from tools.measure.toolchain import Build
from tools.measure.workload import Workload
from tools.run.process import Runner

Sources = Mapping[str, str]
Compare = Callable[..., Equivalence]
FAULTS = Path(__file__).parent / "data" / "faults"
NOTHING = Workload(language="go", kind="benchmarks", benchmarks=(), chosen_because="")
GO_MOD = {"go.mod": "module example.com/m\n\ngo 1.24\n"}


def write(root: Path, sources: Sources) -> Path:
    """A module of these files."""
    for name, text in {**GO_MOD, **sources}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8")
    return root


@pytest.fixture(scope="session")
def compare_copies(runner: Runner, go: GoProgram) -> Compare:
    """Compares two folders that are there."""

    def run(
        before: Path,
        after: Path,
        files: tuple[str, ...],
        *,
        workload: Workload = NOTHING,
        generated: int = 60,
        seconds: float = 2.0,
        tolerance: float = 1e-9,
        seed: int = 1,
        runner: Runner = runner,
    ) -> Equivalence:
        sides = [Build(root=root, programs={}, duration_s=0.0) for root in (before, after)]
        return compare_values(
            runner, go, sides[0], sides[1], workload, files,
            processors=2, seed=seed, seconds=seconds, generated=generated, tolerance=tolerance,
        )  # fmt: skip

    return run


@pytest.fixture(scope="session")
def compare(compare_copies: Compare, tmp_path_factory: pytest.TempPathFactory) -> Compare:
    """Compares the module `before` with what `after` replaces of it, None for a file that is gone."""

    def run(before: Sources, after: Mapping[str, str | None], **options: object) -> Equivalence:
        there = tmp_path_factory.mktemp("module")
        changed = {**before, **after}
        roots = (
            write(there / "before", before),
            write(there / "after", {name: text for name, text in changed.items() if text is not None}),
        )
        files = tuple(name for name in changed if before.get(name) != changed[name])
        return compare_copies(*roots, files, **options)

    return run


@pytest.fixture(scope="session")
def compare_faults(compare_copies: Compare, tmp_path_factory: pytest.TempPathFactory) -> Compare:
    """Compares packages of data/faults."""

    def run(*packages: str, **options: object) -> Equivalence:
        there = tmp_path_factory.mktemp("faults")
        for side in ("before", "after"):
            for package in packages:
                shutil.copytree(FAULTS / side / package, there / side / package)
            shutil.copyfile(FAULTS / side / "go.mod", there / side / "go.mod")
        files = [
            p.relative_to(there / "after") for name in packages for p in (there / "after" / name).glob("*.go")
        ]
        names = tuple(sorted(f.as_posix() for f in files if not f.name.endswith("_test.go")))
        return compare_copies(there / "before", there / "after", names, **options)

    return run


def of(found: Equivalence, function: str) -> list[Difference]:
    """The differences of one function, named with or without its package."""
    return [d for d in found.differences if function in (d.function, d.function.partition(".")[2])]


def compared(found: Equivalence) -> dict[str, tuple[int, int]]:
    """How many recorded and generated calls were compared, by the function's name without its package."""
    return {f.name.partition(".")[2]: (f.recorded, f.generated) for f in found.functions}


def reasons(found: Equivalence) -> dict[str, str]:
    """Why functions weren't compared, by their names without the package."""
    return {n.function.partition(".")[2]: n.why for n in found.not_compared}
