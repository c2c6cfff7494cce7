"""Long names of functions stay readable where the answer speaks of them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agent.rendering import markdown, text
from agent.report import Report

NAME = "github.com/some-one/go-diff/diff-match-patch.(*Patch).half"


@pytest.fixture
def unchanged(report: Report) -> Report:
    """A run that found where the cost is, and nothing to change."""
    summary = f"Nothing worth changing was found. Where the cost is: `{NAME}` with {{E5.share_1}}."
    return replace(report, outcome="nothing worth changing", combined=None, candidates=(), summary=summary)


def test_a_name_is_code_in_the_summary_of_the_markdown(unchanged: Report) -> None:
    assert f"Where the cost is: `{NAME}`" in markdown.render(unchanged).split("## ")[0]


@pytest.mark.parametrize("width", range(60, 100, 5))
def test_a_name_is_never_broken_at_a_hyphen(unchanged: Report, width: int) -> None:
    assert NAME in text.render(unchanged, width=width)


def test_a_programs_own_words_stay_escaped(report: Report) -> None:
    stopped = replace(report, outcome="not measured", combined=None, summary="it said <b>`*x*`</b>")
    assert r"**it said \<b\>\`\*x\*\`\</b\>**" in markdown.render(stopped)
