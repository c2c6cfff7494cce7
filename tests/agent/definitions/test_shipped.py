"""The definition that comes with the program says every figure that the agent promises to hold to."""

from __future__ import annotations

import pytest

from agent.definition import Definition, read_definition
from agent.policy import Threshold
from agent.resources import definition_path


@pytest.fixture(scope="module")
def shipped() -> Definition:
    return read_definition(definition_path())


def test_it_is_plain_yaml_and_nothing_is_assumed_or_recovered(shipped: Definition) -> None:
    assert shipped.recovered == ()
    assert shipped.assumed == ()


def test_its_frontmatter_has_every_field(shipped: Definition) -> None:
    assert shipped.name == "performance-profiler"
    assert shipped.model and shipped.version and shipped.priority and shipped.complexity_level
    assert shipped.estimated_time_s == 40
    assert shipped.dependencies == ("observability-engineer", "operation-orchestrator")
    assert shipped.requires_context
    assert [output.split(":")[0] for output in shipped.outputs] == [
        "profiling_reports",
        "optimization_code",
        "performance_graphs",
        "benchmark_results",
    ]
    assert shipped.validation_criteria == (
        "performance_improvement",
        "resource_efficiency",
        "benchmark_validation",
    )
    assert shipped.extra == {}


def test_each_example_has_context_user_assistant_and_commentary(shipped: Definition) -> None:
    assert shipped.examples
    for example in shipped.examples:
        assert example.context and example.user and example.assistant and example.commentary
    assert "<example>" not in shipped.description


def test_the_body_has_a_section_for_everything_it_must_carry(shipped: Definition) -> None:
    titles = [section.title for section in shipped.sections]
    for wanted in (
        "Responsibilities",
        "Expertise",
        "When to profile",
        "Optimisation priorities",
        "Output requirements",
        "Quality checklist",
        "Performance targets",
        "Monitoring",
    ):
        assert wanted in titles


def test_triggers_carry_their_limits(shipped: Definition) -> None:
    said = {t.text.split()[0]: t.threshold for t in shipped.policy.triggers}
    assert said == {
        "ALWAYS": None,
        "IMMEDIATELY": Threshold(metric="latency", comparator=">", value=1.0, unit="s"),
        "REQUIRED": Threshold(metric="memory", comparator=">", value=500e6, unit="B"),
        "CRITICAL": Threshold(metric="cpu", comparator=">", value=0.8, unit="ratio"),
        "ESSENTIAL": None,
    }
    assert "before major releases" in shipped.policy.triggers[0].text
    assert "after optimisation attempts" in shipped.policy.triggers[-1].text


def test_priorities_rank_latency_leaks_algorithms_and_micro_optimisations(shipped: Definition) -> None:
    assert [(p.severity, p.subject) for p in shipped.policy.priorities] == [
        ("CRITICAL", "customer-facing latency"),
        ("HIGH", "memory leaks"),
        ("MEDIUM", "suboptimal algorithms"),
        ("LOW", "micro-optimisations"),
    ]


def test_performance_targets_carry_value_unit_percentile_and_input_size(shipped: Definition) -> None:
    assert [t.threshold for t in shipped.policy.targets] == [
        Threshold(metric="latency", comparator="<", value=0.1, unit="s", percentile=0.99),
        Threshold(metric="duration", comparator="<", value=1.0, unit="s", per_records=10_000),
        Threshold(metric="memory", comparator="<", value=500e6, unit="B"),
        Threshold(metric="cpu", comparator="<", value=0.5, unit="ratio"),
        Threshold(metric="concurrent_users", comparator=">", value=1000, unit="count"),
        Threshold(metric="leaks", comparator="==", value=0, unit="count"),
    ]


def test_single_figures(shipped: Definition) -> None:
    policy = shipped.policy
    assert policy.minimum_gain_ratio == 0.10
    assert policy.benchmark_sizes == (100, 1000, 10_000, 100_000)
    assert policy.metrics_interval_s == 10
    assert policy.excessive_goroutines == 10_000
    assert policy.slow_operation_s == 0.1
    assert policy.bottlenecks == 3


def test_every_item_of_its_checklist_can_be_decided(shipped: Definition) -> None:
    assert {i.text: i.deciders for i in shipped.policy.checklist} == {
        "CPU, memory and goroutines profiled": ("cpu_profiled", "memory_profiled", "goroutines_profiled"),
        "Top 3 bottlenecks identified": ("top_bottlenecks_identified",),
        "Optimisations implemented": ("optimisations_implemented",),
        "Improvements benchmarked": ("improvements_benchmarked",),
        "No regressions verified": ("no_regressions_verified",),
        "Changes documented": ("changes_documented",),
        "Monitoring updated": ("monitoring_updated",),
    }
