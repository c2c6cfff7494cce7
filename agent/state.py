"""The workflow's state: plain data, one writer for each field, small enough to checkpoint at every step."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, TypedDict

from agent.report import Bottleneck, Candidate, FamilyScaling, Finding, Graph, JudgedCandidate, StageTime
from agent.request import Missing, Plan, Request
from tools.measure.toolchain import ProfileView
from tools.measure.verdict import Verdict
from tools.profiles.ranking import Hotspot


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """What the baseline showed. `iterations` fixes how many operations a process runs, per benchmark.

    `primary` are the benchmarks that decide, `controls` those watched for regressions. `pairs` was
    fixed from the pilot's noise before any candidate was looked at, `final_pairs` likewise for the last comparison,
    which is judged more strictly; the smallest detectable gain is that comparison's. `first_s` is how long each
    benchmark's process took when it was first run.
    """

    iterations: Mapping[str, int]
    primary: tuple[str, ...]
    controls: tuple[str, ...]
    pairs: int
    final_pairs: int
    noise: float
    smallest_detectable_gain: float
    calibration_evidence: str
    first_s: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureRecord:
    """A capture by its evidence; `profile` is the pprof file relative to the run's folder."""

    evidence_id: str
    profiler: str
    view: ProfileView
    value: str
    profile: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Combined:
    """All accepted candidates together, against the baseline, on every benchmark."""

    verdict: Verdict
    evidence: tuple[str, ...]
    patch: str
    files: tuple[str, ...]
    checks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """A change that someone else wrote, as far as reading it tells: the `files` in which both sides differ, and the
    `harness` files of it that are on both sides. `verdict` is there when nothing needs to be measured any more.
    `left_out` are files of its harness that are on neither side, for they don't fit the old code; `why` says how.
    """

    files: tuple[str, ...]
    harness: tuple[str, ...]
    verdict: Verdict | None = None
    left_out: tuple[str, ...] = ()
    why: str = ""


class RunState(TypedDict, total=False):
    """Written by: request (the service), plan (intake, or observe), admitted (intake), baseline and stopped (baseline),
    captures (capture, or observe), unmeasured (intake, capture and observe), findings (observe and investigate),
    pictures (observe), hotspots and bottlenecks (investigate), turn and candidate (optimise; turn begins at
    investigate), judged (verify, or examine), combined (combine, or examine), captures_after (combine), scaling
    (scale), finished (conclude); every node adds its stage time. `admitted` is None without a given change.
    """

    request: Request
    plan: Plan
    admitted: Admitted | None
    baseline: Baseline | None
    stopped: str
    captures: Annotated[list[CaptureRecord], operator.add]
    unmeasured: Annotated[list[Missing], operator.add]
    findings: list[Finding]
    pictures: list[Graph]
    hotspots: list[Hotspot]
    bottlenecks: list[Bottleneck]
    turn: int
    candidate: Candidate | None
    judged: Annotated[list[JudgedCandidate], operator.add]
    combined: Combined | None
    captures_after: list[CaptureRecord]
    scaling: list[FamilyScaling]
    stages: Annotated[list[StageTime], operator.add]
    finished: bool


class CaptureTask(TypedDict):
    """What one `Send` gives to one capture."""

    plan: Plan
    profiler: str
