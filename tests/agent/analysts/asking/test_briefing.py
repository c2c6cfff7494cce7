from __future__ import annotations

from pathlib import Path

from agent.analysts.asking.briefing import HOTSPOTS, facts, measured, playbook_words
from agent.analysts.playbook import Playbook
from agent.rendering.profile_answers.writing import tokens_of
from tests.agent.analysts.conftest import MakePicture, MakeSpot


def test_the_facts_hold_nothing_that_is_measured(make_picture: MakePicture, make_spot: MakeSpot) -> None:
    one, other = make_picture(make_spot(share=0.5)), make_picture(make_spot("outer", share=0.1))
    assert facts(one) == facts(other)
    assert facts(one).startswith("Question: Why is it slow?")


def test_hotspots_come_with_their_citable_shares_and_costliest_lines(
    make_picture: MakePicture, make_spot: MakeSpot
) -> None:
    said = measured(make_picture(make_spot(share=0.5)))
    assert "{E2.share_2}" in said
    assert "1. inner at app.py" in said
    assert "7: 50.0 %  return sorted(row)[0]" in said


def test_a_program_that_costs_nothing_is_told_so(make_picture: MakePicture) -> None:
    assert "costs next to nothing" in measured(make_picture())


def test_a_picture_is_bounded_however_long_names_are(make_picture: MakePicture, make_spot: MakeSpot) -> None:
    spots = [make_spot(f"f{n}" + "x" * 300, share=0.01) for n in range(HOTSPOTS * 10)]
    assert tokens_of(measured(make_picture(*spots))) < 6_000


def test_sources_outside_of_the_target_are_not_shown(
    make_picture: MakePicture, make_spot: MakeSpot, tmp_path: Path
) -> None:
    (tmp_path / "secret.txt").write_text("hunter2\n")
    said = measured(make_picture(make_spot(file="../secret.txt", line=1)))
    assert "hunter2" not in said


def test_the_playbooks_words_are_told_with_their_numbers(
    make_picture: MakePicture, make_spot: MakeSpot, playbook: Playbook
) -> None:
    picture = make_picture(make_spot(share=0.5))
    said = playbook_words(picture, playbook.investigate(picture))
    assert "Sorted only for the smallest" in said
    assert "50.0 %" in said
