"""Patterns match where measurement found cost, and nowhere else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import pytest

from tools.patterns.matching import find
from tools.patterns.pattern import Finding, HotFunction, Pattern, PatternFile, RewriteSpec, load_patterns

PLAYBOOK = Path(__file__).parents[3] / "prompts" / "playbook"
GO = {pattern.id.removeprefix("go/"): pattern for pattern in load_patterns(PLAYBOOK, "go")}
View = Literal["cpu", "memory", "goroutines"]
Look = Callable[..., tuple[Finding, ...]]
# Line numbers matter below: hot is lines 5 to 12, cold is lines 14 to 16.
SOURCE = """package a

import "regexp"

func hot(words []string) (n int) {
	for _, word := range words {
		if regexp.MustCompile(`^ä`).MatchString(word) {
			n++
		}
	}
	return n
}

func cold(word string) bool {
	return regexp.MustCompile(`^b`).MatchString(word)
}
"""


@pytest.fixture
def look(tmp_path: Path) -> Look:
    """Finds the patterns of a text `a.go` whose function on `start`..`end` has the shares `lines`."""

    def look(
        source: str,
        lines: dict[int, float],
        *names: str,
        start: int = 0,
        end: int = 0,
        view: View = "cpu",
        **more: Any,
    ) -> tuple[Finding, ...]:
        (tmp_path / "a.go").write_text(source, encoding="utf-8")
        hot = HotFunction(
            function="hot", file="a.go", start_line=start, end_line=end, view=view,
            self_share=0.1, cumulative_share=0.9, lines=lines,
        )  # fmt: skip
        return find([GO[name] for name in names] if names else list(GO.values()), tmp_path, [hot], **more)

    return look


def test_a_pattern_matches_in_the_hot_function_only(look: Look) -> None:
    (found,) = look(SOURCE, {7: 0.8}, "regexp-compiled-per-call")
    assert (found.line, found.end_line, found.function, found.share) == (7, 7, "hot", 0.8)
    (other,) = look(SOURCE, {15: 0.5}, "regexp-compiled-per-call")
    assert other.line == 15


def test_a_place_outside_of_the_hot_function_does_not_match(look: Look) -> None:
    """Even where a line of another function bears cost, it is another finding's."""
    assert look(SOURCE, {7: 0.8, 15: 0.5}, "regexp-compiled-per-call", start=14, end=16)[0].line == 15
    assert len(look(SOURCE, {7: 0.8, 15: 0.5}, "regexp-compiled-per-call", start=14, end=16)) == 1


def test_offsets_are_characters_of_the_text(look: Look) -> None:
    """The text before may hold letters that are several bytes long."""
    source = SOURCE.replace("package a", "// größe €\npackage a")
    (found,) = look(source, {8: 0.8}, "regexp-compiled-per-call")
    assert source[found.start : found.end] == "regexp.MustCompile(`^ä`)"


def test_a_line_without_cost_does_not_match(look: Look) -> None:
    assert look(SOURCE, {8: 0.9}, "regexp-compiled-per-call") == ()
    assert look(SOURCE, {7: 0.009}, "regexp-compiled-per-call") == ()
    assert len(look(SOURCE, {7: 0.009}, "regexp-compiled-per-call", minimum_share=0.005)) == 1


def test_a_loop_costs_what_its_lines_cost(look: Look) -> None:
    source = """package a

func hot(words, names []string) (n int) {
	for _, word := range words {
		for _, name := range names {
			if name == word {
				n++
				break
			}
		}
	}
	return n
}
"""
    (found,) = look(source, {6: 0.7, 4: 0.9}, "linear-search-in-loop")
    assert (found.line, found.end_line, found.share) == (5, 10, 0.7)


def test_a_declaration_counts_by_the_loop_that_fills_it(look: Look) -> None:
    source = """package a

func hot(words []string) []int {
	var lengths []int
	for _, word := range words {
		lengths = append(lengths, len(word))
	}
	return lengths
}
"""
    (found,) = look(source, {6: 0.4}, "slice-grown-without-size")
    assert (found.line, found.share) == (4, 0.4)


def test_closures_are_part_of_their_function(look: Look) -> None:
    source = """package a

import "regexp"

func hot(words []string) func(string) bool {
	return func(word string) bool {
		return regexp.MustCompile(`^a`).MatchString(word)
	}
}
"""
    (found,) = look(source, {7: 0.4}, "regexp-compiled-per-call")
    assert found.line == 7


def test_a_pattern_about_memory_matches_where_allocation_takes_time(look: Look) -> None:
    source = """package a

func hot() []byte {
	return make([]byte, 65536)
}
"""
    for view in ("memory", "cpu"):
        assert len(look(source, {4: 0.5}, "buffer-worth-pooling", view=view)) == 1
    assert GO["unbuffered-output"].spec.view == "cpu"


def test_a_pattern_about_time_does_not_match_in_a_memory_view(look: Look) -> None:
    source = """package a

import "fmt"

func hot(words []string) {
	for _, word := range words {
		fmt.Println(word)
	}
}
"""
    assert look(source, {7: 0.5}, "unbuffered-output", view="memory") == ()
    assert len(look(source, {7: 0.5}, "unbuffered-output", view="cpu")) == 1
    assert len(look(source, {7: 0.5}, "unbuffered-output", view="goroutines")) == 1


def test_the_costliest_comes_first_and_a_place_counts_once(look: Look, tmp_path: Path) -> None:
    found = look(SOURCE, {7: 0.8, 15: 0.1}, "regexp-compiled-per-call")
    assert [f.share for f in found] == [0.8, 0.1]
    views: tuple[tuple[View, float], ...] = (("cpu", 0.3), ("goroutines", 0.6))
    again = [
        HotFunction(function="hot", file="a.go", start_line=0, end_line=0, view=view, self_share=0.1,
                    cumulative_share=0.9, lines={7: share})
        for view, share in views
    ]  # fmt: skip
    (once,) = find([GO["regexp-compiled-per-call"]], tmp_path, again)
    assert once.share == 0.6


def test_captures_hold_the_text_of_the_rules_variables(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("import re\n\ndef hot(text):\n    return re.compile('^ä').match(text)\n")
    spec = PatternFile(
        title="t", view="any", severity="LOW", risk="r", rule={"rule": {"pattern": "re.compile($ARGUMENT)"}},
        rewrite=RewriteSpec(engine="explain"),
    )  # fmt: skip
    pattern = Pattern(id="python/x", language="python", spec=spec, explanation="")
    hot = HotFunction(function="hot", file="a.py", start_line=3, end_line=4, view="cpu", self_share=0.1,
                      cumulative_share=0.9, lines={4: 0.8})  # fmt: skip
    (found,) = find([pattern], tmp_path, [hot])
    assert found.captures == {"ARGUMENT": "'^ä'"}


@pytest.mark.parametrize("content", [None, b"\xff\xfe broken"])
def test_a_file_that_is_gone_or_no_text_has_no_findings(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "a.go").write_bytes(content)
    hot = HotFunction(function="hot", file="a.go", start_line=1, end_line=9, view="cpu", self_share=0.1,
                      cumulative_share=0.9, lines={3: 0.8})  # fmt: skip
    assert find(list(GO.values()), tmp_path, [hot]) == ()


def test_the_examples_problems_are_found_where_they_are_hot() -> None:
    """Every planted problem of the example matches its pattern when its function is hot."""
    root = Path(__file__).parents[3] / "examples" / "daily-reports-go"
    expected = {
        ("summary/summary.go", "Symbols", "membership-scan-in-loop"),
        ("summary/summary.go", "Summarise", "linear-search-in-loop"),
        ("trades/parse.go", "validID", "regexp-compiled-per-call"),
        ("report/report.go", "journalPage", "string-concatenation-in-loop"),
        ("report/report.go", "JournalLine", "formatting-by-reflection"),
    }
    found = set()
    for file, function, _ in expected:
        lines = (root / file).read_text().splitlines()
        start = next(n for n, line in enumerate(lines, 1) if line.startswith(f"func {function}("))
        end = next(n for n in range(start, len(lines) + 1) if lines[n - 1] == "}")
        hot = HotFunction(function=function, file=file, start_line=start, end_line=end, view="cpu", self_share=0.1,
                          cumulative_share=0.5, lines=dict.fromkeys(range(start, end + 1), 0.5))  # fmt: skip
        found |= {
            (f.file, f.function, f.pattern.id.removeprefix("go/"))
            for f in find(list(GO.values()), root, [hot])
        }
    assert expected <= found
