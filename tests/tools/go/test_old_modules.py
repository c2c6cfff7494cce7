"""Modules as they are found: old language versions, code today's vet dislikes, examples that don't build."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.errors import ProgramFailed
from tools.go.packages import list_packages
from tools.go.program import GoProgram
from tools.go.toolchain import GoToolchain
from tools.go.workload import choose_workload
from tools.run.process import Runner

pytestmark = pytest.mark.slow

FILES = {
    "go.mod": "module example.com/old\n\ngo 1.12\n",
    "old.go": "package old\n\nfunc Text(n int) string { return string(n) }\n",
    "old_test.go": 'package old\n\nimport "testing"\n\n'
    'func TestText(t *testing.T) {\n\tif Text(65) != "A" {\n\t\tt.Fatal(Text(65))\n\t}\n}\n\n'
    "func BenchmarkText(b *testing.B) {\n\tfor i := 0; i < b.N; i++ {\n\t\tText(i)\n\t}\n}\n",
    "examples/show.go": 'package main\n\nimport _ "example.org/never/fetched"\n\nfunc main() {}\n',
    "garbled/garbled.go": "pack\n",
}
"""`string(n)` is what vet refuses since Go 1.15; `0o600` isn't in the language of `go 1.12`."""


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("old")
    for name, text in FILES.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(text)
    return root


def test_a_package_that_cannot_be_built_does_not_hide_the_others(
    runner: Runner, go: GoProgram, root: Path
) -> None:
    assert [p.folder for p in list_packages(runner, go, root)] == [".", "examples"]


def test_a_module_without_a_readable_package_is_refused_with_gos_words(
    runner: Runner, go: GoProgram, root: Path
) -> None:
    with pytest.raises(ProgramFailed, match=r"garbled/garbled.go:1:1: expected 'package', found pack"):
        list_packages(runner, go, root, "./garbled")


def test_an_old_module_is_tested_measured_and_profiled_in_every_view(
    runner: Runner, go: GoProgram, root: Path, tmp_path: Path
) -> None:
    toolchain = GoToolchain(runner, go, 2)
    workload = choose_workload(runner, go, root, "", bench=None, command=(), sizes=[], processors=2)
    assert [b.name for b in workload.benchmarks] == ["Text"]
    assert toolchain.test(root).passed
    build = toolchain.build(root, workload)
    for profiler in toolchain.profilers:
        capture = profiler.capture(build, workload, seconds=0.2, out=tmp_path)
        assert capture.profile_path.is_file()


def test_an_old_command_is_profiled_in_every_view(runner: Runner, go: GoProgram, tmp_path: Path) -> None:
    (tmp_path / "go.mod").write_text("module example.com/oldcommand\n\ngo 1.12\n")
    (tmp_path / "main.go").write_text(
        'package main\n\nimport "time"\n\nfunc main() { time.Sleep(30 * time.Millisecond) }\n'
    )
    toolchain = GoToolchain(runner, go, 2)
    workload = choose_workload(runner, go, tmp_path, "", bench=None, command=["."], sizes=[], processors=2)
    build = toolchain.build(tmp_path, workload)
    for profiler in toolchain.profilers:
        assert profiler.capture(build, workload, seconds=0.2, out=tmp_path / "out").profile_path.is_file()
