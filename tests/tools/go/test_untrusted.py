"""A Go target that is out to deceive: what it leaves for later processes, in caches, and in the place of results."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.doors.targets import GO_MODULE, go_target, snapshot
from tools.errors import ToolError, UnreadableOutput
from tools.go.program import GoProgram
from tools.go.toolchain import GoToolchain
from tools.measure.toolchain import Build
from tools.measure.workload import Benchmark, Workload
from tools.run.process import Runner

BENCH = Benchmark(name="Count", selector=(".",))
WORKLOAD = Workload(language="go", kind="benchmarks", benchmarks=(BENCH,), chosen_because="given")
TEST = """\
package tiny

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

var _, _, _, _, _ = os.Args, exec.Command, filepath.Join, strings.Join, syscall.Mkfifo

func TestCount(t *testing.T) {
	if Count(3) != 3 {
		t.Fatal("wrong")
	}
}

func BenchmarkCount(b *testing.B) {
	for i := 0; i < b.N; i++ {
		Count(i)
	}
}

func TestMain(m *testing.M) {
BEFORE
	code := m.Run()
AFTER
	os.Exit(code)
}
"""


def made(root: Path, *, before: str = "", after: str = "") -> Path:
    return go_target(root, test=TEST.replace("BEFORE", before).replace("AFTER", after))


@pytest.fixture(scope="module")
def toolchain(runner: Runner, go: GoProgram) -> GoToolchain:
    return GoToolchain(runner, go, 2)


def test_neither_tests_nor_benchmarks_leave_anything_for_the_next_process(
    toolchain: GoToolchain, tmp_path: Path
) -> None:
    places = ["cache", ".ask-profiler/cache", ".ask-profiler/bin/cache", "/tmp/cache", "../cache"]
    before = "".join(
        f'\tif _, err := os.Stat("{p}"); err == nil {{ panic("{p}") }}\n\tos.WriteFile("{p}", nil, 0o644)\n'
        for p in places
    )
    root = made(tmp_path / "base", before=before)
    build = toolchain.build(root, WORKLOAD)
    found = snapshot(tmp_path)
    assert toolchain.test(root).passed
    for _ in range(2):
        toolchain.sample(build, BENCH, 1)
    assert snapshot(tmp_path).keys() == found.keys()


def test_a_binary_can_not_be_replaced_by_what_it_runs(toolchain: GoToolchain, tmp_path: Path) -> None:
    replacing = (
        '\tme, _ := os.Executable()\n\tos.Remove(me)\n\tos.WriteFile(me, []byte("#!/bin/sh\\n"), 0o755)'
    )
    root = made(tmp_path / "base", before=replacing)
    build = toolchain.build(root, WORKLOAD)
    content = Path(build.programs["."]).read_bytes()
    assert toolchain.test(root).passed
    toolchain.sample(build, BENCH, 1)
    assert Path(build.programs["."]).read_bytes() == content


def test_go_s_caches_can_not_be_written_by_what_was_built(
    toolchain: GoToolchain, go: GoProgram, tmp_path: Path
) -> None:
    """They are shared with the user's own builds."""
    before = "".join(
        f'\tif err := os.WriteFile("{place}/planted", nil, 0o644); err == nil {{\n'
        f'\t\tif _, err := os.ReadDir("{place}/00"); err == nil {{ panic("the real one") }}\n\t}}\n'
        for place in (go.build_cache, go.module_cache, go.root)
    )
    root = made(tmp_path / "base", before=before)
    assert toolchain.test(root).passed
    toolchain.sample(toolchain.build(root, WORKLOAD), BENCH, 1)
    for place in (go.build_cache, go.module_cache, go.root):
        assert not (place / "planted").exists()


def test_settings_of_the_callers_do_not_reach_a_build(
    toolchain: GoToolchain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "evil"
    program.write_text(f'#!/bin/sh\ntouch "{tmp_path}/ran"\nexec "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv("GOFLAGS", f"-toolexec={program}")
    monkeypatch.setenv("CC", str(program))
    toolchain.build(made(tmp_path / "base"), WORKLOAD)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("after", "said"),
    [
        ('os.Remove(path)\n\t\t\tos.Symlink("SECRET", path)', "a symbolic link"),
        ("os.Remove(path)\n\t\t\tsyscall.Mkfifo(path, 0o600)", "no plain file"),
        ("os.Truncate(path, 1<<31)", "more than 64 MiB"),
        ('os.WriteFile(path, []byte("nonsense"), 0o600)', "profile: "),
    ],
)
def test_what_lies_in_the_place_of_a_profile_is_not_followed(
    toolchain: GoToolchain, tmp_path: Path, after: str, said: str
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("the user's")
    finding = (
        '\tfor _, word := range os.Args {\n\t\tif path, ok := strings.CutPrefix(word, "-test.cpuprofile="); ok {\n'
        f"\t\t\t{after.replace('SECRET', str(secret))}\n\t\t}}\n\t}}"
    )
    root = made(tmp_path / "base", after=finding)
    build = toolchain.build(root, WORKLOAD)
    profiler = next(p for p in toolchain.profilers if p.view == "cpu")
    with pytest.raises(UnreadableOutput, match=said):
        profiler.capture(build, WORKLOAD, seconds=0.1, out=tmp_path / "out")
    assert secret.read_text() == "the user's"


def test_a_command_can_not_lead_its_profiles_astray(toolchain: GoToolchain, tmp_path: Path) -> None:
    root = go_target(tmp_path / "base")
    (root / "cmd").mkdir()
    (root / "cmd" / "main.go").write_text(
        'package main\n\nimport "os"\n\nfunc main() {\n'
        '\tos.Symlink("/etc/passwd", os.Getenv("ASK_PROFILER_PROFILES")+"/0.pb.gz")\n}\n'
    )
    workload = Workload(
        language="go",
        kind="command",
        benchmarks=(Benchmark(name="Command/cmd", selector=()),),
        chosen_because="given",
        command=("./cmd",),
    )
    build: Build = toolchain.build(root, workload)
    profiler = next(p for p in toolchain.profilers if p.view == "memory")
    with pytest.raises(UnreadableOutput, match="a symbolic link"):
        profiler.capture(build, workload, seconds=0.1, out=tmp_path / "out")


def test_fetching_modules_follows_no_link_in_the_copy(runner: Runner, go: GoProgram, tmp_path: Path) -> None:
    """It runs with the user's settings, and writes go.sum when it finds something to add."""
    mine = tmp_path / "profile"
    mine.write_text("export PATH=1\n")
    root = go_target(tmp_path / "base")
    (root / "go.sum").symlink_to(mine)
    with pytest.raises(ToolError, match=r"go\.sum isn't read: it is a symbolic link"):
        go.download_modules(runner, root)
    assert mine.read_text() == "export PATH=1\n"


def test_modules_are_fetched_with_those_that_the_target_replaces(
    runner: Runner, go: GoProgram, tmp_path: Path
) -> None:
    root = go_target(tmp_path / "base")
    other = root / "internal" / "other"
    other.mkdir(parents=True)
    (other / "go.mod").write_text("module example.org/other\n")
    (root / "go.mod").write_text(
        GO_MODULE + "\nrequire example.org/other v0.0.0\n\nreplace example.org/other => ./internal/other\n"
    )
    (root / "go.sum").write_text("")
    found = snapshot(root)
    go.download_modules(runner, root)
    assert snapshot(root) == found
