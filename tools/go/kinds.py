"""The profiles that Go programs can write of themselves: what each is about and how a process is told to write it."""

from __future__ import annotations

from dataclasses import dataclass

from tools.measure.toolchain import ProfileView

HEAP_RATE_BYTES = 64 * 1024
BLOCK_RATE_NS = 10_000
"""Waits of this length and longer are all seen, shorter ones in proportion; the runtime corrects the totals."""
TRACE_BYTES = 2 * 1024**2
"""Where our overlay stops a trace: some 400,000 events, which take a few seconds to read."""
LEAK_EXPERIMENT = "goroutineleakprofile"
"""A Go whose builds don't have the profile may have it under this GOEXPERIMENT. Source: Go 1.26 release notes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GoKind:
    """One kind of profile.

    `name` is the profiler's, `value` what the view is about. `lookup` is the runtime's name; what a process leaves is
    the file `file`. `flags` are the options with which a test binary writes it (`{}` is the file); where there are
    none, and in commands, our overlay does. `experiment` is the GOEXPERIMENT it may need. `repeats`: a command that is
    too short is run again, because what is sampled needs time.
    """

    name: str
    view: ProfileView
    value: str
    lookup: str
    flags: tuple[str, ...] = ()
    experiment: str = ""
    repeats: bool = False

    @property
    def file(self) -> str:
        """The name of the file that a process leaves."""
        return "trace" if self.lookup == "trace" else f"{self.lookup}.pb.gz"


CPU = GoKind(
    name="go-cpu", view="cpu", value="cpu", lookup="cpu", flags=("-test.cpuprofile={}",), repeats=True
)
HEAP = GoKind(
    name="go-heap",
    view="memory",
    value="alloc_space",
    lookup="allocs",
    flags=("-test.memprofile={}", f"-test.memprofilerate={HEAP_RATE_BYTES}"),
)
GOROUTINE = GoKind(name="go-goroutine", view="goroutines", value="goroutine", lookup="goroutine")
RUNTIME = GoKind(name="go-runtime", view="threads", value="threadcreate", lookup="threadcreate")
MUTEX = GoKind(
    name="go-mutex",
    view="contention",
    value="delay",
    lookup="mutex",
    flags=("-test.mutexprofile={}", "-test.mutexprofilefraction=1"),
)
BLOCK = GoKind(
    # Of the view "goroutines": that a worker waits for work costs nothing, and would lead a ranking of contention.
    name="go-block",
    view="goroutines",
    value="delay",
    lookup="block",
    flags=("-test.blockprofile={}", f"-test.blockprofilerate={BLOCK_RATE_NS}"),
)
LEAK = GoKind(
    name="go-goroutine-leak",
    view="goroutines",
    value="goroutineleak",
    lookup="goroutineleak",
    experiment=LEAK_EXPERIMENT,
)
# Not by -test.trace, which goes on to the end: a busy program writes 20 MiB in a second, which take minutes to read.
TRACE = GoKind(name="go-trace", view="goroutines", value="sync_delay", lookup="trace")
KINDS = (CPU, HEAP, GOROUTINE, RUNTIME, MUTEX, BLOCK, LEAK, TRACE)
"""In the order in which they are captured."""
