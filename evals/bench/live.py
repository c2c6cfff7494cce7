"""Leaks in a live Go service under steady load: found within a minute, and none seen in a healthy one."""

from __future__ import annotations

import random
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

from evals.bench.figure import Conditions, Figure
from tools.errors import ToolError
from tools.go.program import find_go
from tools.live.endpoint import Endpoint
from tools.live.findings import Finding
from tools.live.leaks import watch_for_leaks
from tools.live.trials.load import steady_load
from tools.live.trials.service_runs import SERVICE, build_service, running
from tools.run.process import Runner
from tools.run.sandbox import NoSandbox

RATE = 100.0
"""Requests a second."""
WATCHED_S = 50.0
"""With what comes before and after the looks it stays below the minute that is the goal."""
GOAL_S = 60.0
HEALTHY_RUNS = 20
FAULTS: Mapping[str, tuple[str, float, str]] = {
    "blocked": ("goroutine-leak", 1.0, "main.send"),
    "retrying": ("goroutine-leak", 1.0, "main.retry"),
    "kept": ("memory-leak", 1024.0, "main.(*service).remember"),
}
"""What each fault is to be found as, how much it is for each request, and where."""


def bench_live(conditions: Conditions) -> Iterator[Figure]:
    """Each fault once, then healthy services of many shapes; nothing without Go. Raises: ToolError."""
    if "go" not in conditions.languages:
        return
    with closing(Runner(NoSandbox())) as runner:
        source = shutil.copytree(SERVICE, conditions.folder / "service")
        binary = build_service(runner, find_go(runner), Path(source))
        for fault in FAULTS:
            conditions.say(f"live: a service with the fault {fault}")
            yield _found(fault, runner, binary, conditions)
        yield _healthy(runner, binary, conditions)


def _found(fault: str, runner: Runner, binary: Path, conditions: Conditions) -> Figure:
    kind, amount, place = FAULTS[fault]
    findings, took_s = _watch(runner, binary, {"fault": fault, "keys": 500}, conditions, conditions.seed)
    finding = next((f for f in findings if f.kind == kind and _is_at(f, place)), None)
    if finding is None:
        said = ", ".join(sorted({f.kind for f in findings})) or "nothing"
        return Figure(
            name=f"live: {fault}", found=f"not found: {said}", goal=f"within {GOAL_S:g} s", is_met=False
        )
    growth = finding.quantities["growth_per_request"]
    words = f"{kind} at {place} after {took_s:.0f} s: {growth.value:.4g} {growth.unit}, true {amount:g}"
    return Figure(
        name=f"live: {fault}, {RATE:g} requests/s",
        found=f"{words} (95 %: {growth.low:.4g} to {growth.high:.4g})",
        goal=f"within {GOAL_S:g} s",
        is_met=took_s <= GOAL_S,
        data={"took_s": took_s, "growth_per_request": growth.value, "low": growth.low, "high": growth.high},
    )


def _healthy(runner: Runner, binary: Path, conditions: Conditions) -> Figure:
    runs = conditions.trials or HEALTHY_RUNS
    draw = random.Random(conditions.seed)  # noqa: S311 - shapes, not secrets
    blamed: list[str] = []
    for number in range(runs):
        # Full after 3 to 30 s: a share of 1 - 1/e of the keys is there once each was asked for once on average.
        shape = {
            "keys": round(draw.uniform(3, 30) * RATE), "workers": draw.randrange(8, 64),
            "per-worker": draw.randrange(10, 50),
        }  # fmt: skip
        conditions.say(f"live: healthy service {number + 1} of {runs}")
        findings, _ = _watch(runner, binary, {"fault": "none", **shape}, conditions, conditions.seed + number)
        blamed += [f"{f.kind} with {shape}" for f in findings if f.is_leak]
    return Figure(
        name="live: false leaks in healthy services whose caches fill and pools grow",
        found=f"{len(blamed)} in {runs} runs of {WATCHED_S:g} s" + "".join(f"; {b}" for b in blamed),
        goal="none",
        is_met=not blamed,
        data={"runs": runs, "blamed": blamed},
    )


def _watch(
    runner: Runner, binary: Path, options: Mapping[str, str | int], conditions: Conditions, seed: int
) -> tuple[tuple[Finding, ...], float]:
    """What is found, and how long that took from the first request on. Raises: ToolError, also for failed requests."""
    folder = conditions.folder
    with (
        running(runner, binary, options, folder, lifetime_s=WATCHED_S + 60) as url,
        steady_load(url, "/orders", rate=RATE, seed=seed) as sent,
    ):
        started = time.monotonic()
        watched = watch_for_leaks(Endpoint(url=url), seconds=WATCHED_S)
        took_s = time.monotonic() - started
    if sent.failed or sent.answered < RATE * WATCHED_S / 2:
        raise ToolError(f"the load wasn't steady: {sent.answered} answered, {sent.failed} failed")
    return watched.findings, took_s


def _is_at(finding: Finding, place: str) -> bool:
    return any(function.name == place for function, _ in finding.stack)
