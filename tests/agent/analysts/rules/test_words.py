from __future__ import annotations

import pytest

from agent.analysts.rules.words import Asked, understood


@pytest.mark.parametrize(
    ("question", "asked"),
    [
        ("callers of slow", Asked(kind="callers", name="slow")),
        ("Who calls report.(*Store).Find?", Asked(kind="callers", name="report.(*Store).Find")),
        ("show me the callers of `slow` in memory", Asked(kind="callers", name="slow", view="memory")),
        ("Where is slow called from?", Asked(kind="callers", name="slow")),
        ("what does slow call?", Asked(kind="callees", name="slow")),
        ("callees of slow in the cpu profile", Asked(kind="callees", name="slow", view="cpu")),
        ("source of slow", Asked(kind="source", name="slow")),
        ("show the lines of the function slow", Asked(kind="source", name="slow")),
        ("top", Asked(kind="top")),
        ("What dominates?", Asked(kind="top")),
        ("what dominates in memory?", Asked(kind="top", view="memory")),
        ("why bottleneck 2?", Asked(kind="bottleneck", number=2)),
        ("why the second one", Asked(kind="bottleneck", number=2)),
        ("Why this one?", Asked(kind="bottleneck", number=1)),
        ("why was C2 rejected?", Asked(kind="candidate", number=2)),
        ("c12", Asked(kind="candidate", number=12)),
        ("evidence E7", Asked(kind="evidence", number=7)),
        ("And memory?", Asked(kind="view", view="memory")),
        ("what about locks?", Asked(kind="view", view="contention")),
        ("what at 10x the data?", Asked(kind="growth", factor=10)),
        ("at 100 times", Asked(kind="growth", factor=100)),
        ("how does it grow?", Asked(kind="growth")),
        ("what was not measured?", Asked(kind="unmeasured")),
        ("what wasn't measured", Asked(kind="unmeasured")),
    ],
)
def test_a_question_of_a_known_form_is_understood(question: str, asked: Asked) -> None:
    assert understood(question) == asked


@pytest.mark.parametrize(
    "question",
    [
        "would memory be lower with a pool?",
        "try without the pool",
        "why is it that nobody calls slow in production?",
        "is C2 or C3 better?",
        "what calls are made most often?",
        "what happens at 10x the data if the cache is off?",
        "compare bottleneck 1 with bottleneck 2",
        "top of the morning to you",
        "?",
    ],
)
def test_a_question_of_another_form_is_not_guessed_at(question: str) -> None:
    assert understood(question) is None
