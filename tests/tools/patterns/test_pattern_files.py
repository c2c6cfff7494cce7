"""Every pattern file of the playbook is whole, and a broken one is named with what is wrong in it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal, cast

import pytest
from ast_grep_py import Config, SgRoot

from tools.errors import UnreadableOutput
from tools.go.rewrites.rewriter import REWRITES
from tools.patterns.pattern import Pattern, load_patterns, read_pattern

PLAYBOOK = Path(__file__).parents[3] / "prompts" / "playbook"
GO = load_patterns(PLAYBOOK, "go")
PYTHON = load_patterns(PLAYBOOK, "python")
SOUND = """---
title: A title
view: cpu
severity: LOW
risk: None.
rule:
  rule: {kind: call_expression}
rewrite: {engine: explain}
---
Why it is slow.
"""


def test_there_are_enough_patterns_for_both_languages() -> None:
    assert len(GO) >= 12
    assert len(PYTHON) >= 12
    ids = [pattern.id for pattern in (*GO, *PYTHON)]
    assert ids == sorted(set(ids))


@pytest.mark.parametrize("pattern", [*GO, *PYTHON], ids=lambda p: p.id)
def test_a_pattern_explains_itself_without_any_measured_number(pattern: Pattern) -> None:
    assert len(pattern.explanation) > 80
    assert len(pattern.spec.risk) > 3
    assert not re.search(r"\d+(\.\d+)?\s?(%|x\b|times|ms|seconds|MB)", pattern.explanation)


@pytest.mark.parametrize("pattern", [*GO, *PYTHON], ids=lambda p: p.id)
def test_a_patterns_rule_is_one_that_the_matcher_understands(pattern: Pattern) -> None:
    source = {"go": "package a\n\nfunc f() {}\n", "python": "def f():\n    pass\n"}[pattern.language]
    SgRoot(source, pattern.language).root().find_all(cast("Config", pattern.spec.rule))


def test_every_go_rewrite_is_known_and_used() -> None:
    names = {p.spec.rewrite.name for p in GO if p.spec.rewrite.engine == "go-typed"}
    assert names == set(REWRITES)
    assert all(not p.spec.rewrite.name for p in GO if p.spec.rewrite.engine in ("explain", "pgo"))


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (("title: A title\n", ""), "title"),
        (("severity: LOW", "severity: HUGE"), "severity"),
        (("view: cpu", "view: disk"), "view"),
        (("engine: explain", "engine: magic"), "engine"),
        (("risk: None.", "risk: None.\nrisky: true"), "risky"),
        (("rule:\n  rule: {kind: call_expression}", "rule: text"), "rule"),
        (("title: A title", "title: [open"), "title|expected"),
        (("---\ntitle", "title"), "between two lines of '---'"),
    ],
)
def test_a_broken_pattern_file_is_named_with_its_field(
    tmp_path: Path, damage: tuple[str, str], words: str
) -> None:
    path = tmp_path / "go" / "broken.md"
    path.parent.mkdir()
    path.write_text(SOUND.replace(*damage, 1))
    with pytest.raises(UnreadableOutput, match=rf"(?s)^{path}: .*({words})"):
        load_patterns(tmp_path, "go")


@pytest.mark.parametrize("language", ["go", "python"])
def test_a_sound_pattern_file_is_read(tmp_path: Path, language: Literal["go", "python"]) -> None:
    (tmp_path / "name.md").write_text(SOUND)
    pattern = read_pattern(tmp_path / "name.md", language)
    assert (pattern.id, pattern.spec.title, pattern.explanation) == (
        f"{language}/name",
        "A title",
        "Why it is slow.",
    )


def test_a_folder_without_patterns_has_none(tmp_path: Path) -> None:
    assert load_patterns(tmp_path, "go") == ()
