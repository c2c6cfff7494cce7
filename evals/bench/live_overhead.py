"""What each profiler costs the program that it looks at: by us, by hand, and without, in turns of random order."""

from __future__ import annotations

import importlib.metadata
import math
import random
import shutil
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import numpy as np

from evals.bench.figure import Conditions, Figure
from tools.errors import ProgramFailed, ToolError
from tools.go.program import GoProgram, find_go
from tools.live.endpoint import Endpoint
from tools.live.processes import cpu_seconds
from tools.live.sockets import pid_listening_on
from tools.live.trials.load import steady_load
from tools.live.trials.service_runs import SERVICE, build_service, running
from tools.measure.statistics import paired_interval
from tools.python.attaching import RATE_HZ, PySpyAttached
from tools.python.running import INSIDE
from tools.python.spying import find_py_spy
from tools.run.process import Limits, Runner
from tools.run.sandbox import NoSandbox

ROUNDS = 9
WINDOW_S = 4
RATE = 200.0
MOST_BEYOND_HAND = 0.05
WORK = """\
import pathlib, sys, time

def work(count):
    held = []
    total = 0
    for n in range(count):
        total += n * n % 7
        if n % 20 == 0:
            held.append(str(n))
        if len(held) > 1000:
            held.clear()
    return total

pathlib.Path(sys.argv[1]).touch()
time.sleep(float(sys.argv[3]))  # whoever looks into this process gets ready
clock = getattr(time, sys.argv[4])
started = clock()
work(int(sys.argv[2]))
print(clock() - started)
"""
STEPS = 6_000_000
MEMRAY_STEPS = 1_500_000
READY_S = 1.5
Take = Callable[[], float]
Takes = Mapping[str, Take]


def bench_overhead(conditions: Conditions) -> Iterator[Figure]:
    """py-spy, memray, Go's CPU and heap profile. Raises: ToolError."""
    rounds = conditions.trials or ROUNDS
    with closing(Runner(NoSandbox())) as runner:
        if "python" in conditions.languages:
            yield _figure(
                "py-spy on a running process", _py_spy(runner, conditions.folder), rounds, conditions
            )
            yield _figure("memray", _memray(runner, conditions.folder), rounds, conditions)
        if "go" in conditions.languages:
            yield from _go(runner, rounds, conditions)


def _figure(name: str, takes: Takes, rounds: int, conditions: Conditions) -> Figure:
    """Ratios of the cost with a profiler to the cost without, from rounds in which each way has its turn."""
    draw = random.Random(conditions.seed)  # noqa: S311 - an order, not a secret
    costs: dict[str, list[float]] = {way: [] for way in takes}
    for number in range(rounds):
        conditions.say(f"overhead of {name}: {number + 1} of {rounds}")
        for way in draw.sample(sorted(takes), len(takes)):
            costs[way].append(takes[way]())
    middle = {way: statistics.median(found) for way, found in costs.items()}
    ours, hand = middle["ours"] / middle["without"], middle["by hand"] / middle["without"]
    ratios = np.log(np.array(costs["ours"]) / np.array(costs["by hand"]))
    beyond = paired_interval(ratios, 0.95, conditions.seed)
    shown = ", ".join(f"{math.expm1(bound):+.1%}" for bound in (beyond.low, beyond.high))
    return Figure(
        name=f"overhead of {name}",
        found=f"{ours:.3f} times as without, by hand {hand:.3f} (medians of {rounds}, in turns), ours against that "
        f"{math.expm1(beyond.estimate):+.1%} (95 %: {shown})",
        goal=f"at most {MOST_BEYOND_HAND:.0%} beyond by hand",
        is_met=math.expm1(beyond.estimate) <= MOST_BEYOND_HAND,
        data={"ours": ours, "by_hand": hand, "beyond": math.expm1(beyond.estimate), "costs": costs},
    )


def _py_spy(runner: Runner, folder: Path) -> Takes:
    program = find_py_spy()
    if program is None:
        raise ToolError("py-spy is not installed: pip install py-spy in ask-profiler's environment")
    spy = PySpyAttached(runner=runner, subprocesses=False)

    def by_hand(pid: int) -> None:
        words: list[str | Path] = [
            program,
            "record",
            "--pid",
            str(pid),
            "--duration",
            str(WINDOW_S),
            "--rate",
            str(RATE_HZ),
            "--format",
        ]
        target = folder / "by-hand.txt"
        runner.run([*words, "raw", "--output", target], cwd=folder, confined=False, program="py-spy")

    return {
        "without": lambda: _work(runner, folder, [sys.executable], READY_S, None),
        "by hand": lambda: _work(runner, folder, [sys.executable], READY_S, by_hand),
        "ours": lambda: _work(
            runner, folder, [sys.executable], READY_S, lambda pid: spy.record(pid, WINDOW_S)
        ),
    }


def _memray(runner: Runner, folder: Path) -> Takes:
    """By hand is `memray run` with the same options as ours, which is started by our sitecustomize.

    In processor time: all that memray costs is spent in the process itself.
    """
    importlib.metadata.version("memray")
    hand = [
        sys.executable,
        "-m",
        "memray",
        "run",
        "--quiet",
        "--force",
        "--follow-fork",
        "--trace-python-allocators",
    ]
    recordings = folder / "recordings"
    recordings.mkdir()
    ours = {"PYTHONPATH": str(INSIDE), "ASK_PROFILER_MEMRAY": str(recordings)}

    def take(words: list[str], env: Mapping[str, str]) -> float:
        try:
            return _work(runner, folder, words, 0.0, None, steps=MEMRAY_STEPS, clock="process_time", env=env)
        finally:
            for path in recordings.iterdir():
                path.unlink()

    return {
        "without": lambda: take([sys.executable], {}),
        "by hand": lambda: take([*hand, "--output", str(recordings / "by-hand.bin")], {}),
        "ours": lambda: take([sys.executable], ours),
    }


def _work(
    runner: Runner, folder: Path, words: list[str], ready_s: float, watch: Callable[[int], object] | None, *,
    steps: int = STEPS, clock: str = "perf_counter", env: Mapping[str, str] | None = None,
) -> float:  # fmt: skip
    """The seconds by `clock` that the work took, with `watch` looking into its process meanwhile. Raises: ToolError."""
    program, mark = folder / "work.py", folder / "mark"
    program.write_text(WORK, encoding="utf-8")
    mark.unlink(missing_ok=True)
    argv = [*words, str(program), str(mark), str(steps), str(ready_s), clock]
    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(
            runner.run, argv, cwd=folder, env=env, confined=False, limits=Limits(timeout_s=120)
        )
        if watch is not None:
            while not mark.exists() and not done.done():
                time.sleep(0.01)
            watch(_pid_of(program))
        return float(done.result().stdout.strip().splitlines()[-1])


def _pid_of(program: Path) -> int:
    """The process that runs a program of ours."""
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            try:
                words = (folder / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if str(program).encode() in words[1:]:
                return int(folder.name)
    raise ProgramFailed(f"{program.name} ended before it could be looked into", exit_code=1)


def _go(runner: Runner, rounds: int, conditions: Conditions) -> Iterator[Figure]:
    """The processor time that a service under load takes for each request, while it is captured and while not."""
    go = find_go(runner)
    source = Path(shutil.copytree(SERVICE, conditions.folder / "service"))
    binary = build_service(runner, go, source)
    life_s = 2 * rounds * 3 * (WINDOW_S + 5) + 60
    with (
        running(runner, binary, {"fault": "none", "keys": 200}, conditions.folder, lifetime_s=life_s) as url,
        steady_load(url, "/orders", rate=RATE, seed=conditions.seed),
    ):
        for kind, path in (("profile", f"profile?seconds={WINDOW_S}"), ("heap", "heap?gc=1")):
            takes = _service_takes(runner, go, url, kind, path, conditions.folder)
            yield _figure(f"Go's {kind} from an endpoint", takes, rounds, conditions)


def _service_takes(runner: Runner, go: GoProgram, url: str, kind: str, path: str, folder: Path) -> Takes:
    # Without the watching before a capture: by hand nobody watches either.
    endpoint = Endpoint(url=url, before_s=0.0)

    def by_hand() -> None:
        words: list[str | Path] = [
            go.path,
            "tool",
            "pprof",
            "-proto",
            "-output",
            folder / "by-hand.pb.gz",
            f"{url}/debug/pprof/{path}",
        ]
        env = {"PPROF_TMPDIR": str(folder)}
        runner.run(
            words, cwd=folder, env=env, confined=False, limits=Limits(timeout_s=60), program="go tool pprof"
        )

    return {
        "without": lambda: _cost_per_request(endpoint, lambda: None),
        "by hand": lambda: _cost_per_request(endpoint, by_hand),
        "ours": lambda: _cost_per_request(endpoint, lambda: endpoint.capture(kind, WINDOW_S, folder / "out")),
    }


def _cost_per_request(endpoint: Endpoint, meanwhile: Callable[[], object]) -> float:
    """Processor seconds of the service for each request, over a window that the capture lies in. Raises: ToolError."""
    pid = pid_listening_on(endpoint.address.port)
    before = None if pid is None else cpu_seconds(pid)
    asked = endpoint.expvar().counter("requests")
    started = time.monotonic()
    meanwhile()
    time.sleep(max(0.0, WINDOW_S + 0.5 - (time.monotonic() - started)))
    after = None if pid is None else cpu_seconds(pid)
    answered = endpoint.expvar().counter("requests") - asked
    if before is None or after is None or answered <= 0:
        raise ToolError("the service of the trial ended, or answered nothing")
    return (after - before) / answered
