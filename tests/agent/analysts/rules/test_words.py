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
        ("which function allocates most?", Asked(kind="view", view="memory")),
        ("which functions allocate the most memory?", Asked(kind="view", view="memory")),
        ("What allocates so much?", Asked(kind="view", view="memory")),
        ("what uses the most memory?", Asked(kind="view", view="memory")),
        ("and which part of the program uses most of the memory?", Asked(kind="view", view="memory")),
        ("what is using so much memory", Asked(kind="view", view="memory")),
        ("which method makes the most allocations?", Asked(kind="view", view="memory")),
        ("What takes the most time?", Asked(kind="view", view="cpu")),
        ("which function takes most of the time", Asked(kind="view", view="cpu")),
        ("what takes so long?", Asked(kind="view", view="cpu")),
        ("which function takes the longest?", Asked(kind="view", view="cpu")),
        ("which function uses the most CPU?", Asked(kind="view", view="cpu")),
        ("which function is slowest?", Asked(kind="view", view="cpu")),
        ("which function is the hottest?", Asked(kind="view", view="cpu")),
        ("which function is hottest in memory?", Asked(kind="view", view="memory")),
        ("what's the slowest function?", Asked(kind="view", view="cpu")),
        ("show me the hottest functions", Asked(kind="view", view="cpu")),
        ("which function costs most?", Asked(kind="top")),
        ("what costs the most in memory?", Asked(kind="top", view="memory")),
        ("what is the most expensive function?", Asked(kind="top")),
        ("which line allocates most?", Asked(kind="line", view="memory")),
        ("what line of code uses the most memory", Asked(kind="line", view="memory")),
        ("which lines take the most time?", Asked(kind="line", view="cpu")),
        ("what is the hottest line?", Asked(kind="line", view="cpu")),
        ("which line is slowest?", Asked(kind="line", view="cpu")),
        ("which line costs most?", Asked(kind="line")),
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
        "which function allocates most when the cache is off?",
        "which function should be rewritten?",
        "which function was slowest before the change?",
        "what makes the slowest function slow?",
        "which line is wrong?",
        "?",
    ],
)
def test_a_question_of_another_form_is_not_guessed_at(question: str) -> None:
    assert understood(question) is None
