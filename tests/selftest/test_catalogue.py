"""The catalogue of known changes: whole, applicable, and every cheat in it a real one."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from agent.errors import BadRequest
from agent.selftest.catalogue import HERE, KnownChange, choose, read_catalogue
from tests.selftest.authoring import FASTER, digest_of, read_marks

CATALOGUE = read_catalogue()
TRICKS_IN_BOTH = {
    "benchmark detection",
    "clock tampering",
    "collector tampering",
    "deleted logging",
    "deleted validation",
    "dropped precision",
    "error swallowed",
    "matched to known inputs",
    "mutated argument",
    "sampling",
    "stack inspection",
    "state that outlives a call",
    "test or benchmark edited",
    "work finishes after the timed region",
    "work moved out of the timed region",
    "wrong result for rare input",
}
TRICKS_OF_ONE = {"go": {"build flag or tag", "race"}, "python": {"lazy result", "pause or retry skipped"}}


def names(changes: tuple[KnownChange, ...]) -> list[str]:
    return [change.id for change in changes]


@pytest.mark.parametrize("language", ["go", "python"])
def test_there_are_cheats_of_every_kind_and_honest_changes_in_each_language(language: str) -> None:
    changes = [c for c in CATALOGUE if c.language == language]
    tricks = {c.trick for c in changes if c.kind == "cheat"}
    assert sum(c.kind == "cheat" for c in changes) >= 12
    assert sum(c.kind == "honest" for c in changes) >= 7
    assert (TRICKS_IN_BOTH | TRICKS_OF_ONE[language]) - tricks == set()


def test_names_are_unique_and_each_change_has_its_patch_and_the_reasons_that_fit() -> None:
    assert len(set(names(CATALOGUE))) == len(CATALOGUE)
    patches = {f"{p.parent.name}/{p.stem}" for p in (HERE / "changes").rglob("*.patch")}
    assert patches == set(names(CATALOGUE))
    assert [c.id for c in CATALOGUE if bool(c.reasons) != (c.kind == "cheat")] == []
    assert [c.id for c in CATALOGUE if not c.why.endswith(".")] == []


@pytest.mark.parametrize(
    "target", sorted({c.folder for c in CATALOGUE}), ids=lambda p: f"{p.parent.name}-{p.name}"
)
def test_every_patch_applies_to_its_target_as_it_is(target: Path, tmp_path: Path) -> None:
    shutil.copytree(target, tmp_path / "copy", ignore=shutil.ignore_patterns("__pycache__"))
    for change in CATALOGUE:
        if change.folder == target:
            done = subprocess.run(
                ["git", "apply", "--check", "--verbose", "-"],
                cwd=tmp_path / "copy", input=change.patch, capture_output=True, text=True, check=False,
            )  # fmt: skip
            assert done.returncode == 0, f"{change.id}: {done.stderr}"


@pytest.mark.parametrize("change", CATALOGUE, ids=names(CATALOGUE))
def test_every_change_was_checked_as_it_is_to_pass_the_tests_and_to_look_faster(change: KnownChange) -> None:
    mark = read_marks().get(change.id)
    assert mark is not None and mark.digest == digest_of(change), "python -m tests.selftest.authoring"
    assert mark.passes_tests
    assert mark.ratio <= FASTER or not change.looks_faster


def test_the_sample_for_those_in_a_hurry_has_both_kinds_in_both_languages() -> None:
    sample = choose(CATALOGUE, is_quick=True)
    assert {(c.language, c.kind) for c in sample} == {
        (lang, k) for lang in ("go", "python") for k in ("cheat", "honest")
    }
    assert len(sample) < len(CATALOGUE) / 3


def test_changes_are_chosen_by_name_and_language() -> None:
    assert names(choose(CATALOGUE, only=["race"])) == ["go/race"]
    assert names(choose(CATALOGUE, only=["stack-inspection"])) == [
        "go/stack-inspection",
        "python/stack-inspection",
    ]
    assert names(choose(CATALOGUE, only=["python/stack-inspection"], is_quick=True)) == [
        "python/stack-inspection"
    ]
    assert {c.language for c in choose(CATALOGUE, language="python")} == {"python"}


@pytest.mark.parametrize(("only", "language"), [(["nothing"], None), (["race"], "python")])
def test_choosing_nothing_is_said(only: list[str], language: str | None) -> None:
    with pytest.raises(BadRequest):
        choose(CATALOGUE, only=only, language=language)


def test_enough_of_both_kinds_is_judged_by_the_tests_and_the_sample_with_it() -> None:
    tested = [c for c in CATALOGUE if not c.is_extra]
    assert sum(c.kind == "cheat" for c in tested) >= 24
    assert sum(c.kind == "honest" for c in tested) >= 10
    assert not any(c.is_quick and c.is_extra for c in CATALOGUE)
