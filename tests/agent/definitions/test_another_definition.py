"""Another file makes another agent: name, model, checklist, targets and figures follow it."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.definition import Definition, read_definition
from agent.policy import Threshold
from agent.rendering.definition import render

DATA = Path(__file__).with_name("data")


@pytest.fixture(scope="module")
def other() -> Definition:
    return read_definition(DATA / "strict.md")


def test_name_model_and_fields_are_the_files(other: Definition) -> None:
    assert (other.name, other.model, other.priority) == ("go-allocation-coach", "opus", "medium")
    assert other.estimated_time_s == 90
    assert other.prompt.startswith("Preface without a heading.")


def test_triggers_and_priorities_are_the_files(other: Definition) -> None:
    assert [t.threshold for t in other.policy.triggers] == [
        Threshold(metric="memory", comparator=">", value=2 * 2**30, unit="B"),
        Threshold(metric="latency", comparator=">", value=0.25, unit="s", percentile=0.95),
    ]
    assert [(p.severity, p.subject) for p in other.policy.priorities] == [
        ("CRITICAL", "retained memory"),
        ("LOW", "style"),
    ]


def test_targets_are_the_files_and_one_that_is_not_understood_stays_without_a_limit(
    other: Definition,
) -> None:
    found = {t.text: t.threshold for t in other.policy.targets}
    assert list(found) == [
        "p95 latency at most 250 ms",
        "Heap below 1.5 GiB",
        "At least 200 requests/s",
        "Goroutines no more than 2,500",
        "Looks tidy",
    ]
    assert found["Looks tidy"] is None
    assert any("no limit understood in 'Looks tidy'" in note for note in other.recovered)


def test_figures_are_the_files(other: Definition) -> None:
    policy = other.policy
    assert policy.minimum_gain_ratio == pytest.approx(0.05)
    assert policy.benchmark_sizes == (10, 1000, 1_000_000)
    assert policy.bottlenecks == 5
    assert policy.metrics_interval_s == 30
    assert policy.excessive_goroutines == 2500
    assert policy.slow_operation_s == pytest.approx(0.02)
    assert other.assumed == ()


def test_the_checklist_is_the_files_and_a_persons_work_is_not_decidable_although_ticked_in_the_file(
    other: Definition,
) -> None:
    assert [(i.text, i.deciders) for i in other.policy.checklist] == [
        ("Memory profiled", ("memory_profiled",)),
        ("Heap profile reviewed by the platform team", ()),
        ("Benchmarks compared before and after", ("improvements_benchmarked",)),
    ]


def test_a_file_without_sections_has_the_default_figures_and_says_that_they_are_assumed(
    tmp_path: Path,
) -> None:
    path = tmp_path / "bare.md"
    path.write_text("---\nname: bare\n---\nJust be quick.\n")
    found = read_definition(path)
    assert found.policy.targets == ()
    assert found.policy.checklist == ()
    assert len(found.assumed) == 6
    assert "minimum_gain_ratio = 0.1" in found.assumed
    assert "minimum_gain_ratio = 0.1" in render(found)


def test_a_figure_said_twice_differently_leaves_a_note_and_the_first_counts(tmp_path: Path) -> None:
    path = tmp_path / "twice.md"
    path.write_text("---\nname: twice\n---\nA gain under 10 % is minimal.\n\nA gain under 20 % is minimal.\n")
    found = read_definition(path)
    assert found.policy.minimum_gain_ratio == pytest.approx(0.1)
    assert any(note.startswith("line 6:") and "line 4" in note for note in found.recovered)


def test_a_numbered_list_gives_no_figures_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "numbered.md"
    path.write_text("---\nname: n\n---\n1. Look.\n2. Benchmark at sizes 10, 100, 1000.\n")
    assert read_definition(path).policy.benchmark_sizes == (10, 100, 1000)


def test_a_section_with_a_title_of_its_own_is_told_by_its_content_and_that_is_noted(tmp_path: Path) -> None:
    path = tmp_path / "titles.md"
    path.write_text("---\nname: t\n---\n## Numbers\n- Latency < 5 ms\n- Heap < 10 MB\n")
    found = read_definition(path)
    assert len(found.policy.targets) == 2
    assert any("taken as targets" in note for note in found.recovered)


def test_code_blocks_hold_no_checklist_and_no_headings(tmp_path: Path) -> None:
    path = tmp_path / "code.md"
    path.write_text(
        "---\nname: c\n---\n## Example\n```md\n## Checklist\n- [ ] CPU profiled\n```\n~~~\n- [ ] x\n~~~\n"
    )
    found = read_definition(path)
    assert found.policy.checklist == ()
    assert [s.title for s in found.sections] == ["Example"]


def test_what_was_understood_can_be_shown(other: Definition) -> None:
    shown = render(other)
    for words in (
        "name: go-allocation-coach",
        "Heap profile reviewed by the platform team  [not decidable by this program]",
        "Looks tidy  [no threshold understood]",
        "[latency <= 250 ms at p95]",
        "line ",
    ):
        assert words in shown
