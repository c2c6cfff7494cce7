"""The answer in blocks: a golden, Slack's limits, and a target that is called something hostile."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.doors.slack import cards
from agent.doors.slack.talking import message_of
from agent.doors.slack.wording import spoken
from agent.evidence import Evidence
from agent.jobs.job import Choice, Event, Job, Option
from agent.rendering import mrkdwn, slack_blocks
from agent.rendering.slack_blocks import Offer
from agent.report import Finding, Outcome, Report
from agent.request import Request
from tests.doors.slack.limits import faults, mentions

OFFER = Offer(pressed="20260102-030405-abcd", can_apply=True)
HOSTILE = [
    "<!channel>", "<!here|here>", "<@U1>", "<#C1|general>", "<https://example.org|click>", "@channel #general @here",
    "&lt;!channel&gt;", "&amp;lt;", "`code` and ``` and `", "*bold* _it_ ~no~", "> quote\n• item\n\n# heading",
    "a\x00b\x1b[31m",
    "\u202egnp.exe", "{E9.nothing}", "\\*\\`\\<!channel\\>", "**<!channel>**", "[a](<!channel>)", "![x](http://x/y.png)",
    "x" * 20_000, "&" * 20_000, "`" * 5000, "<" * 5000, "😀" * 5000, " ", "\n",
]  # fmt: skip


def message(blocks: list[dict[str, Any]], text: str = "text") -> dict[str, Any]:
    return {"blocks": blocks, "text": text}


def answer(report: Report) -> dict[str, Any]:
    return message(slack_blocks.answer(report, OFFER), slack_blocks.fallback(report))


def everywhere(report: Report, name: str) -> tuple[Report, tuple[Evidence, ...]]:
    """The report, and evidence, with a text in every place that a target, a model or a tool can reach."""
    spot = replace(
        report.bottlenecks[0], function=name, file=name, root_cause=name.replace("{", "("), explanation=""
    )
    judged = report.candidates[0]
    comparisons = tuple(replace(c, benchmark=name) for c in judged.verdict.comparisons) * 40
    verdict = replace(judged.verdict, detail=name, comparisons=comparisons)
    candidate = replace(judged.candidate, title=name, files=(name,))
    finding = Finding(
        title=name, text=name.replace("{", "("), evidence=("E1",), items=(name.replace("{", "("),) * 30
    )
    evidence = tuple(
        replace(
            e,
            title=name,
            tool=name,
            failure=name,
            quantities=tuple(replace(q, name=name) for q in e.quantities),
        )
        for e in report.evidence
    )
    hostile = replace(
        report, question=name, summary=name.replace("{", "("), analyst=name, agent_name=name,
        bottlenecks=tuple(replace(spot, rank=n) for n in range(1, 9)), findings=(finding,) * 9,
        candidates=(replace(judged, candidate=candidate, verdict=verdict),) * 30, combined=verdict,
        targets=tuple(replace(t, target=replace(t.target, text=name)) for t in report.targets) * 40,
        checklist=tuple(replace(c, item=replace(c.item, text=name), why=name) for c in report.checklist) * 40,
        unmeasured=tuple(replace(m, what=name, remedy=name) for m in report.unmeasured) * 40, warnings=(name,) * 99,
    )  # fmt: skip
    return hostile, evidence


def test_the_answer_is_as_it_was(report: Report, golden: Callable[[str, str], None]) -> None:
    golden("slack-answer.json", json.dumps(answer(report), indent=1, ensure_ascii=False) + "\n")


def test_an_answer_has_verdict_bottlenecks_before_and_after_and_checklist(report: Report) -> None:
    found = answer(report)
    assert faults(found) == [] and mentions(found) == []
    shown = json.dumps(found, ensure_ascii=False)
    for part in ('"Improved"', "report.Find", "62.0 % (60.0 % to 64.0 %) (E5)", "900 ms/op", "-66.7 %",
                 "[x] CPU profiled",
                 "[?] Reviewed by the team", "the host is busy", "see E7"):  # fmt: skip
        assert part in shown, part


@pytest.mark.parametrize("outcome", get_args(Outcome))
def test_every_outcome_can_be_shown(report: Report, outcome: Outcome) -> None:
    found = answer(replace(report, outcome=outcome))
    assert faults(found) == []
    assert ('"apply"' in json.dumps(found)) == (outcome == "improved")


@pytest.mark.parametrize("name", HOSTILE)
def test_nothing_of_a_targets_is_active_or_too_long(report: Report, name: str) -> None:
    hostile, evidence = everywhere(report, name)
    found = answer(hostile)
    assert faults(found) == [] and mentions(found) == []
    listed = message(slack_blocks.evidence(replace(report, evidence=evidence * 30)))
    assert faults(listed) == [] and mentions(listed) == []
    reply = message(slack_blocks.reply(name))
    assert faults(reply) == [] and mentions(reply) == []


def job(text: str) -> Job:
    return Job(
        id="j1", kind="run", run_id="j1", conversation="T1/C1/1.1", caller="slack:T1/U1", door="slack", target=text,
        question=text, request=Request(question=text, target="/x"),
    )  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_progress_choices_and_refusals_hold_the_limits_too(name: str) -> None:
    shown = cards.Progress(job=job(name))
    for n in range(1, 30):
        shown = shown.after(Event(seq=n, time=1.0, kind="finding", text=name))
    ended = shown.after(
        Event(seq=99, time=1.0, kind="ended", text="", data={"state": "failed", "problem": name})
    )
    options = tuple(Option(value=f"{n}{name}"[:64], text=name) for n in range(60))
    for said in (
        cards.progress(shown, 5), cards.progress(ended, 500), cards.failure(ended), cards.sentence(name),
        cards.choice(Choice(what="target", question=name, options=options), "U1", "1.1"), cards.chosen(name, ""),
        cards.missing_files({name: name, "a": "b"}, "j1"), cards.usage({f"{n}{name}": name for n in range(90)}),
    ):  # fmt: skip
        found = message_of(said)
        assert faults(found) == [] and mentions(found) == []


def test_the_checker_finds_what_slack_would_refuse() -> None:
    section = {"type": "section", "text": {"type": "mrkdwn", "text": "x", "verbatim": True}}
    assert faults(message([section])) == []
    for bad in (
        [section] * 51,
        [{**section, "text": {"type": "mrkdwn", "text": "x" * 3001, "verbatim": True}}],
        [{**section, "text": {"type": "mrkdwn", "text": "<!channel>", "verbatim": True}}],
        [{**section, "text": {"type": "mrkdwn", "text": "a & b", "verbatim": True}}],
        [{**section, "text": {"type": "mrkdwn", "text": "a"}}],
        [{"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}],
        [{"type": "actions", "elements": []}],
    ):
        assert faults(message(bad))


def test_markdown_keeps_its_code_bold_headings_and_lists() -> None:
    text = "## Why\n\n- **slow** `a<b>` is\n\n```go\nx := <-c\n```\nsee [this](https://example.org) \\*not\\* bold"
    assert mrkdwn.prose(text) == (
        "*Why*\n\n• *slow* `a&lt;b&gt;` is\n\n```\nx := &lt;-c\n```\nsee [this](https://example.org) *not* bold"
    )


@given(st.text(alphabet=st.sampled_from("ab`*_<>&;#-\\ \n!@[]()~|{}"), max_size=300), st.integers(20, 200))
@settings(max_examples=400)
def test_no_markdown_becomes_active(text: str, limit: int) -> None:
    shown = mrkdwn.clip(mrkdwn.prose(text), limit)
    assert len(shown) <= limit
    found = message([{"type": "section", "text": {"type": "mrkdwn", "text": shown or " ", "verbatim": True}}])
    assert faults(found) == [] and mentions(found) == []


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("<@UBOT> why is it slow?", "why is it slow?"),
        ("<@UBOT|bot>why", "why"),
        ("ask <@U2> in <#C1|general> or <!here>", "ask @U2 in #general or @here"),
        ("see <https://x.org/a|x.org/a> &lt;T&gt; &amp; b", "see x.org/a <T> & b"),
        ("<https://x.org/a>", "https://x.org/a"),
        ("a\n\nb", "a b"),
        ("&amp;lt;", "&lt;"),
    ],
)
def test_what_people_write_becomes_plain_text(written: str, said: str) -> None:
    assert spoken(written, "UBOT") == said
