"""A recorded trace is read whole or refused; what it tells agrees with the profiles that Go makes of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.errors import UnreadableOutput
from tools.go.program import GoProgram
from tools.go.tracing.profiles import trace_profile, trace_profiles
from tools.go.tracing.reading import TraceLimits, read_trace
from tools.run.process import Runner

pytestmark = pytest.mark.slow
RECORDED = Path(__file__).parents[1] / "data" / "traces" / "spans-go1.26.8.trace"
PART_S = 0.01
"""How long each part of data/profiled/cmd/spans sleeps."""


def test_the_programs_own_spans_are_found(runner: Runner, go: GoProgram) -> None:
    found = read_trace(runner, go, RECORDED)
    assert [t.name for t in found.tasks] == ["first", "second"]
    assert sorted(r.name for r in found.regions) == sorted(["render", 'inner "quoted"\n', "fetch"] * 2)
    for number, region in enumerate(found.regions):
        assert region.end_s - region.start_s >= PART_S
        assert region.task in {t.id for t in found.tasks}
        inside = [r for r in found.regions if r.parent == number]
        assert [r.name for r in inside] == (['inner "quoted"\n'] if region.name == "render" else [])
    first, second = found.tasks
    assert first.end_s <= second.start_s
    assert found.duration_s >= 2 * PART_S
    assert found.warnings == ()


def test_goroutines_collections_and_pauses_are_those_of_the_program(runner: Runner, go: GoProgram) -> None:
    found = read_trace(runner, go, RECORDED)
    (helpers,) = [g for g in found.goroutines if g.function == "main.request.func1"]
    assert helpers.count == 2
    assert helpers.created_at.startswith("main.request (main.go:")
    assert helpers.blocked_s["sleep"] >= 2 * PART_S
    assert found.gc_cycles == 1
    assert {p.reason for p in found.pauses if p.is_collection} == {
        "GC sweep termination",
        "GC mark termination",
    }
    assert 0 < found.gc_pause_max_s <= found.gc_pause_s < found.duration_s
    assert 0 < found.gc_pause_share < 1


def test_waiting_agrees_with_gos_own_profiles(runner: Runner, go: GoProgram) -> None:
    """The profiles leave out what a goroutine waited before it first ran, and what goes on at the trace's end."""
    found = read_trace(runner, go, RECORDED)
    sync = trace_profile(runner, go, RECORDED, "sync")
    all_sync_s = sum(g.sync_blocked_s for g in found.goroutines)
    assert 0 < sync.total("delay") / 1e9 <= all_sync_s
    sched = trace_profile(runner, go, RECORDED, "sched")
    assert 0 < sched.total("contentions") <= found.scheduling.count
    assert 0 < sched.total("delay") / 1e9 <= found.scheduling.total_s
    assert found.scheduling.total_s <= sum(g.scheduler_wait_s for g in found.goroutines)
    together = trace_profiles(runner, go, RECORDED)
    assert together.total("sync_delay") == sync.total("delay")
    assert together.total("sched_delay") == sched.total("delay")
    assert together.total("net_delay") == 0


@pytest.mark.parametrize("part", [0.001, 0.01, 0.3, 0.7, 0.99])
def test_a_trace_that_is_cut_off_is_refused(
    runner: Runner, go: GoProgram, tmp_path: Path, part: float
) -> None:
    content = RECORDED.read_bytes()
    cut = tmp_path / "cut.trace"
    cut.write_bytes(content[: int(len(content) * part)])
    with pytest.raises(UnreadableOutput, match=r"cut\.trace: "):
        read_trace(runner, go, cut)
    with pytest.raises(UnreadableOutput, match=r"cut\.trace: "):
        trace_profile(runner, go, cut, "sync")


def test_a_damaged_trace_is_refused_in_gos_words(runner: Runner, go: GoProgram, tmp_path: Path) -> None:
    bad = tmp_path / "bad.trace"
    bad.write_bytes(RECORDED.read_bytes()[:16] + bytes(range(200)))
    with pytest.raises(UnreadableOutput, match=r"cut off or damaged: go tool trace says: .*batch"):
        read_trace(runner, go, bad)


def test_the_head_alone_is_no_trace(runner: Runner, go: GoProgram, tmp_path: Path) -> None:
    """`go tool trace` reads it without a complaint."""
    head = tmp_path / "head.trace"
    head.write_bytes(RECORDED.read_bytes()[:16])
    with pytest.raises(UnreadableOutput, match="holds no event"):
        read_trace(runner, go, head)


def test_other_files_and_large_ones_are_refused_before_anything_runs(
    runner: Runner, go: GoProgram, tmp_path: Path
) -> None:
    page = tmp_path / "page.html"
    page.write_text("<html>")
    with pytest.raises(UnreadableOutput, match=r"no Go execution trace .*go test -trace"):
        read_trace(runner, go, page)
    with pytest.raises(UnreadableOutput, match="can't be read: No such file"):
        read_trace(runner, go, tmp_path / "missing")
    with pytest.raises(UnreadableOutput, match=r"at most 1024 bytes.*shorter time"):
        read_trace(runner, go, RECORDED, TraceLimits(file_bytes=1024))
    with pytest.raises(UnreadableOutput, match="too large to read"):
        read_trace(runner, go, RECORDED, TraceLimits(text_bytes=1024))
