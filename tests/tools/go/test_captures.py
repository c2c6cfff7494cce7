"""Every Go profile of real programs: one waits for a lock, one leaks goroutines, one has spans of its own."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tools.errors import UnreadableOutput
from tools.go.captures import GoProfiler
from tools.go.experiments import find_leak_profile
from tools.go.kinds import KINDS, LEAK, LEAK_EXPERIMENT, TRACE_BYTES
from tools.go.program import GoProgram
from tools.go.toolchain import GoToolchain
from tools.go.tracing.reading import read_trace
from tools.go.workload import choose_workload
from tools.measure.toolchain import Build, Capture
from tools.measure.workload import Workload
from tools.profiles.pprof import read_pprof
from tools.profiles.profile import Profile
from tools.run.process import Runner

pytestmark = pytest.mark.slow
PROFILED = Path(__file__).with_name("data") / "profiled"
HELD_S = 0.01
"""How long the lock of data/profiled/lock is held while somebody waits."""
SENDERS, RETRIERS = 7, 3
"""Goroutines that data/profiled/cmd/leak leaves over."""


class Target:
    """A workload of the fixture, built once, and its captures by the profiler's name."""

    def __init__(self, toolchain: GoToolchain, workload: Workload, build: Build, out: Path) -> None:
        self.workload, self.toolchain, self.build, self.out = workload, toolchain, build, out

    def capture(self, name: str, seconds: float = 0.3) -> Capture:
        (profiler,) = [p for p in self.toolchain.profilers if p.name == name]
        assert profiler.unavailable() is None
        return profiler.capture(self.build, self.workload, seconds=seconds, out=self.out)


@pytest.fixture(scope="module")
def toolchain(runner: Runner, go: GoProgram) -> GoToolchain:
    return GoToolchain(runner, go, 2)


def target(toolchain: GoToolchain, tmp_path: Path, *, bench: str | None = None, command: str = "") -> Target:
    root = Path(shutil.copytree(PROFILED, tmp_path / "profiled"))
    workload = choose_workload(
        toolchain.runner, toolchain.go, root, "", bench=bench, command=[command] if command else (), sizes=(),
        processors=2,
    )  # fmt: skip
    return Target(toolchain, workload, toolchain.build(root, workload), tmp_path / "out")


@pytest.fixture(scope="module")
def lock(toolchain: GoToolchain, tmp_path_factory: pytest.TempPathFactory) -> Target:
    return target(toolchain, tmp_path_factory.mktemp("lock"), bench="^Wait$")


@pytest.fixture(scope="module")
def leak(toolchain: GoToolchain, tmp_path_factory: pytest.TempPathFactory) -> Target:
    return target(toolchain, tmp_path_factory.mktemp("leak"), command="./cmd/leak")


@pytest.fixture(scope="module")
def spans(toolchain: GoToolchain, tmp_path_factory: pytest.TempPathFactory) -> Target:
    return target(toolchain, tmp_path_factory.mktemp("spans"), command="./cmd/spans")


def under(profile: Profile, value: str, function: str) -> int:
    """What passes through a function."""
    column = profile.values[:, profile.column(value)]
    wanted = {i for i, f in enumerate(profile.functions) if f.name == function}
    return sum(
        int(column[i])
        for i in range(profile.samples)
        if any(
            int(profile.frame_function[f]) in wanted
            for f in profile.frame_ids[profile.offsets[i] : profile.offsets[i + 1]]
        )
    )


def test_a_lock_that_is_waited_for_is_charged_to_who_held_it(lock: Target) -> None:
    capture = lock.capture("go-mutex")
    assert (capture.view, capture.value) == ("contention", "delay")
    held = "example.com/profiled/lock.(*Shared).hold"
    waits = under(capture.profile, "contentions", held)
    assert waits >= 5
    assert under(capture.profile, "delay", held) >= 0.9 * waits * HELD_S * 1e9
    total_s, unit = capture.quantities["total_delay"]
    assert unit == "s"
    assert total_s >= 0.9 * waits * HELD_S
    watched_s = capture.quantities["watched"][0]
    assert capture.quantities["mean_waiting_goroutines"][0] == pytest.approx(total_s / watched_s)
    assert read_pprof(capture.profile_path).total("delay") == capture.profile.total("delay")


def test_a_cpu_profile_shows_nothing_of_the_wait(lock: Target) -> None:
    """Why contention needs a profile of its own."""
    capture = lock.capture("go-cpu")
    assert capture.quantities["total_cpu"][0] < 0.5 * lock.capture("go-mutex").quantities["total_delay"][0]


def test_waits_are_charged_to_who_waited(lock: Target) -> None:
    capture = lock.capture("go-block")
    assert capture.view == "goroutines"  # idle workers would lead a ranking of contention
    waited = under(capture.profile, "delay", "example.com/profiled/lock.(*Shared).Wait")
    assert waited >= 0.9 * HELD_S * 1e9 * 5


def test_leaked_goroutines_are_counted_apart_from_those_that_try_again(leak: Target) -> None:
    capture = leak.capture("go-goroutine-leak")
    assert capture.quantities["total_goroutineleak"] == (SENDERS, "count")
    assert under(capture.profile, "goroutineleak", "main.send") == SENDERS
    assert under(capture.profile, "goroutineleak", "main.retry") == 0
    added = capture.quantities["goroutines_at_end"][0] - capture.quantities["goroutines_at_start"][0]
    assert added == SENDERS + RETRIERS
    (warning,) = capture.warnings
    assert warning.startswith(f"{RETRIERS} goroutines ")
    both = leak.capture("go-goroutine")
    assert under(both.profile, "goroutine", "main.retry") == RETRIERS


def test_a_program_without_leaks_has_an_empty_profile_and_no_doubt(spans: Target) -> None:
    capture = spans.capture("go-goroutine-leak")
    assert capture.quantities["total_goroutineleak"] == (0, "count")
    assert capture.warnings == ()
    assert capture.profile_path.is_file()


def test_a_test_main_that_ends_by_exit_leaves_its_profiles(toolchain: GoToolchain, tmp_path: Path) -> None:
    """It stands in the external test package, starts a goroutine that leaks, and calls os.Exit."""
    ends = target(toolchain, tmp_path, bench="^Nothing$")
    before = (ends.build.root / "ends" / "ends_test.go").read_bytes()
    capture = ends.capture("go-goroutine-leak", seconds=0.1)
    assert capture.quantities["total_goroutineleak"] == (1, "count")
    assert any(f.name.endswith("ends_test.TestMain.func1") for f in capture.profile.functions)
    assert ends.capture("go-runtime", seconds=0.1).quantities["gomaxprocs"] == (2, "count")
    assert (ends.build.root / "ends" / "ends_test.go").read_bytes() == before


def test_the_runtimes_figures_stand_beside_its_threads(lock: Target, spans: Target) -> None:
    capture = lock.capture("go-runtime")
    assert (capture.view, capture.value) == ("threads", "threadcreate")
    assert capture.quantities["total_threadcreate"][0] >= 1
    assert capture.quantities["mutex_wait"][1] == "s"
    assert capture.quantities["heap_goal"][1] == "B"
    assert 0 <= capture.quantities["gc_cpu_share"][0] <= 1
    once = spans.capture("go-runtime").quantities
    assert once["gc_forced_cycles"] == (1, "count")
    assert once["gc_pause_count"] == (2, "count")  # each collection stops the program twice
    assert 0 < once["gc_pause_p50"][0] <= once["gc_pause_p99"][0] <= once["gc_pause_max"][0] < 1


def test_an_execution_trace_gives_waits_pauses_and_a_file(
    spans: Target, runner: Runner, go: GoProgram
) -> None:
    capture = spans.capture("go-trace")
    assert capture.quantities["gc_cycles"] == (1, "count")
    assert capture.quantities["gc_pauses"] == (2, "count")
    assert 0 < capture.quantities["gc_pause_share"][0] < 1
    assert capture.quantities["trace_duration"][0] >= 0.02
    assert capture.quantities["sched_latency_count"][0] > 0
    assert capture.profile.total("sched_delay") > 0
    kept = capture.profile_path.with_name("go-trace.trace")
    assert [t.name for t in read_trace(runner, go, kept).tasks] == ["first", "second"]


def test_a_trace_of_benchmarks_sees_who_waited_for_the_lock(lock: Target) -> None:
    capture = lock.capture("go-trace", seconds=0.1)
    waited = under(capture.profile, "sync_delay", "example.com/profiled/lock.(*Shared).Wait")
    assert waited >= 0.9 * HELD_S * 1e9
    assert capture.quantities["sync_wait"][0] >= waited / 1e9


def test_a_trace_that_grows_is_stopped_and_still_whole(toolchain: GoToolchain, tmp_path: Path) -> None:
    busy = target(toolchain, tmp_path, bench="^Switch$")
    capture = busy.capture("go-trace")
    assert any(w.startswith("the trace was stopped after 0.") for w in capture.warnings)
    assert TRACE_BYTES < capture.profile_path.with_name("go-trace.trace").stat().st_size < 2 * TRACE_BYTES
    assert capture.quantities["trace_events"][0] > 100_000


def test_custom_metrics_are_values_with_their_units(lock: Target) -> None:
    (benchmark,) = lock.workload.benchmarks
    sample = lock.toolchain.sample(lock.build, benchmark, 3)
    assert sample.values["turns/op"] == 2
    assert sample.values["B-kept"] == 2.5e6


def test_a_program_that_is_ended_early_is_said_to_be(toolchain: GoToolchain, tmp_path: Path) -> None:
    fatal = target(toolchain, tmp_path, command="./cmd/leak")
    main = fatal.build.root / "cmd" / "leak" / "main.go"
    main.write_text(main.read_text().replace("os.Exit(0)", "syscall.Exit(0)").replace('"os"', '"syscall"'))
    with pytest.raises(UnreadableOutput, match="go-mutex: no profile was written: the program ended before"):
        fatal.capture("go-mutex")
    with pytest.raises(UnreadableOutput, match=r"holds no event: .* let the program stop it before it ends"):
        fatal.capture("go-trace")


def test_the_leak_profile_is_asked_for_of_the_toolchain(
    runner: Runner, go: GoProgram, tmp_path: Path
) -> None:
    assert find_leak_profile(runner, go).experiment in ("", LEAK_EXPERIMENT)
    older = GoProgram(path=go.path, version=go.version, root=tmp_path, build_cache=go.build_cache,
                      module_cache=go.module_cache, race_detector=False)  # fmt: skip
    profiler = GoProfiler(kind=LEAK, runner=runner, go=older, processors=1)
    assert "Go 1.26 or newer" in (profiler.unavailable() or "")


def test_every_kind_has_a_name_of_its_own(toolchain: GoToolchain) -> None:
    names = [p.name for p in toolchain.profilers]
    assert names == [kind.name for kind in KINDS]
    assert len(set(names)) == len(names)
