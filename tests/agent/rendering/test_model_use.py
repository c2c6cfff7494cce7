"""The report says which models were asked, what that took, and that a cost isn't known where it isn't."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agent.evidence import Evidence, EvidenceIndex, Quantity
from agent.nodes.model_use import model_use
from agent.rendering import html, markdown, text
from agent.report import Report

PICTURES = {"graphs/cpu-before.svg": "<svg xmlns='http://www.w3.org/2000/svg'></svg>"}


def asked(number: int, step: str, model: str, cost: float | None, calls: int = 2) -> Evidence:
    counts = {"calls": calls, "tool_calls": 5}
    tokens = {
        "input_tokens": 1_000, "cache_read_tokens": 10_000, "cache_write_tokens": 1_200, "output_tokens": 100,
    }  # fmt: skip
    return Evidence(
        id=f"E{number}", kind="analysis", title=f"model use: {step}", tool=model,
        quantities=(
            *(Quantity(name=n, value=v, unit="count") for n, v in counts.items()),
            *(Quantity(name=n, value=v, unit="tokens") for n, v in tokens.items()),
            Quantity(name="duration", value=12.5, unit="s"),
            *([] if cost is None else [Quantity(name="cost", value=cost, unit="USD")]),
        ),
    )  # fmt: skip


def having(report: Report, *more: Evidence) -> Report:
    evidence = (*report.evidence, *more)
    return replace(report, evidence=evidence, model_use=model_use(EvidenceIndex(evidence)))


def part(report: Report) -> str:
    return markdown.render(report).split("## Model use")[1].split("\n## ")[0]


def test_a_report_without_a_model_says_nothing_of_one(report: Report) -> None:
    same = having(report)
    assert same == report
    for shown in (markdown.render(same), html.render(same, PICTURES), text.render(same)):
        assert "model use" not in shown.lower()


def test_each_step_is_a_row_that_sums_its_evidence_and_names_it(report: Report) -> None:
    found = part(
        having(
            report,
            asked(9, "investigate", "claude-haiku-5-5", 0.0042),
            asked(10, "optimise", "claude-opus-5-5", 0.5),
            asked(11, "optimise", "claude-opus-5-5", 0.25, calls=1),
        )
    )
    assert (
        "| investigate | claude-haiku-5-5 | 2 | 5 | 1,000 | 10,000 | 1,200 | 100 | $0.0042 | 12.5 s | E9 |"
    ) in found
    assert (
        "| optimise | claude-opus-5-5 | 3 | 10 | 2,000 | 20,000 | 2,400 | 200 | $0.75 | 25.0 s | E10, E11 |"
    ) in found
    assert "In all: 5 requests, 15 tool calls, 36,900 tokens, $0.75, 37.5 s." in found


@pytest.mark.parametrize(
    ("costs", "cell", "total"),
    [
        ((None, None), "| unknown |", "24,600 tokens, cost unknown, 25.0 s. The price of mine isn't known."),
        ((0.5, None), "| at least $0.50 |", "at least $0.50, 25.0 s. The price of mine isn't known."),
    ],
)
def test_a_cost_that_is_not_known_is_said_and_is_never_nothing(
    report: Report, costs: tuple[float | None, ...], cell: str, total: str
) -> None:
    items = [asked(n, "investigate", "mine", cost) for n, cost in enumerate(costs, 9)]
    found = having(report, *items)
    assert cell in part(found)
    for shown in (part(found), text.render(found)):
        assert total in " ".join(shown.split())
        assert "$0.00" not in shown


def test_the_terminal_and_the_page_tell_the_same_total(report: Report) -> None:
    found = having(report, asked(9, "follow up", "claude-opus-5-5", 1.234))
    shown = text.render(found)
    assert "follow up: claude-opus-5-5, 2 requests, 5 tool calls, 12,300 tokens, $1.23, 12.5 s" in shown
    assert "In all: 2 requests, 5 tool calls, 12,300 tokens, $1.23, 12.5 s." in shown
    page = html.render(found, PICTURES)
    assert 'id="model-use"' in page
    assert "In all: 2 requests, 5 tool calls, 12,300 tokens, $1.23, 12.5 s." in page
    assert '<a href="#E9" class="evidence">E9</a>' in page


def test_a_model_that_calls_itself_something_odd_can_not_break_the_table(report: Report) -> None:
    found = having(report, asked(9, "investigate", "a|b <script>\n\x1b[31m", None))
    (row,) = [line for line in part(found).splitlines() if line.startswith("| investigate")]
    assert row.replace("\\|", "").count("|") == 12
    assert "<script>" not in html.render(found, PICTURES)
    assert "\x1b" not in text.render(found) + markdown.render(found)


def test_only_evidence_of_asking_a_model_counts(report: Report) -> None:
    other = [
        replace(asked(9, "x", "m", 1.0), kind="capture"),
        replace(asked(10, "x", "m", 1.0), title="growth"),
    ]
    assert having(report, *other).model_use == ()
