"""The compiler's remarks stand beside the lines they concern, and only beside hot ones."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tools.errors import ProgramFailed
from tools.go.diagnostics import Diagnostic, diagnose, parse_diagnostics
from tools.go.program import GoProgram
from tools.run.process import Runner

DATA = Path(__file__).with_name("data")
PROFILED = DATA / "profiled"
EVERY_LINE = range(1, 100)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(shutil.copytree(PROFILED, tmp_path_factory.mktemp("diagnostics") / "profiled"))


def line_of(text: str) -> int:
    lines = (PROFILED / "hot" / "hot.go").read_text().splitlines()
    return next(n for n, line in enumerate(lines, 1) if text in line)


@pytest.mark.slow
def test_escapes_refusals_and_checks_are_found_on_their_lines(
    runner: Runner, go: GoProgram, root: Path
) -> None:
    found = diagnose(runner, go, root, ["./hot"], {"hot/hot.go": EVERY_LINE})
    places = {(d.kind, d.line) for d in found}
    assert ("escape", line_of("&Point{x, y}")) in places
    assert ("bounds check", line_of("return values[index]")) in places
    assert ("bounds check", line_of("return values[:count]")) in places
    (long,) = [d for d in found if d.line == line_of("func Long")]
    assert long.kind == "inlining"
    assert long.budget == 80
    assert (long.cost or 0) > 80
    (kept,) = [d for d in found if d.line == line_of("func Kept")]
    assert (kept.kind, kept.cost, kept.budget) == ("inlining", None, None)
    assert "noinline" in kept.message
    assert found == tuple(sorted(found, key=lambda d: (d.line, d.column, d.kind)))


@pytest.mark.slow
def test_nothing_is_said_of_lines_that_are_not_hot(runner: Runner, go: GoProgram, root: Path) -> None:
    line = line_of("return values[index]")
    found = diagnose(runner, go, root, ["./hot", "./lock"], {"hot/hot.go": {line}, "lock/lock.go": set()})
    assert [(d.file, d.line, d.kind) for d in found] == [("hot/hot.go", line, "bounds check")]
    assert diagnose(runner, go, root, [], {}) == ()


@pytest.mark.slow
def test_a_package_that_does_not_build_is_the_compilers_error(
    runner: Runner, go: GoProgram, tmp_path: Path
) -> None:
    (tmp_path / "go.mod").write_text("module example.com/broken\n\ngo 1.22\n")
    (tmp_path / "a.go").write_text("package broken\n\nvar x int = missing\n")
    with pytest.raises(ProgramFailed, match="undefined: missing"):
        diagnose(runner, go, tmp_path, ["."], {"a.go": {3}})


def test_explanations_and_good_news_are_no_remarks() -> None:
    text = (
        "# example.com/x\n"
        "./a.go:3:6: can inline F with cost 4 as: func() { }\n"
        "./a.go:4:6: cannot inline G: function too complex: cost 91 exceeds budget 80\n"
        "./a.go:5:9: make([]int, n) escapes to heap in G:\n"
        "./a.go:5:9:   flow: ~r0 = &{storage for make([]int, n)}:\n"
        "./a.go:5:9: make([]int, n) escapes to heap\n"
        "./a.go:6:2: x does not escape\n"
        "./a.go:7:2: moved to heap: y\n"
        "sub/b.go:8:4: Found IsSliceInBounds\n"
        "$GOROOT/src/x.go: nonsense\n"
    )
    assert list(parse_diagnostics(text)) == [
        Diagnostic(file="a.go", line=4, column=6, kind="inlining", cost=91, budget=80,
                   message="G isn't inlined: function too complex: cost 91 exceeds budget 80"),
        Diagnostic(file="a.go", line=5, column=9, kind="escape", message="make([]int, n) escapes to heap"),
        Diagnostic(file="a.go", line=7, column=2, kind="escape", message="moved to heap: y"),
        Diagnostic(file="sub/b.go", line=8, column=4, kind="bounds check", message="the slice's bounds are checked"),
    ]  # fmt: skip
