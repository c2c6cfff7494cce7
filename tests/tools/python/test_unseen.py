"""Benchmarks and commands are given inputs that nobody had seen, alike in both copies."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from tools.measure.unseen import Unseen
from tools.measure.workload import Benchmark, Workload
from tools.python.interpreter import Interpreter
from tools.python.unseen.varying import vary_inputs
from tools.python.workload import choose_workload
from tools.run.process import Runner

CODE = "def total(xs):\n    return sum(xs)\n"
SPEED = """
    import random

    import pytest

    from app import total
    from tests.inputs import ROWS

    SIZES = [100, 1_000, 10_000]
    SEED = 42


    @pytest.fixture
    def drawn():
        rng = random.Random(7)
        return [rng.random() for _ in range(10**3)]


    @pytest.mark.parametrize("size", SIZES, ids=lambda s: f"size={s}")
    def test_total(benchmark, size):
        random.seed(SEED)
        benchmark(total, [random.random() for _ in range(size)])


    @pytest.mark.parametrize(("n", "expected"), [(10, 45), (20, 190)])
    def test_sums(benchmark, n, expected):
        assert benchmark(total, range(n)) == expected


    def test_drawn(benchmark, drawn):
        assert len(drawn) == 1000, "not 1000"
        assert benchmark.pedantic(total, (drawn,), rounds=20, iterations=50) < 1000


    def test_rows(benchmark):
        assert benchmark(total, [1] * ROWS) > 0
"""
Vary = Callable[..., Unseen]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A small program with benchmarks whose inputs come from several files."""
    root = tmp_path / "copy one"
    (root / "tests").mkdir(parents=True)
    (root / "app.py").write_text(CODE)
    (root / "tests" / "__init__.py").write_text("")
    (root / "tests" / "inputs.py").write_text("ROWS = 640\nNAME_LENGTH_LIMIT = 'x' * 3\n")
    (root / "tests" / "test_speed.py").write_text(textwrap.dedent(SPEED))
    return root


@pytest.fixture
def vary(runner: Runner, light: Interpreter) -> Vary:
    def run(root: Path, number: int = 7, workload: Workload | None = None) -> Unseen:
        chosen = workload or choose_workload(
            runner, light, root, script=None, bench=None, command=(), sizes=()
        )
        return vary_inputs(runner, light, root, chosen, number)

    return run


def command(words: tuple[str, ...], sizes: tuple[int, ...] = ()) -> Workload:
    def named(size: int | None) -> Benchmark:
        chosen = tuple(w.replace("{size}", str(size)) for w in words)
        return Benchmark(name="Command/c" + (f"/size={size}" if size else ""), selector=chosen, size=size)

    benchmarks = tuple(named(s) for s in sizes) or (named(None),)
    return Workload(
        language="python", kind="command", benchmarks=benchmarks, chosen_because="given", command=words
    )


def test_sizes_and_seeds_of_benchmarks_become_others(project: Path, vary: Vary) -> None:
    found = vary(project)
    assert found.workload is not None
    new = {int(c.split()[1]): int(c.split()[3]) for c in found.changes if c.startswith("size")}
    assert set(new) == {100, 1000, 10_000, 640}
    for old, now in new.items():
        assert 0.6 <= now / old <= 1.41
        assert now != old
    assert new[10_000] < 10_000 < 10_000 * 1.5
    assert {c.split()[1] for c in found.changes if c.startswith("seed")} == {"7", "42"}
    names = [b.name for b in found.workload.benchmarks]
    assert f"test_speed/test_total/size={new[1000]}" in names
    assert "test_speed/test_sums/10-45" in names, "what is expected belongs to its input"
    text = (project / "tests" / "test_speed.py").read_text()
    assert f"range({new[1000]})" in text
    assert f"len(drawn) == {new[1000]}, " in text, "an assert about the same number goes along"
    assert "rounds=20, iterations=50" in text
    assert f"ROWS = {new[640]}" in (project / "tests" / "inputs.py").read_text()


def test_two_copies_are_varied_alike_and_another_number_gives_others(project: Path, vary: Vary) -> None:
    again, other = project.parent / "copy two", project.parent / "copy 3"
    shutil.copytree(project, again)
    shutil.copytree(project, other)
    first, second, third = vary(project), vary(again), vary(other, number=8)
    assert first == second
    assert first.changes != third.changes
    for name in ("tests/test_speed.py", "tests/inputs.py", "app.py"):
        assert (project / name).read_text() == (again / name).read_text()
    assert (project / "app.py").read_text() == CODE, "only files that are frozen are edited"


def test_varied_benchmarks_run_on_the_old_code(
    project: Path, vary: Vary, runner: Runner, light: Interpreter
) -> None:
    from tools.python.running import sample

    found = vary(project)
    assert found.workload is not None
    chosen = [b for b in found.workload.benchmarks if "test_drawn" in b.name or "test_rows" in b.name]
    for benchmark in chosen:
        assert sample(runner, light, project, benchmark, 1).iterations >= 1


def test_benchmarks_without_numbers_are_left_alone(project: Path, vary: Vary) -> None:
    plain = "from app import total\n\n\ndef test_it(benchmark):\n    assert benchmark(total, [1, 2]) == 3\n"
    (project / "tests" / "test_speed.py").write_text(plain)
    found = vary(project)
    assert found.workload is None
    assert found.why_not == "no size and no seed was found in tests/test_speed.py"
    assert (project / "tests" / "test_speed.py").read_text() == plain


def test_a_copy_whose_varied_tests_break_is_as_it_was(project: Path, vary: Vary) -> None:
    text = (
        project / "tests" / "test_speed.py"
    ).read_text() + "\nif SEED != 42:\n    raise SystemExit(SEED)\n"
    (project / "tests" / "test_speed.py").write_text(text)
    found = vary(project)
    assert found.workload is None
    assert "can't be collected" in found.why_not
    assert (project / "tests" / "test_speed.py").read_text() == text


def test_a_link_in_a_benchmarks_place_is_not_followed(project: Path, vary: Vary, tmp_path: Path) -> None:
    chosen = Workload(
        language="python",
        kind="benchmarks",
        benchmarks=(Benchmark(name="a/b", selector=("pytest:", "tests/test_speed.py::b")),),
        chosen_because="",
    )
    secret = tmp_path / "secret.py"
    secret.write_text("SEED = 42\n")
    (project / "tests" / "test_speed.py").unlink()
    (project / "tests" / "test_speed.py").symlink_to(secret)
    assert vary(project, workload=chosen).workload is None
    assert secret.read_text() == "SEED = 42\n"


def test_a_command_with_sizes_gets_others(project: Path, vary: Vary) -> None:
    found = vary(project, workload=command(("python", "main.py", "--n={size}"), (100, 10_000)))
    assert found.workload is not None
    small, large = found.workload.benchmarks
    assert small.size is not None
    assert large.size is not None
    assert 100 < small.size < large.size < 10_000
    assert small.selector == ("python", "main.py", f"--n={small.size}")
    assert small.name == f"Command/c/size={small.size}"


@pytest.mark.parametrize(
    ("words", "changed"),
    [
        (("python", "main.py", "5000"), [2]),
        (("python", "main.py", "--seed", "3", "--rows=640"), [3, 4]),
        (("python", "main.py", "--port", "8080", "-v"), []),
        (("python", "-m", "app", "--level", "9"), []),
    ],
)
def test_numbers_of_a_command_that_are_sizes_or_seeds_become_others(
    project: Path, vary: Vary, words: tuple[str, ...], changed: list[int]
) -> None:
    found = vary(project, workload=command(words))
    if not changed:
        assert found.workload is None
        assert found.why_not
        return
    assert found.workload is not None
    (benchmark,) = found.workload.benchmarks
    assert [n for n, (a, b) in enumerate(zip(words, benchmark.selector, strict=True)) if a != b] == changed


def test_the_targets_tests_are_no_workload_to_vary(project: Path, vary: Vary) -> None:
    tests = Workload(
        language="python", kind="tests", benchmarks=(Benchmark(name="Tests", selector=("python",)),), chosen_because=""
    )  # fmt: skip
    assert "belongs to their inputs" in vary(project, workload=tests).why_not
