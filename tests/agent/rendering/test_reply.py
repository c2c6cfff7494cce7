from __future__ import annotations

import pytest

from agent.evidence import Evidence, EvidenceIndex, Quantity
from agent.rendering.reply import render, shown

INDEX = EvidenceIndex.of(
    [Evidence(id="E7", kind="analysis", title="t", tool="x",
              quantities=(Quantity(name="share_1", value=0.25, unit="ratio"),))]
)  # fmt: skip


def test_every_number_stands_with_its_evidence() -> None:
    assert shown("It is {E7.share_1} of all.", INDEX) == "It is 25.0 % [E7] of all."


def test_a_number_that_was_not_measured_is_never_shown() -> None:
    with pytest.raises(KeyError):
        shown("It is {E7.other}.", INDEX)


def test_lines_are_wrapped_and_items_of_lists_hang() -> None:
    text = render("Why:\n\n- `slow` " + "waits " * 20, INDEX, width=60)
    lines = text.splitlines()
    assert lines[:2] == ["Why:", ""]
    assert lines[2].startswith("- slow waits")
    assert lines[3].startswith("  waits")
    assert max(map(len, lines)) <= 60


def test_code_keeps_its_layout_and_nothing_steers_the_terminal() -> None:
    assert render("```go\n    x := 1\n```\nA \x1b[31mred\x1b[0m word", INDEX) == (
        "    x := 1\nA ?[31mred?[0m word\n"
    )
