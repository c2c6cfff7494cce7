"""What goroutines wait for, from their stacks; labels and what each of their values costs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tools.profiles.builder import ProfileBuilder
from tools.profiles.pprof import read_pprof
from tools.profiles.profile import Function, Profile, ValueType
from tools.profiles.reading import read_profile
from tools.profiles.states import RUNNING, UNKNOWN, goroutine_states
from tools.profiles.tags import cost_by_label


def goroutines(*stacks: str) -> Profile:
    """Stacks such as `runtime.gopark < main.main = 3`, leaf first."""
    builder = ProfileBuilder([ValueType(name="goroutine", unit="count")])
    for text in stacks:
        stack, _, amount = text.partition(" = ")
        builder.add([(Function(name=name, file=""), 0) for name in stack.split(" < ") if name], [int(amount)])
    return builder.build()


def test_the_goroutines_of_a_real_program_wait_where_they_were_seen(data: Path) -> None:
    found = goroutine_states(read_pprof(data / "go1.26-goroutine.pb.gz"), "goroutine")
    assert [(g.name, g.value, g.place) for g in found] == [
        ("chan receive", 12, "main.worker"),
        (RUNNING, 1, "runtime/pprof.writeRuntimeProfile"),
    ]


@pytest.mark.parametrize(
    ("stack", "state"),
    [
        ("runtime.gopark < runtime.chansend < runtime.chansend1 < main.f", "chan send"),
        ("runtime.gopark < runtime.selectgo < main.f", "select"),
        ("runtime.gopark < runtime.netpollblock < internal/poll.runtime_pollWait < net.(*conn).Read", "IO wait"),
        ("runtime.gopark < time.Sleep < main.f", "sleep"),
        ("runtime.gopark < runtime.goparkunlock < runtime.semacquire1 < internal/sync.runtime_SemacquireMutex "
         "< internal/sync.(*Mutex).lockSlow < sync.(*Mutex).Lock < main.f", "sync.Mutex.Lock"),
        ("runtime.gopark < runtime.goparkunlock < runtime.semacquire1 < sync.runtime_SemacquireRWMutexR "
         "< sync.(*RWMutex).RLock < main.f", "sync.RWMutex.RLock"),
        ("runtime.gopark < runtime.semacquire1 < sync.runtime_SemacquireWaitGroup < sync.(*WaitGroup).Wait",
         "sync.WaitGroup.Wait"),
        ("runtime.gopark < sync.runtime_notifyListWait < sync.(*Cond).Wait < main.f", "sync.Cond.Wait"),
        ("runtime.gopark < main.f", UNKNOWN),
        ("syscall.Syscall < syscall.read < os.(*File).Read < main.f", "syscall"),
        ("runtime.notetsleepg < os/signal.signal_recv < os/signal.loop", "syscall"),
        # A function that calls one that parks isn't parked itself.
        ("main.f < runtime.chanrecv", RUNNING),
        ("runtime.chanrecv < main.f", RUNNING),
        ("", RUNNING),
    ],
)  # fmt: skip
def test_a_state_is_told_from_what_stands_below_gopark(stack: str, state: str) -> None:
    (found,) = goroutine_states(goroutines(f"{stack} = 2"), "goroutine")
    assert (found.name, found.value) == (state, 2)


def test_reasons_far_from_the_leaf_are_somebody_elses() -> None:
    far = " < ".join(["runtime.gopark", *(f"main.f{n}" for n in range(9)), "time.Sleep"])
    assert goroutine_states(goroutines(f"{far} = 1"), "goroutine")[0].name == UNKNOWN


def test_only_goroutines_have_states(stacks: Callable[..., Profile]) -> None:
    with pytest.raises(KeyError, match="counts no goroutines"):
        goroutine_states(stacks("main main.go:1 = 1"), "cpu")


def test_threads_of_a_python_program_and_where_each_spends_its_time(data: Path) -> None:
    profile = read_profile(data / "py-spy-0.4.3.raw.txt")
    found = cost_by_label(profile, "thread", "samples")
    assert sum(g.value for g in found) == profile.total("samples")
    assert [g.value for g in found] == sorted((g.value for g in found), reverse=True)
    assert {g.name for g in found} == set(profile.labels["thread"])
    for group in found:
        rows = [n for n, name in enumerate(profile.labels["thread"]) if name == group.name]
        by_leaf: dict[Function, int] = {}
        for n in rows:
            if profile.offsets[n] == profile.offsets[n + 1]:
                continue  # py-spy saw the thread and no frame of it
            leaf = profile.functions[profile.frame_function[profile.frame_ids[profile.offsets[n]]]]
            by_leaf[leaf] = by_leaf.get(leaf, 0) + int(profile.values[n, 0])
        most = max(by_leaf.values())
        assert (group.rows, group.place_value) == (len(rows), most)
        assert group.place in {f.name for f, amount in by_leaf.items() if amount == most}


def test_a_label_that_is_not_there_is_an_error_that_names_those_there_are(data: Path) -> None:
    with pytest.raises(KeyError, match="no label 'tread' in this profile; it has process, thread"):
        cost_by_label(read_profile(data / "py-spy-0.4.3.raw.txt"), "tread", "samples")
