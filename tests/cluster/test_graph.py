"""The real graph in PostgreSQL: killed at each stage, a run goes on elsewhere and comes to the same answer."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from agent.cluster.blobs import open_blobs
from agent.cluster.files import ClusterFiles
from agent.database.opening import Database
from agent.jobs.records import Records
from agent.rendering import json as json_rendering
from agent.report import Report
from agent.request import Request
from agent.store import Store
from tests.agent.scripted import make_target
from tests.cluster.jobs import count_of, fall_silent, record

ROOT = Path(__file__).parents[2]
STAGES = ("baseline", "capture", "investigate", "optimise", "verify", "combine", "conclude")


@dataclass
class Answer:
    """What a run came to."""

    report: Report
    files: tuple[str, ...]
    stages: list[str]

    @property
    def said(self) -> object:
        """All of it that measuring again doesn't change."""
        return (
            self.report.outcome,
            [(b.function, b.root_cause) for b in self.report.bottlenecks],
            [(j.candidate.id, j.candidate.patch, j.verdict.reason) for j in self.report.candidates],
            [(item.id, item.kind, item.failure) for item in self.report.evidence],
            [item.title for item in self.report.evidence if item.kind != "host"],  # that has the host's load
            self.files,
        )


def answer(database: Database, folder: Path, die_at: str = "") -> Answer:
    """The answer to a job, whose first worker dies at a stage."""
    target = make_target(folder / "target")
    job = record(database, request=Request(question="Why is it slow?", target=str(target)))
    words = {"address": database.address, "folder": str(folder), "job": job.id}
    environment = {**os.environ, "XDG_RUNTIME_DIR": str(folder)}
    for stage in [die_at, ""] if die_at else [""]:
        done = subprocess.run(
            [sys.executable, "-m", "tests.cluster.graph_process", json.dumps({**words, "die_at": stage})],
            cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == (-signal.SIGKILL if stage else 0), done.stderr
        if stage:
            fall_silent(database, job)
    assert Records(database).job(job.id).outcome == "improved"
    assert count_of(database, "ended")[job.id] == 1
    files = ClusterFiles(
        database=database, blobs=open_blobs(str(folder / "artefacts")), store=Store(folder / "elsewhere")
    )
    report = json_rendering.parse(files.read(job.run_id, "report.json"), "the report")
    return Answer(report, files.names(job.run_id), (folder / "stages").read_text().split())


@pytest.fixture(scope="module")
def undisturbed() -> dict[str, Answer]:
    return {}


@pytest.mark.slow
@pytest.mark.parametrize("stage", STAGES)
def test_a_run_that_is_killed_at_a_stage_comes_to_the_same_answer(
    database: Database, tmp_path: Path, undisturbed: dict[str, Answer], stage: str
) -> None:
    if not undisturbed:
        undisturbed["answer"] = answer(database, tmp_path / "undisturbed")
    whole = undisturbed["answer"]
    assert stage in whole.stages
    killed = answer(database, tmp_path / "killed", stage)
    assert killed.said == whole.said
    again = killed.stages[killed.stages.index(stage) + 1 :]
    before = [name for name in STAGES[: STAGES.index(stage)] if name not in ("optimise", "verify")]
    assert not set(before) & set(again), "finished work isn't repeated"


@pytest.mark.slow
def test_every_stage_that_says_something_is_killed(database: Database, tmp_path: Path) -> None:
    seen = set(answer(database, tmp_path).stages)
    assert seen - {"intake"} <= set(STAGES) | {"scale"}
