"""Asked whether something leaks or grows, the answer begins with what was found about that."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agent.evidence import Quantity
from agent.nodes.growth_asked import growth_asked
from agent.nodes.live_findings import NOTHING_LEAKS
from agent.nodes.noticed import KEPT, NOT_KEPT
from agent.rendering import text as text_rendering
from agent.rendering.quantities import resolve
from agent.report import Finding
from tests.agent.scripted import takes
from tests.agent.staging import Stage
from tools.python.growing import NAME as GROWTH_PROFILER

NOTHING = Finding(title=NOT_KEPT, text="It came to hold {E1.grown_space} more.", evidence=("E1",))
LISTED = Finding(
    title=KEPT, text="Most of it at:", items=("`a.py:1`", "`b.py:2`", "`c.py:3`"), evidence=("E1",)
)
OTHER = Finding(title="Garbage collection, pauses and scheduling", text="Other.", evidence=("E1",))


@pytest.mark.parametrize("question", ["does it leak?", "why does memory grow?", "does memory use increase?"])
def test_what_was_found_about_growth_is_told(question: str) -> None:
    assert growth_asked(question, [OTHER, NOTHING]) == f"{NOT_KEPT}. It came to hold {{E1.grown_space}} more."


def test_where_it_stands_is_told_with_it() -> None:
    assert growth_asked("does it leak?", [LISTED]) == f"{KEPT}. Most of it at: `a.py:1`; `b.py:2`."
    live = replace(LISTED, title=NOTHING_LEAKS)
    assert growth_asked("does it leak?", [live]).startswith(NOTHING_LEAKS)


@pytest.mark.parametrize(
    ("question", "findings"),
    [("why is it slow?", [NOTHING]), ("does it leak?", [OTHER]), ("does it leak?", [])],
)
def test_another_question_or_another_finding_changes_nothing(question: str, findings: list[Finding]) -> None:
    assert growth_asked(question, findings) == ""


@pytest.mark.parametrize("changes", [[], [takes(0.004)]])
def test_the_report_begins_with_it_or_has_it_right_after_the_gain(
    stage: Stage, changes: list[object]
) -> None:
    scene = stage(changes)
    scene.request = replace(scene.request, question="does it leak?")
    scene.deps.evidence.add(
        "capture", "growth", GROWTH_PROFILER,
        quantities=[Quantity(name="watched", value=2, unit="s"), Quantity(name="grown_space", value=64, unit="B")],
    )  # fmt: skip
    report = scene.run()
    assert report.outcome == ("improved" if changes else "no change to offer")
    said = resolve(report.summary, report.index)
    assert said.startswith(
        "No memory goes on being kept. In 2.00 s after its warm-up the program came to hold 64 B more."
    )
    assert "Where the cost is: " in said
    page = (scene.deps.folder.path / "report.md").read_text()
    assert NOT_KEPT in page.partition("## ")[0]
    assert NOT_KEPT in text_rendering.render(report).partition("\n\n")[0]
