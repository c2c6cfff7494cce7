"""The answer: bottlenecks, candidates with their verdicts, before and after, targets, checklist.

No number stands here for itself: quantities are `Reference`s into `Report.evidence`, and prose
names them as `{E7.cpu_share}`, which rendering replaces by the measured value with its unit.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from agent.evidence import Evidence, EvidenceIndex, Reference
from agent.policy import ChecklistItem, PerformanceTarget, Severity
from agent.request import Missing, Plan, View
from tools.measure.verdict import Verdict

Confidence = Literal["high", "medium", "low"]
TargetStatus = Literal["met", "not met", "not measurable"]
ChecklistStatus = Literal["done", "not done", "not decidable by this program"]
MARKUP = re.compile(r"([\\`*_{}\[\]<>|#])")
"""Characters that mean something in Markdown."""
_LOOKS_LIKE_REFERENCE = re.compile(r"\{(?=E\d+\.)")
Outcome = Literal[
    "improved",
    "nothing worth changing",
    "no change to offer",
    "cannot tell",
    "not improved",
    "not measured",
    "accepted",
    "rejected",
    "observed",
]
"""`no change to offer`: it is known where the cost is, and no change was tried. `accepted` and `rejected` are of a
given change; `observed` is of what was only looked at.
"""


WHERE = "Where the cost is: "
"""How the part of a summary begins that names the bottlenecks."""
GIVEN = "given"
"""The origin of a candidate that someone else wrote: the whole run is about it."""
MODEL_USE = "model use: "
"""How the title of evidence begins that says what a model was asked; the step follows."""


def quoted(name: str) -> str:
    """A target's name as inline code for prose: it can't end the code or be taken for a reference."""
    return "`" + _LOOKS_LIKE_REFERENCE.sub("(", " ".join(name.split()).replace("`", "'")) + "`"


def plain(text: str) -> str:
    """Another program's words for prose, on one line: no markup, and nothing that could be taken for a reference."""
    return MARKUP.sub(r"\\\1", _LOOKS_LIKE_REFERENCE.sub("(", " ".join(text.split())))


@dataclass(frozen=True, slots=True, kw_only=True)
class Bottleneck:
    """A place in the target's own code that costs, why, and how that is known.

    `share` is the share of the view's total (0-1) the cause accounts for. `other_frames` are further
    names of the same cause (the callee that shows up hot, the runtime functions attributed to it).
    `patterns` are playbook ids that explain it, best first; may be empty. `root_cause` and
    `explanation` are prose (Markdown) whose numbers are `{E1.name}` references.
    """

    rank: int
    function: str
    file: str
    line: int
    view: View
    share: Reference
    root_cause: str
    explanation: str
    severity: Severity
    confidence: Confidence
    confidence_reason: str
    evidence: tuple[str, ...]
    other_frames: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A patch with its reason. `patch` is a unified diff with a/ b/ prefixes relative to the target's root.

    `origin` is `playbook:<pattern id>`, `model:<name>`, or `given`; a given one has no bottleneck
    (rank 0). `functions` are the changed functions.
    """

    id: str
    bottleneck_rank: int
    title: str
    rationale: str
    risk: str
    origin: str
    patch: str
    files: tuple[str, ...]
    functions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedCandidate:
    """A candidate, what the gates said, and the evidence of each gate.

    `checks` are sentences on what was looked into beyond the pairs and what couldn't be; their numbers are
    references.
    """

    candidate: Candidate
    verdict: Verdict
    evidence: tuple[str, ...]
    checks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceRow:
    """One line of the resource table: time, CPU, peak memory, allocations; None where not measured."""

    label: str
    before: Reference | None
    after: Reference | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetResult:
    """A performance target against what was measured."""

    target: PerformanceTarget
    status: TargetStatus
    why: str
    measured: Reference | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChecklistResult:
    """A checklist item as code decided it."""

    item: ChecklistItem
    status: ChecklistStatus
    why: str
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """A picture of the run's folder: `path` relative to it; `kind` sorts them for display."""

    title: str
    path: str
    view: View
    kind: Literal["before", "after", "difference", "timeline"]


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkloadGrowth:
    """How a family's time grows with the input's size: the exponent, and the part that doesn't grow where one is seen.

    `warnings` say where one power doesn't describe it.
    """

    exponent: Reference
    constant: Reference | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionScaling:
    """One function of the leading family: its part of the time at the largest size, and its exponent.

    `is_least` says that the exponent is a lower bound: at the smaller size the function wasn't seen at all.
    """

    function: str
    file: str
    side: Literal["before", "after"]
    share: Reference
    exponent: Reference
    is_least: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TomorrowsBottleneck:
    """A function that grows faster than the largest one; `size` is where it overtakes that, extrapolated from
    `measured_size`.
    """

    function: FunctionScaling
    largest: FunctionScaling
    measured_size: int
    size: Reference


@dataclass(frozen=True, slots=True, kw_only=True)
class FamilyScaling:
    """How a family of sizes scales; `why_not` says why nothing can be said, else "". `notes` are what wasn't done."""

    family: str
    sizes: tuple[int, ...]
    before: WorkloadGrowth | None
    after: WorkloadGrowth | None
    why_not: str
    functions: tuple[FunctionScaling, ...] = ()
    tomorrow: tuple[TomorrowsBottleneck, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that a target shows beside the places that cost: a leak, contention, a critical path.

    `text` and `items`, a list below it, are prose (Markdown) whose numbers are `{E1.name}` references. `severity` is
    None where nothing is wrong by itself.
    """

    title: str
    text: str
    evidence: tuple[str, ...]
    items: tuple[str, ...] = ()
    severity: Severity | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StageTime:
    """Seconds a stage took, and how much of it was the target's own builds, tests, profiles, benchmarks."""

    stage: str
    duration_s: float
    target_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelUse:
    """What a model was asked in one step. Each piece of evidence is titled `model use: STEP` and holds what was used:
    `calls`, `tool_calls`, `input_tokens`, `cache_read_tokens`, `cache_write_tokens`, `output_tokens`, `duration`, and
    `cost` where it is known. What is said of the step is their sum.
    """

    step: str
    model: str
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The whole answer of a run."""

    run_id: str
    created: str
    question: str
    agent_name: str
    agent_version: str
    analyst: str
    analyst_note: str
    plan: Plan
    host: str
    outcome: Outcome
    summary: str
    bottlenecks: tuple[Bottleneck, ...]
    findings: tuple[Finding, ...]
    candidates: tuple[JudgedCandidate, ...]
    combined: Verdict | None
    combined_evidence: tuple[str, ...]
    combined_checks: tuple[str, ...]
    smallest_detectable_gain: Reference | None
    resources: tuple[ResourceRow, ...]
    targets: tuple[TargetResult, ...]
    checklist: tuple[ChecklistResult, ...]
    unmeasured: tuple[Missing, ...]
    warnings: tuple[str, ...]
    scaling: tuple[FamilyScaling, ...]
    graphs: tuple[Graph, ...]
    profiles: tuple[str, ...]
    patch: str | None
    optimized_files: tuple[str, ...]
    monitoring: tuple[str, ...]
    evidence: tuple[Evidence, ...]
    stages: tuple[StageTime, ...]
    model_use: tuple[ModelUse, ...] = ()

    @property
    def index(self) -> EvidenceIndex:
        """Look-up over this report's evidence."""
        return EvidenceIndex(self.evidence)

    @property
    def given(self) -> JudgedCandidate | None:
        """The change that was given to be judged, in a run that is about one."""
        return next((c for c in self.candidates if c.candidate.origin == GIVEN), None)

    @property
    def accepted(self) -> tuple[JudgedCandidate, ...]:
        """The candidates that passed every gate, in the order they were judged."""
        return tuple(c for c in self.candidates if c.verdict.accepted)
