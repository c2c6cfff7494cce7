"""One suspect for each cause, placed at the function that must change."""

from __future__ import annotations

from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.analysts.hotcode import hot_functions, moved
from agent.analysts.severity import severity_of
from agent.analysts.suspects import suspects
from tests.agent.analysts.conftest import MakeFinding, MakePicture, MakeSpot
from tools.profiles.ranking import CallSite

SITE = CallSite(function="outer", file="app.py", line=3, share=0.9)


def test_a_hot_leaf_explained_by_its_caller_is_placed_at_the_caller(
    make_spot: MakeSpot, make_finding: MakeFinding
) -> None:
    (found,) = suspects([make_spot(called_from=SITE)], [make_finding("outer", line=3)])
    assert (found.function, found.line) == ("outer", 3)
    assert found.other_functions == ("inner",)


def test_a_finding_elsewhere_in_the_caller_is_not_the_cause(
    make_spot: MakeSpot, make_finding: MakeFinding
) -> None:
    (found,) = suspects([make_spot(called_from=SITE)], [make_finding("outer", line=1)])
    assert (found.function, found.findings) == ("inner", ())


def test_two_hotspots_of_one_cause_are_one_suspect(make_spot: MakeSpot, make_finding: MakeFinding) -> None:
    spots = [make_spot(called_from=SITE), make_spot("outer", line=3, share=0.2)]
    (found,) = suspects(spots, [make_finding("outer", line=3)])
    assert found.hotspot.function == "inner"
    assert len(found.findings) == 1


def test_functions_of_the_same_name_in_other_files_are_other_suspects(make_spot: MakeSpot) -> None:
    found = suspects([make_spot(), make_spot(file="other.py")], [])
    assert [s.file for s in found] == ["app.py", "other.py"]


def test_a_small_share_counts_only_when_a_pattern_explains_it(
    make_spot: MakeSpot, make_finding: MakeFinding
) -> None:
    small = make_spot(share=0.02)
    assert suspects([small], []) == ()
    assert len(suspects([small], [make_finding()])) == 1
    assert suspects([make_spot(share=0.01)], [make_finding()]) == ()


def test_the_one_line_that_calls_a_hotspot_is_hot_too(make_spot: MakeSpot) -> None:
    leaf, caller = hot_functions([make_spot(called_from=SITE)])
    assert (leaf.function, leaf.lines) == ("inner", {7: 0.5})
    assert (caller.function, caller.lines) == ("outer", {3: 0.45})


def test_hot_lines_follow_the_text_when_earlier_changes_moved_it(tmp_path: Path) -> None:
    old, new = tmp_path / "old.py", tmp_path / "new.py"
    old.write_text("a\nb\nhot\nc\n")
    new.write_text("new\na\nb\nhot\nc\n")
    assert moved({3: 0.5}, old, new) == {4: 0.5}
    new.write_text("a\nb\nwarm\nlukewarm\nc\n")
    assert moved({3: 0.5}, old, new) == {3: 0.5, 4: 0.5}
    new.write_text("a\nb\nc\n")
    assert moved({3: 0.5}, old, new) == {}
    assert moved({3: 0.5}, old, tmp_path / "gone.py") == {3: 0.5}


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(old=st.lists(st.sampled_from("abcd"), max_size=8), new=st.lists(st.sampled_from("abcd"), max_size=8))
def test_moved_lines_are_lines_of_the_new_text(tmp_path: Path, old: list[str], new: list[str]) -> None:
    before, after = tmp_path / "old.py", tmp_path / "new.py"
    before.write_text("\n".join(old))
    after.write_text("\n".join(new))
    found = moved(dict.fromkeys(range(1, len(old) + 1), 0.1), before, after)
    assert set(found) <= set(range(1, len(new) + 1))


def test_severity_follows_the_definitions_priorities(
    make_spot: MakeSpot, make_finding: MakeFinding, make_picture: MakePicture
) -> None:
    finding = make_finding()
    latency = "Customers wait for the page: the response is slow"
    leak = "Memory grows and grows: is it a leak?"
    cases = [
        (make_spot(share=0.5), "Why is it slow?", "MEDIUM"),
        (make_spot(share=0.04), latency, "LOW"),
        (make_spot(share=0.5), latency, "CRITICAL"),
        (make_spot(share=0.08), latency, "MEDIUM"),
        (make_spot(share=0.5, view="memory"), latency, "MEDIUM"),
        (make_spot(share=0.5, view="memory"), leak, "HIGH"),
        (make_spot(share=0.5), leak, "MEDIUM"),
    ]
    for spot, question, severity in cases:
        assert severity_of(make_picture(spot, question=question), spot, finding) == severity
