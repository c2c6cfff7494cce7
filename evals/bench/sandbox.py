"""What the sandbox costs: the time that starting a process takes, with and without it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

from evals.bench.figure import Conditions, Figure
from tools.measure.hostlock import measuring_alone
from tools.run.overhead import sandbox_overhead_s
from tools.run.process import Runner
from tools.run.sandbox import NoSandbox, choose_sandbox

GOAL_S = 0.020
ROUNDS = 101


def bench_sandbox(conditions: Conditions) -> Iterator[Figure]:
    """The overhead for one process on a host with nothing else to do. Raises: ToolError."""
    choice = choose_sandbox("auto")
    if choice.sandbox.name == "none":
        yield Figure(
            name="sandbox start-up", found=f"no figure: {choice.warning}", goal="a sandbox", is_met=False
        )
        return
    folder = conditions.folder / "sandbox"
    folder.mkdir()
    with (
        closing(Runner(NoSandbox())) as plain,
        closing(Runner(choice.sandbox)) as confined,
        measuring_alone(),
    ):
        overhead_s = sandbox_overhead_s(plain, confined, folder, conditions.trials or ROUNDS)
    yield Figure(
        name=f"start-up of a process in {choice.sandbox.name}",
        found=f"{1000 * overhead_s:.1f} ms longer than without",
        goal=f"under {1000 * GOAL_S:.0f} ms",
        is_met=overhead_s < GOAL_S,
        data={"overhead_s": overhead_s},
    )
