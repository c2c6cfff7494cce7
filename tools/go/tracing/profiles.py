"""The four profiles in an execution trace: what goroutines waited for, by stack.

Source: `go tool trace -pprof=net|sync|syscall|sched` (cmd/trace/pprof.go).
"""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Literal, get_args

import numpy as np

from tools.go.program import GoProgram
from tools.go.tracing.reading import TraceLimits, run_trace_tool
from tools.profiles.combine import combine
from tools.profiles.pprof import PprofLimits, read_pprof
from tools.profiles.profile import Profile, ValueType
from tools.run.process import Runner

TraceProfile = Literal["sync", "sched", "net", "syscall"]
"""Waiting for other goroutines, for a processor, for the network, for the operating system."""
PROFILES: tuple[TraceProfile, ...] = get_args(TraceProfile)
PROFILE_LIMITS = PprofLimits(decompressed_bytes=512 * 1024**2)


def trace_profile(
    runner: Runner, go: GoProgram, path: Path, which: TraceProfile, limits: TraceLimits | None = None
) -> Profile:
    """One of a trace's profiles: `contentions` (how often) and `delay` (nanoseconds), by where it was.

    Raises: UnreadableOutput, ToolError as read_trace.
    """
    with tempfile.TemporaryDirectory(prefix="ask-profiler-") as name:
        out = Path(name) / f"{which}.pb.gz"
        run_trace_tool(runner, go, path, f"-pprof={which}", out, limits or TraceLimits())
        return read_pprof(out, PROFILE_LIMITS)


def trace_profiles(runner: Runner, go: GoProgram, path: Path, limits: TraceLimits | None = None) -> Profile:
    """All four as one profile with the values `sync_delay`, `sched_delay`, `net_delay` and `syscall_delay`.

    Raises: UnreadableOutput, ToolError as read_trace.
    """
    return combine([_widened(trace_profile(runner, go, path, which, limits), which) for which in PROFILES])


def _widened(profile: Profile, which: TraceProfile) -> Profile:
    """A profile whose delay is one of four values, the others zero."""
    values = np.zeros((profile.samples, len(PROFILES)), dtype=np.int64)
    values[:, PROFILES.index(which)] = profile.values[:, profile.column("delay")]
    return replace(
        profile,
        value_types=tuple(ValueType(name=f"{name}_delay", unit="nanoseconds") for name in PROFILES),
        values=values,
        default_value=f"{PROFILES[0]}_delay",
    )
