"""The checklist and the targets are decided from evidence; what code can't decide is never ticked."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from agent.checklist import Facts, decide, judge_targets
from agent.definition import read_definition
from agent.definitions.checks import read_check
from agent.definitions.limits import read_limit
from agent.evidence import Evidence
from agent.policy import PerformanceTarget, Policy
from agent.report import Bottleneck, ChecklistResult, JudgedCandidate, TargetResult
from agent.request import Plan
from agent.resources import definition_path
from tools.measure.verdict import Comparison, Verdict


@pytest.fixture
def facts(
    plan: Plan,
    evidence: tuple[Evidence, ...],
    bottleneck: Bottleneck,
    judged: JudgedCandidate,
    comparisons: tuple[Comparison, ...],
) -> Facts:
    """A run in which everything went well."""
    more = tuple(
        Evidence(id=f"E{n}", kind="capture", title=f"{view} profile, before", tool="t")
        for n, view in ((8, "memory"), (9, "goroutines"))
    )
    return Facts(
        plan=plan,
        evidence=(*evidence, *more),
        searched=True,
        bottlenecks=(bottleneck,) * 3,
        wanted_bottlenecks=3,
        judged=(judged,),
        combined=Verdict(accepted=True, reason=None, detail="faster", comparisons=comparisons),
        combined_evidence=("E6",),
        monitoring=("monitoring/rules.yml",),
    )


def _item(text: str, facts: Facts) -> ChecklistResult:
    (result,) = decide(Policy(checklist=(read_check(text),)), facts)
    return result


def _target(text: str, facts: Facts) -> TargetResult:
    (result,) = judge_targets(
        Policy(targets=(PerformanceTarget(text=text, threshold=read_limit(text)),)), facts
    )
    return result


def test_a_run_in_which_everything_went_well_ticks_every_item_of_the_shipped_checklist(facts: Facts) -> None:
    results = decide(read_definition(definition_path()).policy, facts)
    assert [r.status for r in results] == ["done"] * 7
    known = {e.id for e in facts.evidence}
    for result in results:
        assert set(result.evidence) <= known
    assert results[0].evidence == ("E4", "E8", "E9")


def test_a_run_that_did_nothing_ticks_only_what_follows_from_that(facts: Facts) -> None:
    empty = replace(
        facts, evidence=(), searched=False, bottlenecks=(), judged=(), combined=None, monitoring=()
    )
    results = decide(read_definition(definition_path()).policy, empty)
    done = [r.item.text for r in results if r.status == "done"]
    assert done == ["No regressions verified", "Changes documented"]
    assert all(r.why == "nothing was changed" for r in results if r.status == "done")


@pytest.mark.parametrize("text", ["CPU profile reviewed by the team", "Approved", "Memory leaks profiled"])
def test_an_item_that_code_cannot_decide_is_never_ticked(facts: Facts, text: str) -> None:
    result = _item(text, facts)
    assert result.status == "not decidable by this program"
    assert result.evidence == ()


@pytest.mark.parametrize(
    ("text", "title"),
    [("CPU profiled", "cpu profile, before"), ("Memory profiled", "memory profile, before")],
)
def test_a_profile_that_failed_or_was_taken_afterwards_is_no_profile(
    facts: Facts, text: str, title: str
) -> None:
    for change in (
        {"failure": "it crashed"},
        {"title": title.replace("before", "after")},
        {"kind": "missing"},
    ):
        spoilt = tuple(replace(e, **change) if e.title == title else e for e in facts.evidence)  # type: ignore[arg-type]
        assert _item(text, replace(facts, evidence=spoilt)).status == "not done"


def test_all_checks_of_an_item_must_hold(facts: Facts) -> None:
    without_memory = tuple(e for e in facts.evidence if e.title != "memory profile, before")
    result = _item("CPU and memory profiled", replace(facts, evidence=without_memory))
    assert result.status == "not done"
    assert result.why == "no memory profile was captured"


def test_goroutines_are_no_open_point_in_python(facts: Facts) -> None:
    python = replace(facts, plan=replace(facts.plan, language="python"), evidence=())
    assert _item("Goroutines profiled", python).status == "done"
    assert _item("Goroutines profiled", replace(facts, evidence=())).status == "not done"


def test_fewer_bottlenecks_than_wanted_are_enough_when_no_more_stand_out_and_that_is_said(
    facts: Facts, bottleneck: Bottleneck
) -> None:
    one = _item("Top bottlenecks identified", replace(facts, bottlenecks=(bottleneck,)))
    assert (one.status, one.why) == ("done", "only 1 stand out in the target's own code")
    none = _item("Top bottlenecks identified", replace(facts, bottlenecks=()))
    assert (none.status, none.evidence) == ("done", ("E5",))
    assert _item("Top bottlenecks identified", replace(facts, searched=False)).status == "not done"


def test_what_was_accepted_alone_but_not_together_is_not_implemented(facts: Facts) -> None:
    """The run hands out no patch then, so nothing is implemented."""
    rejected = Verdict(accepted=False, reason="no detectable gain", detail="it shows no gain")
    assert _item("Optimisations implemented", replace(facts, combined=rejected)).status == "not done"
    assert _item("Optimisations implemented", replace(facts, combined=None)).status == "not done"


def test_rejected_candidates_are_no_implementation_and_no_improvement(
    facts: Facts, judged: JudgedCandidate
) -> None:
    refused = replace(judged, verdict=Verdict(accepted=False, reason="tests fail", detail="x"))
    nothing = replace(facts, judged=(refused,), combined=None)
    assert _item("Optimisations implemented", nothing).status == "not done"
    assert _item("Improvements benchmarked", nothing).status == "not done"


def test_no_regressions_needs_tests_that_ran_and_benchmarks_that_hold(
    facts: Facts, comparisons: tuple[Comparison, ...]
) -> None:
    untested = tuple(replace(e, quantities=()) if e.kind == "tests" else e for e in facts.evidence)
    result = _item("No regressions verified", replace(facts, evidence=untested))
    assert (result.status, "no tests" in result.why) == ("not done", True)
    slower = Verdict(
        accepted=False, reason="slower elsewhere", detail="Parse is slower", comparisons=comparisons
    )
    assert _item("No regressions verified", replace(facts, combined=slower)).why == "Parse is slower"
    assert _item("No regressions verified", replace(facts, combined=None)).status == "not done"


@pytest.mark.parametrize(
    ("text", "status", "reference"),
    [
        ("Report generation < 1 s for 10K records", "met", "E6.Report/size=10000:sec/op:after"),
        ("Report generation < 100 ms for 10K records", "not met", "E6.Report/size=10000:sec/op:after"),
        ("Report generation <= 300 ms for 10K records", "met", "E6.Report/size=10000:sec/op:after"),
        ("Memory < 500 MB", "met", "E6.Report/size=10000:peak-RSS-B:after"),
        ("Memory < 1 MB", "not met", "E6.Report/size=10000:peak-RSS-B:after"),
    ],
)
def test_a_target_is_judged_by_the_number_after_the_changes(
    facts: Facts, text: str, status: str, reference: str
) -> None:
    result = _target(text, facts)
    assert (result.status, str(result.measured)) == (status, reference)


def test_without_accepted_changes_a_target_is_judged_by_the_baseline(facts: Facts) -> None:
    for combined in (None, Verdict(accepted=False, reason="no detectable gain", detail="")):
        result = _target("Reports < 1 s for 10K records", replace(facts, combined=combined))
        assert str(result.measured) == "E3.Report/size=10000:sec/op"


@pytest.mark.parametrize(
    "text",
    [
        "API response < 100 ms (p99)",
        "CPU < 50 % at peak",
        "Concurrent users > 1000",
        "Zero memory leaks",
        "Reports < 1 s for 5K records",
        "Reports < 1 s",
        "Goroutines < 10,000",
        "At least 200 requests/s",
        "Looks tidy",
    ],
)
def test_a_target_that_this_workload_cannot_measure_is_neither_met_nor_missed(
    facts: Facts, text: str
) -> None:
    result = _target(text, facts)
    assert result.status == "not measurable"
    assert result.why
    assert result.measured is None


def test_every_target_of_the_shipped_definition_gets_an_answer(facts: Facts, tmp_path: Path) -> None:
    results = judge_targets(read_definition(definition_path()).policy, facts)
    assert [r.status for r in results] == [
        "not measurable",
        "met",
        "met",
        "not measurable",
        "not measurable",
        "not measurable",
    ]
