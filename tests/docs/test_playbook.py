"""The playbook page lists every pattern, and tells the keys and engines that a pattern file may have."""

from __future__ import annotations

from typing import get_args

from agent.resources import playbook_dir
from tests.docs.conftest import MadePart
from tests.docs.pages import code_words, read, rows, section
from tools.patterns.pattern import Engine, Pattern, PatternFile, RewriteSpec, load_patterns

PAGE = "playbook.md"
_REWRITES = {"explain": "explained", "pgo": "adds `default.pgo`"}


def patterns_part() -> str:
    """Both languages' patterns as tables."""
    go, python = (load_patterns(playbook_dir(), language) for language in ("go", "python"))
    return _table("Go", go) + _table("Python", python)


def _table(language: str, patterns: tuple[Pattern, ...]) -> str:
    head = f"### {language}\n\n| pattern | what | view | severity | rewrite |\n|---|---|---|---|---|\n"
    return head + "".join(map(_row, patterns)) + "\n"


def _row(pattern: Pattern) -> str:
    spec, rewrite = pattern.spec, pattern.spec.rewrite
    how = _REWRITES.get(rewrite.engine, f"{rewrite.engine}: {rewrite.name}")
    return f"| `{pattern.id}` | {spec.title} | {spec.view} | {spec.severity} | {how} |\n"


def test_the_list_of_patterns_is_that_of_the_files(made: MadePart) -> None:
    made(PAGE, "patterns", patterns_part())


def test_a_pattern_that_is_not_listed_is_seen() -> None:
    listed = {code_words(cells[0])[0] for cells in rows(section(read(PAGE), "All patterns"))}
    ids = {p.id for lang in ("go", "python") for p in load_patterns(playbook_dir(), lang)}
    assert listed == ids
    assert listed - {"go/unbuffered-output"} != ids


def test_every_key_of_a_pattern_file_is_told() -> None:
    told = {code_words(cells[0])[0] for cells in rows(section(read(PAGE), "A pattern file"))}
    keys = set(PatternFile.model_fields) - {"rewrite"}
    assert told == keys | {f"rewrite.{name}" for name in RewriteSpec.model_fields}


def test_every_engine_is_told() -> None:
    part = section(read(PAGE), "From a match to a candidate")
    assert {word for cells in rows(part) for word in code_words(cells[0])} == set(get_args(Engine))


def test_the_engines_that_are_said_to_do_nothing_are_named_by_no_pattern() -> None:
    patterns = [p for lang in ("go", "python") for p in load_patterns(playbook_dir(), lang)]
    assert not {p.spec.rewrite.engine for p in patterns} & {"ast-grep", "go-fix"}
