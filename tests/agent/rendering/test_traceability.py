"""Every number of a report leads to the evidence it was measured in, in every rendering."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace

import pytest

from agent.evidence import Reference
from agent.rendering import html, markdown, text
from agent.report import Outcome, Report

PICTURES = {"graphs/cpu-before.svg": "<svg xmlns='http://www.w3.org/2000/svg'></svg>"}


def _references(value: object) -> Iterator[Reference]:
    if isinstance(value, Reference):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from _references(item)
    elif is_dataclass(value):
        for field in fields(value):
            yield from _references(getattr(value, field.name))


def test_each_reference_of_a_report_resolves(report: Report) -> None:
    references = list(_references(report))
    assert len(references) >= 5
    for reference in references:
        report.index.resolve(reference)


def test_a_number_in_prose_stands_beside_its_evidence(report: Report) -> None:
    assert "62.0 % (60.0 % to 64.0 %) (E5)" in markdown.render(report)


def test_a_table_of_numbers_names_its_evidence(report: Report) -> None:
    shown = markdown.render(report)
    for heading in ("Resource usage", "Performance targets"):
        part = shown.split(f"## {heading}")[1].split("\n## ")[0]
        rows = [
            row for row in part.splitlines() if re.search(r"\d+ (?:ms|s|MiB)\b", row) and "< 1 s" not in row
        ]
        rows += [row for row in part.splitlines() if "| met |" in row]
        assert rows
        for row in rows:
            assert re.search(r"\(E\d+\)", row)
    assert "Evidence: E6." in shown.split("## Before and after")[1]


def test_the_before_and_after_table_shows_what_its_evidence_holds(report: Report) -> None:
    assert report.combined is not None
    held = {
        q.name: q.value for e in report.evidence if e.id in report.combined_evidence for q in e.quantities
    }
    for found in report.combined.comparisons:
        key = f"{found.benchmark}:{found.unit}"
        assert held[f"{key}:before"] == found.baseline_median
        assert held[f"{key}:after"] == found.candidate_median


def test_every_evidence_id_named_anywhere_is_listed(report: Report) -> None:
    shown = markdown.render(report)
    listed = set(re.findall(r"^- \*\*(E\d+)\*\*", shown, re.MULTILINE))
    assert set(re.findall(r"\bE\d+\b", shown)) <= listed == {e.id for e in report.evidence}


def test_prose_with_a_number_that_was_not_measured_is_not_rendered(report: Report) -> None:
    prose, good = "It costs {E9.share}.", report.bottlenecks[0]
    for bad in (replace(good, root_cause=prose), replace(good, explanation=prose)):
        with pytest.raises(KeyError):
            markdown.render(replace(report, bottlenecks=(bad,)))


@pytest.mark.parametrize(
    "outcome", ["improved", "nothing worth changing", "no change to offer", "not improved", "not measured"]
)
def test_no_rendering_shows_a_bare_reference_whatever_the_outcome(report: Report, outcome: Outcome) -> None:
    summary = (
        "No change was kept; the smallest gain that could be told here is {E3.smallest_detectable_gain}."
    )
    if outcome == "not measured":
        summary = "Nothing was measured: it doesn't build."
    other = replace(report, outcome=outcome, summary=summary)
    for shown in (markdown.render(other), html.render(other, PICTURES), text.render(other)):
        assert not re.search(r"\{E\d+\.|\\\{E\d+", shown)
        if outcome in ("nothing worth changing", "no change to offer", "not improved"):
            assert "3.0 %" in shown


def test_the_words_of_a_compiler_are_never_taken_for_a_reference(report: Report) -> None:
    broken = replace(
        report, outcome="not measured", summary="Nothing was measured: syntax error near {E9.x}."
    )
    for shown in (markdown.render(broken), html.render(broken, PICTURES), text.render(broken)):
        assert "E9.x" in shown
