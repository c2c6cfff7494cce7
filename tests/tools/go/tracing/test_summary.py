"""A trace's text becomes goroutine times, pauses, latencies and spans; what isn't understood is refused by its line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.errors import UnreadableOutput
from tools.go.tracing.quoting import unquoted
from tools.go.tracing.reading import TraceLimits, is_trace, summarise

TRACE = r"""M=-1 P=-1 G=-1 Sync Time=1000 N=1
M=1 P=0 G=-1 StateTransition Time=1000 GoID=1 Undetermined->Running Reason=""
TransitionStack=
	main.main @ 0x1
		/src/main.go:10
	runtime.main @ 0x2
		/go/src/runtime/proc.go:290
M=1 P=0 G=1 StateTransition Time=2000 GoID=7 NotExist->Runnable Reason=""
TransitionStack=
	main.work @ 0x3
		/src/main.go:20

Stack=
	main.start @ 0x4
		/src/main.go:15
	main.main @ 0x5
		/src/main.go:11
M=1 P=0 G=1 TaskBegin Time=2500 ID=1 Parent=0 Type="request"
M=1 P=0 G=1 RegionBegin Time=2600 Task=1 Type="outer \"part\"\n"
M=1 P=0 G=1 RegionBegin Time=2700 Task=1 Type="inner"
M=1 P=0 G=1 RegionEnd Time=2900 Task=1 Type="inner"
M=1 P=0 G=1 StateTransition Time=3000 GoID=1 Running->Waiting Reason="sync"
M=1 P=0 G=-1 StateTransition Time=3500 GoID=7 Runnable->Running Reason=""
M=1 P=0 G=7 RangeBegin Time=4000 Name="GC concurrent mark phase" Scope=None
M=1 P=0 G=7 RangeBegin Time=4000 Name="GC mark assist" Scope=Goroutine(7)
M=1 P=0 G=7 RangeEnd Time=4300 Name="GC mark assist" Scope=Goroutine(7) Attributes=[]
M=1 P=0 G=7 RangeBegin Time=4400 Name="stop-the-world (GC mark termination)" Scope=Goroutine(7)
M=1 P=0 G=7 RangeEnd Time=4900 Name="stop-the-world (GC mark termination)" Scope=Goroutine(7) Attributes=[]
M=1 P=0 G=7 RangeEnd Time=5000 Name="GC concurrent mark phase" Scope=None Attributes=[]
M=1 P=0 G=7 StateTransition Time=6000 GoID=7 Running->Syscall Reason=""
M=1 P=0 G=7 StateTransition Time=8000 GoID=7 Syscall->Running Reason=""
M=1 P=0 G=7 StateTransition Time=9000 GoID=1 Waiting->Runnable Reason=""
M=1 P=0 G=1 StateTransition Time=9100 GoID=1 Runnable->Running Reason=""
M=1 P=0 G=1 StateTransition Time=9100 GoID=1 Running->Runnable Reason="runtime.Gosched"
M=1 P=0 G=7 StateTransition Time=9500 GoID=7 Running->NotExist Reason=""
M=1 P=0 G=-1 StateTransition Time=10000 GoID=1 Runnable->Running Reason=""
M=1 P=0 G=1 StateTransition Time=10000 ProcID=0 Running->Idle Reason=""
M=1 P=0 G=1 RegionEnd Time=10500 Task=1 Type="outer \"part\"\n"
M=1 P=0 G=1 TaskEnd Time=10800 ID=1 Parent=0 Type="request"
M=1 P=0 G=1 Metric Time=11000 Name="/memory/classes/heap/objects:bytes" Value=4096
"""
US = pytest.approx


def lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)


def test_each_goroutines_time_is_told_by_what_it_did() -> None:
    found = summarise(lines(TRACE))
    assert found.duration_s == US(10e-6)
    assert found.created == 1
    main, work = sorted(found.goroutines, key=lambda g: g.function, reverse=True)
    assert (main.function, main.created_at, main.count) == ("runtime.main", "", 1)
    assert main.execution_s == US(3e-6)  # 1000 to 3000, and the last microsecond
    assert main.blocked_s == {"sync": US(6e-6)}
    assert main.sync_blocked_s == US(6e-6)
    assert main.scheduler_wait_s == US(1e-6)
    assert (work.function, work.created_at) == ("main.work", "main.start (main.go:15)")
    assert work.scheduler_wait_s == US(1.5e-6)
    assert work.execution_s == US(4e-6)
    assert work.syscall_s == US(2e-6)
    assert work.assist_s == US(0.3e-6)
    assert not main.is_runtime


def test_pauses_collections_and_latencies_are_exact() -> None:
    found = summarise(lines(TRACE))
    (pause,) = found.pauses
    assert (pause.reason, pause.count, pause.is_collection) == ("GC mark termination", 1, True)
    assert (pause.total_s, pause.max_s) == US((0.5e-6, 0.5e-6))
    assert (found.gc_cycles, found.collecting_s) == US((1, 1e-6))
    assert found.gc_pause_share == US(0.05)
    assert found.scheduling.count == 2
    # Not the microsecond after runtime.Gosched: whoever steps aside asks to wait.
    assert (found.scheduling.max_s, found.scheduling.total_s) == US((1.5e-6, 1.6e-6))


def test_tasks_and_regions_are_spans_that_nest() -> None:
    found = summarise(lines(TRACE))
    (task,) = found.tasks
    assert (task.name, task.parent, task.goroutine, task.is_complete) == ("request", None, 1, True)
    assert (task.start_s, task.end_s) == US((1.5e-6, 9.8e-6))
    outer, inner = found.regions
    assert (outer.name, outer.task, outer.parent) == ('outer "part"\n', 1, None)
    assert (inner.name, inner.task, inner.parent) == ("inner", 1, 0)
    assert (inner.start_s, inner.end_s) == US((1.7e-6, 1.9e-6))
    assert found.warnings == ()


def test_spans_that_the_trace_cuts_are_told() -> None:
    cut = "".join(
        line for line in lines(TRACE) if "RegionEnd Time=10500" not in line and "TaskBegin" not in line
    )
    found = summarise(lines(cut))
    assert [t.is_complete for t in found.tasks] == [False]
    assert (found.tasks[0].start_s, found.regions[0].end_s) == US((0.0, 10e-6))
    assert found.warnings


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "holds no event"),
        ("hello\n", "line 1 of .* isn't understood: 'hello'"),
        ("\tmain.main @ 0x1\n", "line 1"),
        ("M=1 P=0 G=1\n", "line 1"),
        (TRACE + "M=x\n", "line 41"),
        (
            'M=1 P=0 G=1 StateTransition Time=9 GoID=1 NotExist->Runnable Reason=""\nStack=\n\tnoaddress\n',
            "isn't understood: 'noaddress'",
        ),
        (
            'M=1 P=0 G=1 StateTransition Time=9 GoID=1 Undetermined->Running Reason=""\n'
            'M=1 P=0 G=1 StateTransition Time=3 GoID=1 Running->Runnable Reason=""\n',
            "time runs backwards",
        ),
    ],
)
def test_text_that_is_no_trace_is_refused(text: str, said: str) -> None:
    with pytest.raises(UnreadableOutput, match=said):
        summarise(lines(text))


def test_too_many_events_are_refused_and_not_cut() -> None:
    with pytest.raises(UnreadableOutput, match="over 5 events"):
        summarise(lines(TRACE), TraceLimits(events=5))


@given(
    st.lists(st.tuples(st.sampled_from(["Running", "Runnable", "Waiting", "Syscall"]), st.integers(1, 1000)))
)
def test_all_of_a_goroutines_time_is_told_once(steps: list[tuple[str, int]]) -> None:
    """Whatever a goroutine does, its kinds of time add up to the time it was there."""
    now, state = 100, "Running"
    text = [f'M=1 P=0 G=-1 StateTransition Time={now} GoID=1 Undetermined->{state} Reason=""\n']
    for new, lasted in steps:
        now += lasted
        reason = "select" if new == "Waiting" else ""
        text.append(f'M=1 P=0 G=-1 StateTransition Time={now} GoID=1 {state}->{new} Reason="{reason}"\n')
        state = new
    (group,) = summarise(text).goroutines
    told = group.execution_s + group.scheduler_wait_s + group.syscall_s + sum(group.blocked_s.values())
    assert told == pytest.approx((now - 100) / 1e9)


@pytest.mark.parametrize(
    ("inside", "text"),
    [("plain", "plain"), (r"\"a\"\n", '"a"\n'), (r"\x1b[31m", "\x1b[31m"), (r"\u202e", "\u202e"),
     (r"\U0001f600", "\U0001f600"), (r"\xff", "\ufffd"), (r"\\n", r"\n")],
)  # fmt: skip
def test_quoted_names_are_what_the_program_wrote(inside: str, text: str) -> None:
    assert unquoted(inside) == text


def test_a_trace_is_known_by_how_it_begins() -> None:
    assert is_trace(b"go 1.26 trace\0\0\0")
    assert is_trace(b"go 1.5 trace\0\0\0\0")
    assert not is_trace(b"<html>")
    assert not is_trace(b"go 1.26 tracing")
