"""The playbook names causes with their measured share, and never takes a name for words of its own."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from agent.analysts.playbook import Playbook
from agent.rendering import html, markdown
from agent.rendering.quantities import REFERENCE, resolve
from agent.report import Report
from tests.agent.analysts.conftest import MakePicture, MakeSpot
from tools.patterns.pattern import Pattern, PatternFile, RewriteSpec
from tools.profiles.ranking import CallSite
from tools.run.process import Runner

HOSTILE = ["`{E9.share}`", "`![x](http://example.org/x.png)", "a`b`<img src=x>", "{E1.}", "x\n# Improved"]


def test_each_bottleneck_has_a_place_a_cause_a_share_and_its_evidence(
    playbook: Playbook, make_picture: MakePicture, make_spot: MakeSpot
) -> None:
    picture = make_picture(make_spot())
    (found,) = playbook.investigate(picture)
    assert (found.rank, found.function, found.file, found.line) == (1, "inner", "app.py", 7)
    assert found.patterns == ("python/sorted-for-smallest",)
    assert found.evidence == ("E1", "E2")
    assert picture.evidence.resolve(found.share).value == 0.5
    assert resolve(found.root_cause, picture.evidence).startswith(
        "Looks like: Sorted only for the smallest. `inner` causes 50.0 % of the CPU time"
    )


def test_no_more_bottlenecks_than_the_definition_wants_and_none_for_a_trifle(
    playbook: Playbook, make_picture: MakePicture, make_spot: MakeSpot
) -> None:
    spots = [make_spot(f"f{n}", share=0.2) for n in range(6)]
    assert [b.rank for b in playbook.investigate(make_picture(*spots))] == [1, 2, 3]
    assert playbook.investigate(make_picture(make_spot("tiny", share=0.02, line=3))) == ()
    assert playbook.investigate(make_picture()) == ()


def test_its_prose_holds_no_number_but_references(
    playbook: Playbook, make_picture: MakePicture, make_spot: MakeSpot
) -> None:
    site = CallSite(function="outer", file="app.py", line=3, share=0.9)
    spots = (make_spot(called_from=site), make_spot("other", cause="sorting", other_frames=("lib.hash2",)))
    picture = make_picture(*spots)
    for found in playbook.investigate(picture):
        prose = f"{found.root_cause}\n{found.explanation}"
        for match in REFERENCE.finditer(prose):
            assert resolve(match[0], picture.evidence)
        assert not re.search(r"\d", re.sub(r"`[^`]*`", "", REFERENCE.sub("", prose)))


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_neither_breaks_the_report_nor_becomes_markup(
    playbook: Playbook, make_picture: MakePicture, make_spot: MakeSpot, report: Report, name: str
) -> None:
    site = CallSite(function=name, file=name, line=3, share=0.9)
    picture = make_picture(
        make_spot(name, file=name, cause="sorting", other_frames=(name,), called_from=site)
    )
    found = playbook.investigate(picture)
    shown = replace(report, bottlenecks=found, evidence=(*picture.evidence.items, *report.evidence[2:]))
    assert "\n# Improved" not in markdown.render(shown).split("## Bottlenecks")[1]
    page = html.render(shown, {"graphs/cpu-before.svg": "<svg></svg>"})
    assert "<img" not in page


def test_a_pattern_without_a_rewrite_explains_and_proposes_nothing(
    playbook: Playbook, make_picture: MakePicture, make_spot: MakeSpot
) -> None:
    picture = make_picture(make_spot())
    (found,) = playbook.investigate(picture)
    assert "A whole sort for one element." in found.explanation
    assert playbook.propose(picture, found, ()) == ()


LOOKALIKE = """def inner(word, texts):
    for text in texts:
        if word not in text:
            return text
"""
MEMBERSHIP = Pattern(
    id="python/membership-test-in-list",
    language="python",
    spec=PatternFile(
        title="Membership test in a list",
        view="any",
        severity="MEDIUM",
        risk="None.",
        rule={"rule": {"kind": "comparison_operator", "regex": r"\bin\b"}},
        rewrite=RewriteSpec(engine="libcst", name="set_membership"),
    ),
    explanation="A set answers by one hash.",
)


def test_what_only_has_a_patterns_form_is_not_called_the_cause(
    runner: Runner, make_picture: MakePicture, make_spot: MakeSpot, tmp_path: Path
) -> None:
    """The rule sees an `in` in a loop; the rewriter sees another text in every round, and the report says so."""
    picture = make_picture(make_spot(line=3))
    (picture.root / "app.py").write_text(LOOKALIKE)
    playbook = Playbook(patterns=(MEMBERSHIP,), runner=runner, cache=tmp_path, note="")
    (found,) = playbook.investigate(picture)
    assert found.root_cause.startswith("No known pattern. `inner` causes")
    assert found.patterns == ()
    assert "has the form of `Membership test in a list`, but that isn't sure: `" in found.explanation
    assert "A set answers" not in found.explanation


def test_what_only_has_a_patterns_form_does_not_come_before_a_larger_cost(
    runner: Runner, make_picture: MakePicture, make_spot: MakeSpot, tmp_path: Path
) -> None:
    picture = make_picture(make_spot("other", line=90), make_spot(line=3, share=0.4))
    (picture.root / "app.py").write_text(LOOKALIKE)
    playbook = Playbook(patterns=(MEMBERSHIP,), runner=runner, cache=tmp_path, note="")
    assert [b.function for b in playbook.investigate(picture)] == ["other", "inner"]
