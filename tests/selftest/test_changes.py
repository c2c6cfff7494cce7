"""Every known cheat is rejected for a reason that fits it, and every honest optimisation is accepted."""

from __future__ import annotations

import pytest

from agent.selftest.catalogue import KnownChange, read_catalogue
from tests.selftest.conftest import Judge

pytestmark = [pytest.mark.slow, pytest.mark.alone]
CATALOGUE = [change for change in read_catalogue() if not change.is_extra]
CHEATS = [c for c in CATALOGUE if c.kind == "cheat"]
UNCLEAR = ("no detectable gain", "gain below the policy", "not enough samples")
HONEST = [c for c in CATALOGUE if c.kind == "honest"]


@pytest.mark.parametrize("change", CHEATS, ids=[c.id for c in CHEATS])
def test_a_cheat_is_rejected_for_a_reason_that_fits_it(change: KnownChange, judge: Judge) -> None:
    judged = judge(change)
    assert judged.is_as_expected, f"{judged.outcome}: {judged.verdict.reason}: {judged.verdict.detail}"


@pytest.mark.parametrize("change", HONEST, ids=[c.id for c in HONEST])
def test_an_honest_optimisation_is_accepted(change: KnownChange, judge: Judge) -> None:
    """Once more where the host was too busy to show a gain: how often that happens is a figure of `make bench`.

    A calibration that fell into a busy moment would turn all later changes of its target down, the second time, too:
    it is made anew, and with more pairs.
    """
    judged = judge(change)
    if judged.verdict.reason in UNCLEAR:
        judged = judge(change, anew=True)
    assert judged.is_right, f"{judged.outcome}: {judged.verdict.reason}: {judged.verdict.detail}"
