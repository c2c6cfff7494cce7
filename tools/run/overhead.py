"""What a sandbox costs: the time that running a program takes, with and without it."""

from __future__ import annotations

import statistics
import time
from pathlib import Path

from tools.run.process import Access, Limits, Runner

LIMITS = Limits(memory_bytes=1024**3, processes=512)


def sandbox_overhead_s(plain: Runner, sandboxed: Runner, folder: Path, rounds: int) -> float:
    """How many seconds longer it takes to run `true` in the second runner's sandbox than in the first's.

    The median of `rounds` differences, each of two runs one right after the other, in turns first and second. They
    are run as samples are: with limits, and with what is written into `folder` forgotten. Raises: ToolError.
    """
    differences = []
    for number in range(rounds):
        order = (plain, sandboxed) if number % 2 else (sandboxed, plain)
        took = {id(runner): _seconds(runner, folder) for runner in order}
        differences.append(took[id(sandboxed)] - took[id(plain)])
    return statistics.median(differences)


def _seconds(runner: Runner, folder: Path) -> float:
    started = time.perf_counter()
    runner.run(["true"], cwd=folder, access=Access(forgotten=(folder,)), limits=LIMITS)
    return time.perf_counter() - started
