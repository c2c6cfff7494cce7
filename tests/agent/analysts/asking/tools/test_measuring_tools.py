"""What is measured on request, within what the plan has, and evidence to look things up in."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agent.analysts.analyst import Picture
from agent.analysts.asking.tools.tool import TOKENS
from agent.analysts.asking.tools.toolbox import Toolbox, toolbox_for
from agent.evidence import Evidence, Quantity
from agent.rendering.profile_answers.writing import tokens_of
from tests.agent.analysts.asking.tools.conftest import NotingLab


def test_a_new_capture_can_be_asked_about_like_the_others(box: Toolbox, lab: NotingLab) -> None:
    answer = box.run("capture", {"profiler": "go-cpu", "size": 100, "seconds": 2})
    assert lab.captured == [("go-cpu", 100, 2.0)]
    assert "runtime.memmove" in answer.text and "E5 is the new capture" in answer.guide
    assert "{E5.samples}" in answer.guide and "{E6.self_share_1}" in answer.guide
    assert box.run("top", {"capture": "E5"}).text.startswith("E5 (go-cpu)")


def test_the_same_capture_is_made_once(box: Toolbox, lab: NotingLab) -> None:
    first = box.run("capture", {"profiler": "go-cpu", "size": 100})
    kept = len(lab.items)
    assert box.run("capture", {"size": 100, "profiler": "go-cpu"}) == first
    assert len(lab.captured) == 1 and len(lab.items) == kept


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"profiler": "perf"}, "choose one of go-cpu, go-heap"),
        ({"profiler": "go-cpu; rm -rf /"}, "choose one of go-cpu, go-heap"),
        ({"profiler": "go-cpu", "size": 7}, "choose one of 100, 1000"),
        ({"profiler": "go-cpu", "size": "100"}, "valid integer"),
        ({"profiler": "go-cpu", "seconds": 0.5}, "greater than or equal to 1"),
        ({"profiler": "go-cpu", "seconds": 1e9}, "less than or equal to 60"),
        ({"profiler": "go-cpu", "seconds": float("nan")}, "finite number"),
        ({"size": 100}, "profiler: Field required"),
        ({"profiler": "go-cpu", "command": "ls"}, "Extra inputs"),
    ],
)
def test_only_what_the_plan_has_is_captured(
    box: Toolbox, lab: NotingLab, given: dict[str, object], words: str
) -> None:
    answer = box.run("capture", given)
    assert answer.is_error and words in answer.text
    assert not lab.captured


def test_profilers_and_sizes_are_told_as_enums(box: Toolbox, picture: Picture) -> None:
    def fields(box: Toolbox) -> dict[str, dict[str, object]]:
        found = next(s for s in box.specs if s.name == "capture").schema["properties"]
        assert isinstance(found, dict)
        return found

    assert fields(box)["profiler"]["enum"] == ["go-cpu", "go-heap"]
    assert fields(box)["size"]["enum"] == [100, 1000]
    workload = picture.plan.workload
    plain = replace(workload, benchmarks=tuple(replace(b, size=None) for b in workload.benchmarks))
    without = toolbox_for(replace(picture, plan=replace(picture.plan, workload=plain)))
    assert "size" not in fields(without)
    refused = without.run("capture", {"profiler": "go-cpu", "size": 100})
    assert refused.is_error and "leave it out" in refused.text


def test_the_compilers_remarks_are_cut_and_narrowed_by_lines(box: Toolbox) -> None:
    answer = box.run("compiler_remarks", {"file": "trades/parse.go"})
    assert tokens_of(answer.text) <= TOKENS and "199 of 199 remarks" in answer.text
    assert "narrow with `first_line` and `last_line`" in answer.text and "{E5.remarks}" in answer.guide
    some = box.run("compiler_remarks", {"file": "trades/parse.go", "first_line": 62, "last_line": 63})
    assert "2 of 199 remarks" in some.text and "62\t62\tescape\tx62 escapes to heap" in some.text
    assert box.run("compiler_remarks", {"file": "README.md"}).is_error
    assert "is in no package" in box.run("compiler_remarks", {"file": "report/report.go"}).text


def test_evidence_is_listed_and_looked_up(box: Toolbox) -> None:
    listed = box.run("evidence", {}).text
    assert "4 pieces of evidence" in listed and "E3\theap profile\tgo-heap" in listed
    assert "E3" not in box.run("evidence", {"containing": "CPU"}).text
    one = box.run("evidence", {"id": "E1"}).text
    assert "{E1.processors}\t2" in one and "warning: a busy host" in one
    wrong = box.run("evidence", {"id": "E99"})
    assert wrong.is_error and "there is no evidence 'E99'" in wrong.text


def test_evidence_that_was_gathered_meanwhile_is_there(box: Toolbox) -> None:
    box.run("top", {"capture": "cpu"})
    assert "E5\ttop of E2" in box.run("evidence", {}).text
    assert "{E5.total}\t610 ms" in box.run("evidence", {"id": "E5", "containing": "total"}).text


def test_very_much_evidence_is_cut_to_the_newest_and_numbers_to_the_first(
    box: Toolbox, lab: NotingLab
) -> None:
    lab.items += [Evidence(id=f"E{n}", kind="analysis", title=f"piece {n}", tool="x") for n in range(5, 3000)]
    many = tuple(Quantity(name=f"share_{n}", value=0.5, unit="ratio") for n in range(3000))
    lab.items.append(
        Evidence(
            id="E3000", kind="analysis", title="x" * 100_000, tool="y", quantities=many, failure="z" * 100_000
        )
    )
    listed = box.run("evidence", {}).text
    assert tokens_of(listed) <= TOKENS and "E2999\t" in listed and "narrow with `containing`" in listed
    assert tokens_of(box.run("evidence", {"id": "E3000"}).text) <= TOKENS
    assert "2 more" not in box.run("evidence", {"id": "E3000", "containing": "share_2999"}).text


def test_evidence_that_failed_says_why(box: Toolbox, lab: NotingLab) -> None:
    lab.items.append(
        Evidence(id="E5", kind="missing", title="memory", tool="memray", failure="it isn't installed")
    )
    assert "E5\tmemory (failed)" in box.run("evidence", {}).text
    assert "it failed: it isn't installed" in box.run("evidence", {"id": "E5"}).text
