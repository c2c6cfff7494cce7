"""The verdict on a given change: JSON of a published schema, a comment for a pull request, hostile names."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
from markdown_it import MarkdownIt

from agent.rendering import github, pull_request, text, verdict
from agent.rendering.html import render as render_html
from agent.report import GIVEN, Report
from tools.measure.verdict import Comparison, Verdict

PUBLISHED = Path(__file__).resolve().parents[3] / "docs" / "verdict.schema.json"
HOSTILE = [
    "@octocat and @org/team", "#12 GH-13 octo/repo#14", "<img src=x onerror=alert(1)>", "<!-- ", "-->",
    "[click](https://example.org)", "![x](https://example.org/x.png)", "https://example.org/a", "www.example.org",
    "`code` ``` and ~~~", "a | b | c", "$x^2$", "**bold** _it_ ~~no~~", "\n\n# heading\n\n- list", "</details>",
    "&lt;b&gt; &#64;octocat", "\x1b[31mred", "\u202egnp.exe", "a@example.org", "{E9.nothing}", "| --- | --- |",
]  # fmt: skip


@pytest.fixture
def given(report: Report) -> Report:
    """The report of a given change that was accepted."""
    (judged,) = report.candidates
    candidate = replace(judged.candidate, origin=GIVEN, bottleneck_rank=0, rationale="", risk="")
    checks = (
        "Compared by value: `a_b` on {E2.ran} recorded calls; no difference.",
        "Not compared by value: `c`, x.",
    )
    return replace(
        report, outcome="accepted", summary="Report: time -66.7%", bottlenecks=(), checklist=(), targets=(),
        candidates=(replace(judged, candidate=candidate, checks=checks),), combined=judged.verdict, patch=None,
        monitoring=(), graphs=(),
    )  # fmt: skip


def rejected(report: Report, found: Verdict) -> Report:
    judged = replace(report.candidates[0], verdict=found)
    return replace(report, outcome="rejected", summary=found.detail, combined=found, candidates=(judged,))


def with_everywhere(report: Report, name: str) -> Report:
    """The report with a hostile text in every place that a target or a change can reach."""
    judged = report.candidates[0]
    comparisons = tuple(replace(c, benchmark=name) for c in judged.verdict.comparisons)
    found = Verdict(accepted=False, reason="results differ", detail=name, comparisons=comparisons)
    candidate = replace(judged.candidate, title=name, files=(name,))
    plan = replace(report.plan, root=name, toolchain=name)
    hostile = replace(judged, candidate=candidate, verdict=found)
    return replace(
        report, outcome="rejected", question=name, summary=name, plan=plan, host=name, warnings=(name,),
        combined=found, candidates=(hostile,),
        unmeasured=tuple(replace(m, what=name, leaves_unmeasured=name) for m in report.unmeasured),
    )  # fmt: skip


def test_the_published_schema_is_the_one_of_this_version(request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--update"):
        PUBLISHED.write_text(verdict.schema_text(), encoding="utf-8")
    assert PUBLISHED.read_text(encoding="utf-8") == verdict.schema_text(), "pytest --update accepts it"


def test_the_schema_is_valid_and_forgets_no_field() -> None:
    schema = json.loads(PUBLISHED.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    assert set(schema["required"]) == set(verdict.VerdictDocument.__dataclass_fields__)


def test_a_verdict_holds_to_the_schema_and_has_its_numbers(given: Report) -> None:
    found = json.loads(verdict.render(given))
    jsonschema.validate(found, verdict.schema())
    assert (found["schema_version"], found["verdict"], found["reason"]) == (1, "accepted", None)
    first = found["comparisons"][0]
    assert (first["before"], first["after"], first["ratio_low"], first["ratio_high"]) == (
        0.9,
        0.3,
        0.32,
        0.35,
    )
    assert found["checks"][0] == "Compared by value: a_b on 7 recorded calls; no difference."
    assert found["evidence"] == ["E2", "E6"]
    assert found["smallest_detectable_gain"] == 0.03


def test_an_open_interval_is_null_and_no_invalid_json(
    given: Report, comparisons: tuple[Comparison, ...]
) -> None:
    open_ended = replace(comparisons[0], ratio_low=0.0, ratio_high=float("inf"))
    found = Verdict(accepted=False, reason="not enough samples", detail="few", comparisons=(open_ended,))
    parsed = json.loads(verdict.render(rejected(given, found)), parse_constant=pytest.fail)
    assert parsed["comparisons"][0]["ratio_high"] is None
    jsonschema.validate(parsed, verdict.schema())


def test_a_target_that_could_not_be_measured_has_no_reason(given: Report) -> None:
    stopped = replace(
        given, outcome="not measured", summary="Nothing was measured: x.", candidates=(), combined=None
    )
    found = json.loads(verdict.render(stopped))
    assert (found["verdict"], found["reason"], found["detail"]) == (
        "not measured",
        None,
        "Nothing was measured: x.",
    )
    assert pull_request.render(stopped).splitlines()[2] == "### Not measured"


def test_a_comment_has_verdict_table_checks_and_warnings(given: Report) -> None:
    comment = pull_request.render(given)
    assert comment.startswith(pull_request.MARK + "\n\n### Accepted\n\nReport: time -66.7%\n")
    assert "| Report/size=10000 | time | 900 ms/op | 300 ms/op | -66.7 % | -68.0 % to -65.0 % |" in comment
    assert "**Checked**\n\n- Compared by value: a\\_b on 7 recorded calls" in comment
    assert "**Could not be checked**\n\n- Not compared by value: c, x." in comment
    assert "**Warnings**\n\n- the host is busy" in comment
    assert "playbook" not in comment and "bottleneck" not in comment


def test_a_rejection_has_its_reason_in_the_first_line(given: Report) -> None:
    found = Verdict(accepted=False, reason="slower elsewhere", detail="Parse: time +12%")
    assert "### Rejected: slower elsewhere\n\nParse: time +12%\n" in pull_request.render(
        rejected(given, found)
    )


@pytest.mark.parametrize("name", HOSTILE)
def test_nothing_of_a_targets_is_active_on_github(given: Report, name: str) -> None:
    comment = pull_request.render(with_everywhere(given, name))
    page = MarkdownIt("gfm-like", {"html": True}).render(comment)
    tags = set(re.findall(r"</?([a-zA-Z][\w-]*)", page))
    assert tags <= {"h3", "p", "table", "thead", "tbody", "tr", "th", "td", "ul", "li", "strong", "sub"}, page
    assert page.count("<!--") == 1
    shown = re.sub(r"<[^>]*>", "", page.replace("&#8203;", "\u200b"))
    for pattern in (r"@\w", r"#\d", r"\bGH-\d", r"https?://", r"www\.", r"[\x00-\x09\x0b-\x1f\u202e]"):
        assert not re.search(pattern, shown), pattern
    assert "$" not in shown.replace("$\u200b", "")


def test_a_hostile_name_still_reads_as_itself() -> None:
    page = MarkdownIt("gfm-like").renderInline(github.escape("f[int]_x*<T>|a&b@c ~d~ `e` #1"))
    shown = page.replace("\u200b", "").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    assert shown == "f[int]_x*<T>|a&b@c ~d~ `e` #1"


def test_a_block_cannot_be_left() -> None:
    page = MarkdownIt("gfm-like").render(github.block("x\n```\n@a\n~~~\n````\n", "diff"))
    assert page.count("<pre>") == 1 and page.rstrip().endswith("</pre>")


@pytest.mark.parametrize("character", ["@a", "|", "x", "&", "#1", "é"])
def test_a_comment_is_never_longer_than_github_takes(given: Report, character: str) -> None:
    long = character * 3000
    judged = given.candidates[0]
    comparisons = tuple(replace(judged.verdict.comparisons[0], benchmark=f"{n}{long}") for n in range(200))
    found = Verdict(accepted=False, reason="gaming", detail=long, comparisons=comparisons)
    hostile = replace(rejected(given, found), warnings=tuple(f"{n}{long}" for n in range(300)))
    checks = tuple(f"{n} `{long}`" for n in range(100))
    hostile = replace(hostile, candidates=(replace(hostile.candidates[0], checks=checks),))
    comment = pull_request.render(hostile)
    assert len(comment) < pull_request.LIMIT
    assert "and 170 more comparisons" in comment and "- and 285 more" in comment


@pytest.mark.parametrize("name", HOSTILE)
def test_terminal_page_and_web_page_take_hostile_names(given: Report, name: str) -> None:
    hostile = with_everywhere(given, name)
    assert "\x1b" not in text.render(hostile)
    page = render_html(hostile, {})
    assert "<img" not in page and "<script" not in page


def test_the_terminal_shows_what_was_looked_into_without_marks(given: Report) -> None:
    shown = text.render(given)
    assert shown.startswith("Accepted\n")
    assert "Compared by value: a_b on 7 recorded calls; no difference." in shown
    assert "Candidates" not in shown
