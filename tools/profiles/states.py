"""What goroutines wait for, told from where their stacks stand: a pprof file doesn't record the state itself.

A parked goroutine's innermost frame is runtime.gopark; what called it says why it parked. That is derived: the words
are those of a traceback where the frames tell them apart. A goroutine that isn't parked runs, could run, or is in a
system call.

Source: Go 1.26, runtime/proc.go, runtime/runtime2.go (waitReasonStrings), runtime/sema.go.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from tools.profiles.profile import IntArray, Profile
from tools.profiles.queries import BoolArray
from tools.profiles.tags import GroupCost, group_costs

VALUES = ("goroutine", "goroutines", "goroutineleak")
"""The values of profiles whose samples are goroutines."""
RUNNING = "running or runnable"
UNKNOWN = "parked, unknown why"
_LOOKED_AT = 8
"""Frames from the leaf up within which the reason stands."""
_PARKS = ("runtime.gopark", "runtime.goparkunlock", "runtime.park_m")
_REASONS: Mapping[str, str] = {
    "runtime.chanrecv": "chan receive",
    "runtime.chansend": "chan send",
    "runtime.selectgo": "select",
    "runtime.block": "select (no cases)",
    "runtime.netpollblock": "IO wait",
    "internal/poll.runtime_pollWait": "IO wait",
    "time.Sleep": "sleep",
    "runtime.timeSleep": "sleep",
    "sync.runtime_SemacquireMutex": "sync.Mutex.Lock",
    "internal/sync.runtime_SemacquireMutex": "sync.Mutex.Lock",
    "sync.runtime_SemacquireRWMutexR": "sync.RWMutex.RLock",
    "sync.runtime_SemacquireRWMutex": "sync.RWMutex.Lock",
    "sync.runtime_SemacquireWaitGroup": "sync.WaitGroup.Wait",
    "sync.runtime_notifyListWait": "sync.Cond.Wait",
    "sync.runtime_Semacquire": "semacquire",
    "internal/poll.runtime_Semacquire": "semacquire",
    "runtime.bgsweep": "the runtime's own",
    "runtime.bgscavenge": "the runtime's own",
    "runtime.forcegchelper": "the runtime's own",
    "runtime.gcBgMarkWorker": "the runtime's own",
    "runtime.runfinq": "the runtime's own",
    "runtime.runFinalizers": "the runtime's own",
    "runtime.runCleanups": "the runtime's own",
}
_CALLS = (
    "syscall.Syscall", "syscall.Syscall6", "syscall.RawSyscall", "syscall.RawSyscall6", "syscall.rawSyscallNoError",
    "syscall.runtime_entersyscall", "internal/runtime/syscall.Syscall6", "internal/runtime/syscall/linux.Syscall6",
    "runtime/internal/syscall.Syscall6", "runtime.cgocall", "runtime.entersyscall", "runtime.notetsleepg",
)  # fmt: skip
_PLUMBING = ("runtime.", "runtime/internal/", "internal/", "sync.", "syscall.", "time.Sleep")


def goroutine_states(profile: Profile, value: str) -> tuple[GroupCost, ...]:
    """Goroutines by what they wait for, the most first; each group's place is where it mostly stands.

    The place is the innermost function outside of the runtime and what it is called through. Raises: KeyError when
    `value` isn't one of goroutines.
    """
    if value not in VALUES:
        raise KeyError(f"{value!r} counts no goroutines: their states are told of {', '.join(VALUES)}")
    names = (RUNNING, UNKNOWN, "syscall", *dict.fromkeys(_REASONS.values()))
    groups = _states(profile, {name: n for n, name in enumerate(names)})
    found = group_costs(profile, groups, names, _places(profile), value)
    return tuple(group for group in found if group.rows)


def _states(profile: Profile, numbers: Mapping[str, int]) -> IntArray:
    """For each sample the number of its goroutines' state."""
    reasons = _by_frame(profile, [numbers.get(_REASONS.get(f.name, ""), -1) for f in profile.functions])
    parks = _by_frame(profile, [f.name in _PARKS for f in profile.functions]).astype(np.bool_)
    calls = _by_frame(profile, [f.name in _CALLS for f in profile.functions]).astype(np.bool_)
    starts, ends = profile.offsets[:-1], profile.offsets[1:]
    found = np.full(profile.samples, numbers[RUNNING], dtype=np.int64)
    filled = np.flatnonzero(ends > starts)
    parked = filled[parks[profile.frame_ids[starts[filled]]]]
    found[parked] = numbers[UNKNOWN]
    undecided, others = parked, np.setdiff1d(filled, parked)
    for level in range(_LOOKED_AT):
        undecided, others = (rows[starts[rows] + level < ends[rows]] for rows in (undecided, others))
        reason = reasons[profile.frame_ids[starts[undecided] + level]]
        told = reason >= 0
        found[undecided[told]] = reason[told]
        undecided = undecided[~told]
        called = calls[profile.frame_ids[starts[others] + level]]
        found[others[called]] = numbers["syscall"]
        others = others[~called]
    return found


def _by_frame(profile: Profile, of_functions: list[int] | list[bool]) -> IntArray:
    return np.array(of_functions, dtype=np.int64)[profile.frame_function]


def _places(profile: Profile) -> IntArray:
    """For each sample the innermost function that isn't the runtime's plumbing, -1 without one."""
    plumbing: BoolArray = _by_frame(
        profile, [f.name.startswith(_PLUMBING) and f.name != "runtime.main" for f in profile.functions]
    ).astype(np.bool_)
    entries = np.flatnonzero(~plumbing[profile.frame_ids])[::-1]
    rows = np.searchsorted(profile.offsets, entries, side="right") - 1
    found = np.full(profile.samples, -1, dtype=np.int64)
    found[rows] = profile.frame_function[
        profile.frame_ids[entries]
    ]  # from the root to the leaf: the last one stays
    return found
