"""The rule of each Python pattern matches what the pattern speaks of, and nothing that only looks like it."""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path

import pytest

from tests.tools.python.cases import PATTERNS, Case, hot_file, read_cases
from tools.patterns.matching import find
from tools.python.rewrites.rewriter import REWRITES

CASES = read_cases("patterns")
MARK = "# here"


def lines_found(case: Case, root: Path) -> set[int]:
    """The lines that the pattern of a case matches in it, all of which are hot."""
    ast.parse(case.source)
    (root / "code.py").write_text(case.source, encoding="utf-8")
    pattern = PATTERNS[case.pattern]
    hot = hot_file(case.source, "memory" if pattern.spec.view == "memory" else "cpu")
    return {finding.line for finding in find([pattern], root, [hot])}


def test_every_pattern_has_code_that_it_matches_and_code_that_it_does_not() -> None:
    for judged in ("matches", "differs"):
        assert {c.pattern for c in CASES if c.judged == judged} == set(PATTERNS)
    assert all(MARK in c.source for c in CASES if c.judged == "matches")


def test_every_rewrite_is_named_by_a_pattern_and_the_others_only_explain() -> None:
    assert {p.spec.rewrite.name for p in PATTERNS.values() if p.spec.rewrite.engine == "libcst"} == set(
        REWRITES
    )
    assert {p.spec.rewrite.engine for p in PATTERNS.values()} == {"libcst", "explain"}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_pattern_matches_the_marked_lines_and_no_other(case: Case, tmp_path: Path) -> None:
    marked = {n for n, line in enumerate(case.source.splitlines(), 1) if MARK in line}
    assert bool(marked) == (case.judged == "matches")
    assert lines_found(case, tmp_path) == marked


@pytest.mark.parametrize("case", [c for c in CASES if c.judged == "matches"], ids=str)
def test_cold_code_is_not_matched(case: Case, tmp_path: Path) -> None:
    pattern = PATTERNS[case.pattern]
    (tmp_path / "code.py").write_text(case.source + "\n\ndef cold():\n    return 1\n", encoding="utf-8")
    hot = hot_file("\n", "memory" if pattern.spec.view == "memory" else "cpu")
    last = case.source.count("\n") + 4
    assert find([pattern], tmp_path, [replace(hot, lines={last: 1.0})]) == ()
