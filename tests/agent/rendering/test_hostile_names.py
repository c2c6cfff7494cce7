"""Names from a target are data: nothing in them becomes markup, script, a link, or a terminal command."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from agent.rendering import html, markdown, text
from agent.report import Report

PICTURES = {"graphs/cpu-before.svg": "<svg xmlns='http://www.w3.org/2000/svg'></svg>"}
HOSTILE = [
    "<script>alert(1)</script>",
    "</code></h3><img src=x onerror=alert(1)>",
    "`</code><b>x</b>``",
    "[click](javascript:alert(1))",
    "![track](http://example.org/x.png)",
    "a|b|<i>c</i>",
    "x\n\n# Improved\n\n- [x] done",
    "```\n</pre><script>x</script>\n````",
    "&lt;script&gt;<u>",
    '"><svg onload=alert(1)>',
    "\033]8;;http://example.org\007link\033[2J",
]


class _Page(HTMLParser):
    """Tags with their attributes, and headings."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]


def _with(report: Report, name: str) -> Report:
    """The report with a hostile name wherever a target's text stands."""
    bottleneck = replace(report.bottlenecks[0], function=name, file=name, other_frames=(name,))
    judged = report.candidates[0]
    candidate = replace(judged.candidate, patch=name, title=name)
    verdict = replace(
        judged.verdict,
        detail=name,
        comparisons=tuple(replace(c, benchmark=name) for c in judged.verdict.comparisons),
    )
    workload = replace(report.plan.workload, chosen_because=name)
    evidence = tuple(
        replace(
            e,
            title=name,
            argv=(name,),
            warnings=(name,),
            tool_version=name,
            failure=name if e.failure else None,
        )
        for e in report.evidence
    )
    return replace(
        report,
        question=name,
        host=name,
        plan=replace(report.plan, root=name, subdirectory=name, workload=workload),
        bottlenecks=(bottleneck,),
        candidates=(replace(judged, candidate=candidate, verdict=verdict),),
        combined=verdict,
        resources=tuple(replace(r, label=name) for r in report.resources),
        unmeasured=tuple(
            replace(m, what=name, leaves_unmeasured=name, remedy=name) for m in report.unmeasured
        ),
        warnings=(name,),
        evidence=evidence,
    )


@pytest.mark.parametrize("name", HOSTILE)
def test_a_page_has_the_same_tags_whatever_the_names(report: Report, name: str) -> None:
    page = _Page(html.render(_with(report, name), PICTURES))
    plain = _Page(html.render(_with(report, "harmless"), PICTURES))
    assert sorted(set(page.tags)) == sorted(set(plain.tags))
    assert page.tags.count("h1") == plain.tags.count("h1") == 1
    assert page.tags.count("h2") == plain.tags.count("h2")
    assert page.tags.count("li") == plain.tags.count("li")
    for attribute, value in page.attributes:
        assert not attribute.startswith("on")
        assert not value.lower().startswith(("javascript:", "http://example"))


@pytest.mark.parametrize("name", HOSTILE)
def test_markdown_has_the_same_lines_of_structure_whatever_the_names(report: Report, name: str) -> None:
    def structure(text: str) -> list[str]:
        patch = text.split("## Before and after")[0].split("## Optimisation code")[1]
        rest = text.replace(patch, "")
        return re.findall(r"^(?:#+ |- (?:\[.\] )?|\||```[^`\n]*$)", rest, re.MULTILINE)

    assert structure(markdown.render(_with(report, name))) == structure(
        markdown.render(_with(report, "harmless"))
    )


@pytest.mark.parametrize("name", HOSTILE)
def test_a_report_printed_to_a_terminal_does_not_steer_it(report: Report, name: str) -> None:
    assert all(c.isprintable() or c in "\n\ufffd" for c in markdown.render(_with(report, name)))


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("colour", [False, True])
def test_no_name_steers_the_terminal(report: Report, name: str, colour: bool) -> None:
    shown = text.render(_with(report, name), colour=colour)
    for style in ("\033[0m", "\033[1m", "\033[1;32m", "\033[33m", "\033[32m"):
        shown = shown.replace(style, "")
    assert all(c.isprintable() or c == "\n" for c in shown)


def test_commands_in_the_evidence_are_shown_as_they_were(report: Report) -> None:
    assert "`go test -bench ^(Report|Parse)$`" in markdown.render(report)


def test_a_patch_is_shown_as_it_is(report: Report) -> None:
    assert "-old <b>\n+new & shiny\n" in markdown.render(report)
    assert "old &lt;b&gt;" in html.render(report, PICTURES)


def test_a_page_is_self_contained(report: Report) -> None:
    page = _Page(html.render(report, PICTURES))
    assert "link" not in page.tags
    assert "script" not in page.tags
    assert not [value for name, value in page.attributes if name == "src"]


def test_an_evidence_id_leads_to_the_evidence(report: Report) -> None:
    page = _Page(html.render(report, PICTURES))
    anchors = {value for name, value in page.attributes if name == "id"}
    links = {value[1:] for name, value in page.attributes if name == "href" and value.startswith("#")}
    assert {e.id for e in report.evidence} <= anchors
    assert links <= anchors
