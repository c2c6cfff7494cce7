"""A gain is found where the change was made, and one that lies elsewhere is told apart."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tools.measure.statistics import Interval
from tools.profiles.attribution import Place
from tools.profiles.builder import ProfileBuilder
from tools.profiles.ownership import OwnCode
from tools.profiles.prediction import Share, predict, share_of
from tools.profiles.profile import Function, Profile, ValueType

SLOW = Function(name="slow", file="/copy/app.py", start_line=3)
REST = Function(name="main", file="/copy/app.py", start_line=9)
NAMESAKE = Function(name="slow", file="/elsewhere/other.py", start_line=1)
LEAF = Function(name="loads", file="/lib/json.py")
OWN = OwnCode(language="python", root=Path("/copy"), module="app")


def profile(*stacks: tuple[list[Function], int]) -> Profile:
    builder = ProfileBuilder(
        [ValueType(name="samples", unit="count"), ValueType(name="cpu", unit="nanoseconds")]
    )
    for functions, count in stacks:
        builder.add([(f, 1) for f in functions], [count, count * 10])
    return builder.build(default_value="cpu")


def measured(ratio: float, error: float = 0.01) -> Interval:
    return Interval(estimate=ratio, low=ratio - error, high=ratio + error, confidence=0.95)


def test_what_a_function_calls_counts_for_it_once_per_sample_and_namesakes_do_not() -> None:
    seen = profile(([LEAF, SLOW, SLOW, REST], 30), ([SLOW, REST], 10), ([NAMESAKE, REST], 40), ([REST], 20))
    found = share_of(seen, "cpu", OWN, {Place("slow", "app.py")})
    assert found == Share(share=0.4, samples=100)


def test_an_empty_profile_says_nothing() -> None:
    assert share_of(profile(), "cpu", OWN, {Place("slow", "app.py")}) is None


def test_a_gain_in_the_changed_function_leaves_nothing_elsewhere() -> None:
    # 60 of 100 went to the function; now it takes a third of that, and the whole 60 of 100.
    found = predict(Share(share=0.6, samples=1000), Share(share=20 / 60, samples=1000), measured(0.6))
    assert found.limit.estimate == pytest.approx(0.6)
    assert found.inside.estimate == pytest.approx(0.4)
    assert found.elsewhere.estimate == pytest.approx(0.0)
    assert found.elsewhere.low < 0 < found.elsewhere.high


def test_a_gain_beyond_amdahls_limit_lies_elsewhere_beyond_doubt() -> None:
    # The function took 20 of 100, and half of everything is gone.
    found = predict(Share(share=0.2, samples=1000), Share(share=0.2, samples=1000), measured(0.5))
    assert found.elsewhere.low > 0.3
    assert found.limit.high < 1 - 0.51


def test_a_share_that_was_never_seen_is_still_uncertain() -> None:
    assert Share(share=0.0, samples=50).error > 0.01
    assert Share(share=1.0, samples=50).error > 0.01


def test_the_intervals_hold_the_truth_in_95_of_100_experiments() -> None:
    random = np.random.default_rng(5)
    held = 0
    for _ in range(2000):
        before = Share(share=random.binomial(150, 0.5) / 150, samples=150)
        after = Share(share=random.binomial(150, 1 / 6) / 150, samples=150)
        ratio = measured(random.normal(0.6, 0.01 / 1.96))
        found = predict(before, after, ratio)
        held += found.inside.low <= 0.5 - 0.6 / 6 <= found.inside.high
    assert 0.93 < held / 2000 < 0.98
