"""What tests of the agent may use: a runner, real git, and one run's report with all of its evidence."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.evidence import Artefact, Evidence, Quantity, Reference
from agent.policy import ChecklistItem, PerformanceTarget, Threshold
from agent.report import (
    Bottleneck,
    Candidate,
    ChecklistResult,
    FamilyScaling,
    FunctionScaling,
    Graph,
    JudgedCandidate,
    Report,
    ResourceRow,
    StageTime,
    TargetResult,
    TomorrowsBottleneck,
    WorkloadGrowth,
)
from agent.request import Missing, Plan
from tests.agent.repositories import Git
from tests.agent.repositories import repo as repo  # a fixture
from tests.agent.staging import stage as stage  # a fixture
from tools.measure.verdict import Comparison, Verdict
from tools.measure.workload import Benchmark, Workload
from tools.run.process import Runner
from tools.run.sandbox import NoSandbox


@pytest.fixture(autouse=True)
def own_lock(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """The host's lock in a place of its own: nothing here is timed, so nothing need wait for who measures."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("runtime")))


@pytest.fixture
def runner() -> Iterator[Runner]:
    """Runs our own tools; nothing of a target's runs with it."""
    runner = Runner(NoSandbox())
    yield runner
    runner.close()


@pytest.fixture
def git(tmp_path: Path) -> Git:
    """git in a folder, with an identity and without the settings of whoever runs the tests."""
    environment = {
        **{k: v for k, v in os.environ.items() if not k.startswith("GIT_")},
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "protocol.file.allow",
        "GIT_CONFIG_VALUE_0": "always",
        "GIT_AUTHOR_NAME": "t", "GIT_AUTHOR_EMAIL": "t@example.org",
        "GIT_COMMITTER_NAME": "t", "GIT_COMMITTER_EMAIL": "t@example.org",
    }  # fmt: skip

    def run(folder: Path, *words: str) -> str:
        done = subprocess.run(
            ["git", *words], cwd=folder, env=environment, capture_output=True, text=True, check=True
        )
        return done.stdout

    return run


@pytest.fixture
def plan() -> Plan:
    """A Go module with one family of benchmarks."""
    benchmarks = tuple(
        Benchmark(name=f"Report/size={size}", selector=(".",), size=size) for size in (100, 10_000)
    )
    return Plan(
        language="go",
        root="/srv/daily reports",
        subdirectory="report",
        workload=Workload(
            language="go", kind="benchmarks", benchmarks=benchmarks, chosen_because="it has benchmarks"
        ),
        profilers=("go-cpu",),
        focus=("cpu", "memory", "goroutines"),
        toolchain="go1.26 linux/amd64",
        module="example.org/daily",
    )


@pytest.fixture
def comparisons() -> tuple[Comparison, ...]:
    """Time three times as fast, memory as it was."""
    return (
        Comparison(
            benchmark="Report/size=10000", unit="sec/op", pairs=12, baseline_median=0.9, candidate_median=0.3,
            ratio=0.333, ratio_low=0.32, ratio_high=0.35, p_value=0.001, changed=True,
        ),
        Comparison(
            benchmark="Report/size=10000", unit="peak-RSS-B", pairs=12, baseline_median=9e6,
            candidate_median=9e6, ratio=1.0, ratio_low=0.98, ratio_high=1.02, p_value=0.9, changed=False,
        ),
    )  # fmt: skip


@pytest.fixture
def evidence(comparisons: tuple[Comparison, ...]) -> tuple[Evidence, ...]:
    """One piece of each kind, as a run gathers them."""
    pairs = [
        Quantity(name=f"{c.benchmark}:{c.unit}:{side}", value=value, unit=c.unit)
        for c in comparisons
        for side, value in (("before", c.baseline_median), ("after", c.candidate_median))
    ]
    return (
        Evidence(id="E1", kind="host", title="2 cores", tool="ask-profiler host facts"),
        Evidence(id="E2", kind="tests", title="tests of C1", tool="go", exit_code=0,
                 quantities=(Quantity(name="ran", value=7, unit="count"),)),
        Evidence(id="E3", kind="calibration", title="the baseline against itself", tool="ask-profiler pairs",
                 quantities=(Quantity(name="smallest_detectable_gain", value=0.03, unit="ratio"),
                             Quantity(name="Report/size=10000:sec/op", value=0.91, unit="sec/op"),
                             Quantity(name="Report/size=10000:peak-RSS-B", value=9e6, unit="peak-RSS-B"))),
        Evidence(id="E4", kind="capture", title="cpu profile, before", tool="go-cpu", tool_version="go1.26",
                 argv=("go", "test", "-bench", "^(Report|Parse)$"), exit_code=0, duration_s=1.5,
                 artefacts=(Artefact(path="profiles/cpu.pb.gz", sha256="0" * 64),),
                 quantities=(Quantity(name="samples", value=500, unit="count"),)),
        Evidence(id="E5", kind="analysis", title="ranking", tool="ask-profiler ranking",
                 quantities=(Quantity(name="share_1", value=0.62, unit="ratio", interval=(0.6, 0.64)),)),
        Evidence(id="E6", kind="pairs", title="the whole workload", tool="ask-profiler pairs",
                 quantities=tuple(pairs)),
        Evidence(id="E7", kind="missing", title="go-heap", tool="go-heap", failure="it could not be started"),
        Evidence(id="E8", kind="analysis", title="growth", tool="ask-profiler scaling",
                 quantities=(Quantity(name="exponent", value=1.04, unit="exponent", interval=(0.98, 1.1)),
                             Quantity(name="share_1", value=0.1, unit="ratio"),
                             Quantity(name="share_2", value=0.6, unit="ratio"),
                             Quantity(name="exponent_1", value=2.1, unit="exponent", interval=(1.8, 2.5)),
                             Quantity(name="exponent_2", value=1.0, unit="exponent", interval=(0.9, 1.1)),
                             Quantity(name="crossing", value=61_234.5, unit="size", interval=(30_000.0, 99_000.0)))),
    )  # fmt: skip


@pytest.fixture
def bottleneck() -> Bottleneck:
    """The one that the report names."""
    return Bottleneck(
        rank=1, function="report.Find", file="report/report.go", line=42, view="cpu",
        share=Reference(evidence_id="E5", name="share_1"),
        root_cause="A list is searched in a loop. `report.Find` causes {E5.share_1} of the CPU time.",
        explanation="Each trade looks through all tickers.", severity="MEDIUM", confidence="high",
        confidence_reason="many samples agree", evidence=("E4", "E5"), other_frames=("runtime.memequal",),
        patterns=("go/linear-search-in-loop",),
    )  # fmt: skip


@pytest.fixture
def judged(comparisons: tuple[Comparison, ...]) -> JudgedCandidate:
    """An accepted candidate."""
    patch = "--- a/report/report.go\n+++ b/report/report.go\n@@ -1 +1 @@\n-old <b>\n+new & shiny\n"
    return JudgedCandidate(
        candidate=Candidate(
            id="C1", bottleneck_rank=1, title="An index instead of a search", rationale="Look it up.",
            risk="None.", origin="playbook:go/linear-search-in-loop", patch=patch, files=("report/report.go",),
        ),
        verdict=Verdict(accepted=True, reason=None, detail="it is faster", comparisons=comparisons),
        evidence=("E2", "E6"),
    )  # fmt: skip


@pytest.fixture
def report(
    plan: Plan,
    comparisons: tuple[Comparison, ...],
    evidence: tuple[Evidence, ...],
    bottleneck: Bottleneck,
    judged: JudgedCandidate,
) -> Report:
    """A run that improved something."""
    limit = Threshold(metric="duration", comparator="<", value=1.0, unit="s", per_records=10_000)
    measured = Reference(evidence_id="E6", name="Report/size=10000:sec/op:after")
    planted, largest = (
        FunctionScaling(function=name, file="report/report.go", side="before",
                        share=Reference(evidence_id="E8", name=f"share_{n}"),
                        exponent=Reference(evidence_id="E8", name=f"exponent_{n}"))
        for n, name in enumerate(("report.Planted", "report.Find"), 1)
    )  # fmt: skip
    return Report(
        run_id="20260102-030405-abcd", created="2026-01-02T03:04:05+00:00", question="Why is it slow?",
        agent_name="performance-profiler", agent_version="1.0.0", analyst="playbook", analyst_note="Known patterns.",
        plan=plan, host="2 cores", outcome="improved",
        summary="Where the cost is: `report.Find` with {E5.share_1} of CPU time.",
        bottlenecks=(bottleneck,), findings=(), candidates=(judged,),
        combined=Verdict(accepted=True, reason=None, detail="it is faster", comparisons=comparisons),
        combined_evidence=("E6",),
        combined_checks=("On inputs nobody had seen it takes as long as before.",),
        smallest_detectable_gain=Reference(evidence_id="E3", name="smallest_detectable_gain"),
        resources=(ResourceRow(label="Report/size=10000: time",
                               before=Reference(evidence_id="E6", name="Report/size=10000:sec/op:before"),
                               after=measured),),
        targets=(TargetResult(target=PerformanceTarget(text="Reports < 1 s for 10K records", threshold=limit),
                              status="met", why="time per operation", measured=measured),),
        checklist=(
            ChecklistResult(item=ChecklistItem(text="CPU profiled", deciders=("cpu_profiled",)), status="done",
                            why="CPU profiled", evidence=("E4",)),
            ChecklistResult(item=ChecklistItem(text="Reviewed by the team", deciders=()),
                            status="not decidable by this program", why="a person must"),
        ),
        unmeasured=(Missing(what="go-heap", leaves_unmeasured="the memory view", remedy="see E7"),),
        warnings=("the host is busy",),
        scaling=(
            FamilyScaling(
                family="Report/size=N", sizes=(100, 10_000),
                before=WorkloadGrowth(exponent=Reference(evidence_id="E8", name="exponent")),
                after=WorkloadGrowth(exponent=Reference(evidence_id="E8", name="exponent")),
                why_not="", functions=(planted, largest), notes=("it was quick",),
                tomorrow=(TomorrowsBottleneck(function=planted, largest=largest, measured_size=10_000,
                                              size=Reference(evidence_id="E8", name="crossing")),),
            ),
        ),
        graphs=(Graph(title="CPU time, before", path="graphs/cpu-before.svg", view="cpu", kind="before"),),
        profiles=("profiles/cpu.pb.gz",), patch="optimization.patch", optimized_files=("report/report.go",),
        monitoring=("monitoring/rules.yml",), evidence=evidence,
        stages=(StageTime(stage="baseline", duration_s=2.0, target_s=1.5),),
    )  # fmt: skip
