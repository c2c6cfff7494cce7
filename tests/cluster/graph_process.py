"""A worker that carries out one job by the real graph over a scripted target, and dies where it is told to."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from typing import cast

from langchain_core.runnables import RunnableConfig

from agent.cluster.blobs import open_blobs
from agent.cluster.files import ClusterFiles
from agent.definition import read_definition
from agent.deps import Deps, Progress
from agent.graph import build_graph
from agent.jobs.claims import Claim
from agent.jobs.worker_name import WorkerName
from agent.rendering import json as json_rendering
from agent.resources import definition_path
from agent.settings import BudgetSettings, MeasureSettings, Settings
from agent.state import RunState
from agent.store import EvidenceLog, RunFolder, Store
from agent.workspace import Workspace
from tests.agent.scripted import ScriptedAnalyst, ScriptedIntake, ScriptedProfiler, ScriptedToolchain, takes
from tests.cluster.jobs import claims_of, open_at
from tools.run.process import Runner
from tools.run.sandbox import NoSandbox


def main(words: str) -> None:
    """Take the job and carry it out."""
    given = json.loads(words)
    folder = Path(given["folder"])
    with open_at(given["address"]) as database:
        worker = WorkerName(host=f"host-{os.getpid()}", pid=os.getpid(), started=1, number="a")
        claim = claims_of(database).claim(given["job"], worker)
        assert claim is not None
        files = ClusterFiles(
            database=database, blobs=open_blobs(str(folder / "artefacts")), store=Store(folder / "runs")
        )
        run = RunFolder(files.take(claim).runs_dir / claim.job.run_id)
        run.path.mkdir(parents=True, exist_ok=True)

        def report(progress: Progress) -> None:
            with (folder / "stages").open("a") as said:
                said.write(f"{progress.stage}\n")
            if progress.stage == given["die_at"]:
                os.kill(os.getpid(), signal.SIGKILL)

        runner = Runner(NoSandbox())
        deps = make_deps(run, runner, report)
        carry_out(files, claim, run, deps)
        runner.close()
        deps.workspace.remove()
        files.keep(claim, run)
        claim.end("done", outcome=json_rendering.read(run.path / "report.json").outcome)


def carry_out(files: ClusterFiles, claim: Claim, run: RunFolder, deps: Deps) -> None:
    """As agent.service does it."""
    config: RunnableConfig = {"configurable": {"thread_id": run.id}, "recursion_limit": 200}
    with files.checkpoints(claim)(run) as saver:
        graph = build_graph(saver)
        start = None if graph.get_state(config).next else {"request": claim.job.request}
        for _ in graph.stream(cast("RunState | None", start), config, context=deps, durability="sync"):
            pass


def make_deps(run: RunFolder, runner: Runner, report_progress: object) -> Deps:
    """What the nodes need, from a script."""
    profilers = (ScriptedProfiler("one", "cpu"), ScriptedProfiler("two", "memory"))
    return Deps(
        folder=run,
        workspace=Workspace(run.path / "work"),
        evidence=EvidenceLog.load(run),
        runner=runner,
        environment={},
        definition=read_definition(definition_path()),
        settings=Settings(
            measure=MeasureSettings(calibration_pairs=8, pairs_min=12, pairs_max=12, final_s=0),
            budgets=BudgetSettings(attempts_per_bottleneck=3),
        ),
        analyst=ScriptedAnalyst(runner, [takes(0.004)]),
        intake=ScriptedIntake(ScriptedToolchain(profilers)),
        clock=lambda: 0.0,
        created="2026-01-01T00:00:00+00:00",
        report_progress=report_progress,  # type: ignore[arg-type]
        sandbox_note="",
    )


if __name__ == "__main__":
    main(sys.argv[1])
