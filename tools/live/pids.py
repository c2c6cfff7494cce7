"""A process that runs already: Python by py-spy and memray, Go by the pprof endpoint that it listens on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tools.errors import ToolError, UnreadableOutput
from tools.live.cost import CostWatch
from tools.live.endpoint import Endpoint, whole_seconds
from tools.live.processes import Process, children_of, find_process
from tools.live.replies import IMPORT
from tools.live.sockets import listeners_of, shares_network
from tools.live.waiting import sleep_unless
from tools.measure.hostlock import lock_path, measuring_alone
from tools.measure.toolchain import Capture, ProfileView
from tools.profiles.pprof import write_pprof
from tools.python.attaching import PySpyAttached, Recorded
from tools.python.memray_attaching import MemrayAttached
from tools.run.process import Runner

CPU, THREADS, MEMORY = "py-spy", "py-spy-dump", "memray"
VIEWS: dict[str, tuple[ProfileView, str]] = {
    CPU: ("cpu", "cpu"),
    THREADS: ("threads", "threads"),
    MEMORY: ("memory", "peak_space"),
}
PROBE_S = 2.0
WAIT_S = 60.0
FEW_SAMPLES = 50
ENDED = "the process ended after {seconds:.1f} s: the profile holds all that was sampled until then"


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveProcess:
    """A process by its number. With `subprocesses` what it started is looked at, too (Python).

    Header and environment are for a Go program's endpoint (endpoint.py).
    """

    pid: int
    runner: Runner = field(repr=False)
    subprocesses: bool = True
    header_env: str = ""
    environment: dict[str, str] = field(default_factory=dict, repr=False)
    is_cancelled: Callable[[], bool] = field(default=lambda: False, repr=False)

    def process(self) -> Process:
        """What it is. Raises: ToolError saying why it can't be looked into."""
        return find_process(self.pid)

    def kinds(self) -> tuple[str, ...]:
        """What `capture` takes for it. Raises: ToolError."""
        process = self.process()
        if process.language == "go":
            return self.endpoint().kinds()
        self._check_python(process)
        return tuple(kind for kind in VIEWS if kind != MEMORY or self.unavailable(MEMORY) is None)

    def unavailable(self, kind: str) -> str | None:
        """Why a kind can't be captured on this host, with the remedy; None when it can."""
        return MemrayAttached(runner=self.runner).unavailable() if kind == MEMORY else None

    def endpoint(self) -> Endpoint:
        """The pprof endpoint that it listens on, found by asking on loopback. Raises: ToolError with the remedy."""
        if not shares_network(self.pid):
            raise ToolError(
                f"process {self.pid} has a network of its own (a container's): give the URL of its pprof endpoint, "
                "through a published or forwarded port"
            )
        listeners = listeners_of(self.pid)
        for listener in listeners:
            if listener.host is None:
                continue
            host = f"[{listener.host}]" if ":" in listener.host else listener.host
            found = self._asked(f"http://{host}:{listener.port}")
            if found is not None:
                return found
        ports = ", ".join(str(listener.port) for listener in listeners) or "none"
        raise ToolError(
            f"process {self.pid} is a Go program without a pprof endpoint on loopback (it listens on {ports}): "
            f"{IMPORT}; or give the endpoint's URL"
        )

    def capture(self, kind: str, seconds: float, out: Path) -> Capture:
        """One profile, with children; written to `out` when whole. Raises: ToolError."""
        process = self.process()
        if process.language == "go":
            return self.endpoint().capture(kind, seconds, out)
        self._check_python(process)
        if kind not in VIEWS:
            raise ToolError(f"a Python process has no profile {kind!r}: there are {', '.join(VIEWS)}")
        whole_s = whole_seconds(seconds)
        children = children_of(self.pid) if self.subprocesses else ()
        watch = CostWatch(pid=self.pid)
        path = lock_path().with_name(f"ask-profiler-live-pid-{self.pid}.lock")
        with measuring_alone(path, timeout_s=WAIT_S, is_cancelled=self.is_cancelled), watch.around():
            recorded = self._record(kind, whole_s, children)
        if not recorded.profile.samples:
            raise UnreadableOutput(
                f"{kind} saw nothing of process {self.pid}: it was idle all the time, or ended"
            )
        return self._finish(kind, recorded, watch, process, whole_s, len(children), out)

    def _record(self, kind: str, seconds: int, children: tuple[int, ...]) -> Recorded:
        spy = PySpyAttached(runner=self.runner, subprocesses=self.subprocesses)
        if kind == CPU:
            return spy.record(self.pid, seconds)
        if kind == THREADS:
            return spy.dump(self.pid, children)
        return MemrayAttached(runner=self.runner).record(self.pid, seconds, self._wait)

    def _wait(self, seconds: float) -> None:
        sleep_unless(self.is_cancelled, seconds)

    def _finish(
        self,
        kind: str,
        recorded: Recorded,
        watch: CostWatch,
        process: Process,
        seconds: int,
        children: int,
        out: Path,
    ) -> Capture:
        view, value = VIEWS[kind]
        profile = recorded.profile
        out.mkdir(parents=True, exist_ok=True)
        path = out / f"{kind}.pb.gz"
        write_pprof(profile, path)
        doubts = list(watch.doubts)
        quantities = {
            "child_processes": (float(children), "count"),
            **recorded.quantities,
            **watch.quantities,
        }
        if kind == CPU:
            quantities |= {
                "total_cpu": (profile.total("cpu") / 1e9, "s"),
                "stack_samples": (float(profile.total("samples")), "count"),
            }
            doubts += ["few samples: the shares are rough"] * (profile.total("samples") < FEW_SAMPLES)
        if not process.is_running and recorded.duration_s < seconds:
            doubts.append(ENDED.format(seconds=recorded.duration_s))
        return Capture(
            profiler=kind,
            view=view,
            value=value,
            profile=profile,
            profile_path=path,
            argv=recorded.argv,
            tool_version=recorded.tool_version,
            exit_code=0,
            duration_s=recorded.duration_s,
            quantities=quantities,
            warnings=tuple(doubts),
        )

    def _asked(self, url: str) -> Endpoint | None:
        found = Endpoint(
            url=url, header_env=self.header_env, environment=self.environment, is_cancelled=self.is_cancelled
        )
        try:
            return found if found.kinds(within_s=PROBE_S) else None
        except ToolError:  # another port of the program's: not every one speaks HTTP
            return None

    def _check_python(self, process: Process) -> None:
        if process.language != "python":
            raise ToolError(
                f"process {self.pid} ({process.name}) is neither Python nor Go as far as can be seen: give a process "
                "of one of these, or the URL of a pprof endpoint"
            )
