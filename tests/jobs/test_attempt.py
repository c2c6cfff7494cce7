"""What an attempt at a job cost, by the evidence that it left."""

from __future__ import annotations

import pytest

from agent.evidence import Evidence, EvidenceIndex, Quantity
from agent.jobs.attempt import cost_of


def test_all_that_models_were_asked_is_counted_and_nothing_else() -> None:
    """Of runs that failed or were cancelled, too: what was spent is in the evidence, with or without a report."""
    cost = (Quantity(name="cost", value=0.25, unit="USD"), Quantity(name="calls", value=3, unit="count"))
    items = (
        Evidence(id="E1", kind="analysis", title="model use: investigate", tool="claude", quantities=cost),
        Evidence(id="E2", kind="analysis", title="model use: follow_up", tool="claude", quantities=cost),
        Evidence(id="E3", kind="analysis", title="model use: optimise", tool="claude"),
        Evidence(id="E4", kind="pairs", title="pairs", tool="pairs", quantities=cost),
    )
    assert cost_of(EvidenceIndex(items)) == pytest.approx(0.5)
    assert cost_of(EvidenceIndex()) == 0.0
