"""Frontmatter as people really write it: nothing is lost, and every line that was mended is named."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.definition import read_definition
from agent.errors import BadDefinition

DATA = Path(__file__).with_name("data")
Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def make(text: str) -> Path:
        path = tmp_path / "agent.md"
        path.write_bytes(text.encode())
        return path

    return make


def test_a_description_full_of_colons_and_examples_on_one_line_keeps_every_field() -> None:
    found = read_definition(DATA / "one-line-examples.md")
    assert (found.name, found.model) == ("latency-hunter", "sonnet")
    assert found.extra == {"color": "red", "tools": "Read, Bash, Grep"}
    assert (
        found.description == "Use this agent when requests have become slow: it profiles first, then answers."
    )
    first, second = found.examples
    assert first.context == "A search page has become slow."
    assert first.user == "Search takes 4 s since Monday: why?"
    assert first.assistant == "I'll use the latency-hunter agent to profile the search handler."
    assert first.commentary == "A response over a second: profile before guessing."
    assert second.user == "Is it really faster?"
    assert any(note.startswith("line 3:") and "YAML" in note for note in found.recovered)
    assert any("description: read as plain text" in note for note in found.recovered)


def test_line_breaks_written_as_two_characters_are_line_breaks() -> None:
    found = read_definition(DATA / "escaped-line-breaks.md")
    assert found.model == "inherit"
    assert r"\n" not in found.description
    assert "**Before a release:**" in found.description.splitlines()
    (example,) = found.examples
    assert example.user == "It climbs to 900 MB: is that a leak?"
    assert example.commentary == "Growth without bound: profile twice."
    assert any(note.startswith("line 3:") for note in found.recovered)


def test_examples_below_the_field_are_part_of_it_and_the_fields_after_them_are_kept() -> None:
    found = read_definition(DATA / "examples-below.md")
    assert found.name == "benchmark-judge"
    assert found.priority == "high"
    assert found.estimated_time_s == 120
    assert found.dependencies == ("load-tester", "release-planner")
    assert found.requires_context == ("the two versions", "a benchmark: any")
    assert found.examples[0].user == "Which of the two is faster?"
    assert "name: this line is part of the example" in found.examples[0].commentary
    mended = {int(line) for note in found.recovered for line in re.findall(r"line (\d+)", note)}
    assert {3, 16, 17} <= mended


def test_a_file_in_strict_yaml_is_read_as_yaml_and_nothing_is_noted_of_its_frontmatter() -> None:
    found = read_definition(DATA / "strict.md")
    assert found.version == "2.10"
    assert found.description == "Looks at allocations only."
    assert found.requires_context == ("source", "benchmarks")
    assert found.dependencies == ()
    assert found.validation_criteria == ("allocations fall", "tests pass")
    assert found.extra == {"tools": "Read, Bash"}
    assert not any("YAML" in note or "plain text" in note for note in found.recovered)


def test_values_stay_the_text_that_was_written(write: Write) -> None:
    found = read_definition(
        write("---\nname: norway\nversion: 1.0\nmodel: no\npriority: 2026-01-01\ncolor: 0x10\n---\n")
    )
    assert (found.version, found.model, found.priority, found.extra["color"]) == (
        "1.0",
        "no",
        "2026-01-01",
        "0x10",
    )


def test_what_yaml_would_drop_as_a_comment_is_named_with_its_line(write: Write) -> None:
    found = read_definition(write("---\nname: a\ndescription: fixes bug #12 and more\n---\n"))
    assert any(note.startswith("line 3:") and "#12 and more" in note for note in found.recovered)


@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_windows_line_ends_and_a_byte_order_mark_are_read_and_noted(write: Write, end: str) -> None:
    text = "\ufeff---\nname: a\nmodel: b\n---\n\n## Checklist\n- [ ] CPU profiled\n".replace("\n", end)
    found = read_definition(write(text))
    assert (found.name, found.model) == ("a", "b")
    assert found.policy.checklist[0].deciders == ("cpu_profiled",)
    assert any("byte order mark" in note for note in found.recovered)
    assert any("Windows line ends" in note for note in found.recovered)


def test_non_ascii_text_is_kept(write: Write) -> None:
    found = read_definition(write("---\nname: größe-预算\ndescription: Prüft: alles — 速い\n---\n"))
    assert found.name == "größe-预算"
    assert found.description == "Prüft: alles — 速い"


def test_an_example_that_is_never_closed_ends_at_the_next_known_field(write: Write) -> None:
    found = read_definition(write("---\nname: a\ndescription: x: <example>\nuser: hi\nmodel: opus\n---\n"))
    assert found.model == "opus"
    assert any("never closed" in note and "line 5" in note for note in found.recovered)


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("", 1, "empty"),
        ("   \n\n", 1, "empty"),
        ("# Just a document\n", 1, "no frontmatter"),
        ("---\nname: a\n", 1, "no closing"),
        ("---\n---\nbody\n", 2, "no fields"),
        ("---\n- a\n- b\n---\n", 2, "no fields"),
        ("---\nmodel: opus\n---\n", 2, "no `name"),
        ("---\nname:\nmodel: x\n---\n", 2, "`name` is empty"),
        ("---\nname: a\nmodel: b\nname: c\n---\n", 4, "given twice, first on line 2"),
        ("---\nname: a\ndescription: b: c\nname: d\n---\n", 4, "given twice, first on line 2"),
        ("---\nthis: is: broken\n??? what\n---\n", 2, "no `name"),
        ("---\n: : :\nname: a: b\n---\n", 2, "neither a field"),
        (f"---\nname: {'x' * 101}\n---\n", 2, "at most 100"),
        ('---\nname: "a\\tb"\n---\n', 2, "one line"),
        ("---\nname: a\0\n---\n", 2, "NUL"),
    ],
)
def test_what_cannot_be_recovered_is_refused_with_file_and_line(
    write: Write, text: str, line: int, words: str
) -> None:
    path = write(text)
    with pytest.raises(BadDefinition) as caught:
        read_definition(path)
    assert str(caught.value).startswith(f"{path}:{line}: ")
    assert words in str(caught.value)


def test_a_file_that_is_not_text_is_refused_with_the_line(tmp_path: Path) -> None:
    path = tmp_path / "agent.md"
    path.write_bytes(b"---\nname: a\nmodel: \xff\xfe\n---\n")
    with pytest.raises(BadDefinition, match=rf"{path}:3: not UTF-8"):
        read_definition(path)


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    for path in (tmp_path / "nowhere.md", tmp_path):
        with pytest.raises(BadDefinition, match=f"{path} can't be read"):
            read_definition(path)


def test_a_huge_file_is_refused_before_it_is_understood(tmp_path: Path) -> None:
    path = tmp_path / "agent.md"
    path.write_bytes(b"---\nname: a\n---\n" + b"x" * (1024 * 1024))
    with pytest.raises(BadDefinition, match="larger than"):
        read_definition(path)


def test_a_small_file_cannot_grow_by_references(write: Write) -> None:
    bomb = "".join(f"x{n}: &x{n} [*x{n - 1}, *x{n - 1}]\n" for n in range(1, 40))
    found = read_definition(write(f"---\nname: a\nx0: &x0 lol\n{bomb}---\n"))
    assert sum(len(value) for value in found.extra.values()) < 5000
    assert any("reference" in note for note in found.recovered)


_WORDS = st.text(
    st.characters(categories=("L", "N"), include_characters=":#'-{}[]&*!|>%@`, "), min_size=1, max_size=40
).map(lambda text: " ".join(text.split()))
_LINES = st.lists(_WORDS, min_size=1, max_size=4)


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=_LINES, tools=_WORDS)
def test_recovery_loses_no_letter_of_any_field(write: Write, lines: list[str], tools: str) -> None:
    """Whatever stands in them. An unclosed quote makes the file no YAML, so all of it is recovered."""
    text = (
        f'---\nname: keeper\nbroken: "never closed: {"; ".join(lines)}\nmodel: opus\ncolor: x{tools}\n---\n'
    )
    found = read_definition(write(text))
    assert (found.name, found.model) == ("keeper", "opus")
    kept = f"{found.extra.get('broken', '')} {found.extra.get('color', '')} {' '.join(found.recovered)}"
    for word in re.findall(r"\w+", f"{'; '.join(lines)} x{tools}"):
        assert word in kept
    assert found.recovered
