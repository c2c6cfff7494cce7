"""Which models were asked in a run, from its evidence."""

from __future__ import annotations

from agent.evidence import EvidenceIndex
from agent.report import MODEL_USE, ModelUse


def model_use(evidence: EvidenceIndex) -> tuple[ModelUse, ...]:
    """Which models were asked in which steps, in the order they were first asked."""
    found: dict[tuple[str, str], list[str]] = {}
    for item in evidence.items:
        if item.kind == "analysis" and item.title.startswith(MODEL_USE):
            found.setdefault((item.title.removeprefix(MODEL_USE), item.tool), []).append(item.id)
    return tuple(
        ModelUse(step=step, model=model, evidence=tuple(ids)) for (step, model), ids in found.items()
    )


def waited_s(evidence: EvidenceIndex) -> float:
    """How long a run waited for models' replies."""
    return sum(e.duration_s for e in evidence.items if e.title.startswith(MODEL_USE))
