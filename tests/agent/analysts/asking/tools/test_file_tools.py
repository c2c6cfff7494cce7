"""Reading, listing and searching: only the target's own text, exactly as it stands, in small pieces."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path

import pytest

from agent.analysts.analyst import Picture
from agent.analysts.asking.tools.places import LARGEST_BYTES
from agent.analysts.asking.tools.searching import COUNTED
from agent.analysts.asking.tools.tool import TOKENS
from agent.analysts.asking.tools.toolbox import Toolbox, toolbox_for
from agent.rendering.profile_answers.writing import tokens_of

SECRET = "the secret outside"


@pytest.fixture
def root(picture: Picture) -> Path:
    return picture.root


def lines_of(text: str) -> list[str]:
    """What follows each line's number and tab."""
    return [line.partition("\t")[2] for line in text.removesuffix("\n").split("\n")[1:]]


def test_text_is_given_exactly_with_its_numbers(box: Toolbox, root: Path) -> None:
    content = "a\tb  \n\n  é \u2028 x\x0c\n\tlast"
    (root / "odd.go").write_text(content, encoding="utf-8")
    answer = box.run("read_file", {"path": "odd.go"})
    assert "\n".join(lines_of(answer.text)) == content
    assert answer.text.startswith("odd.go, lines 1 to 4 of 4\n1\ta\tb  \n2\t\n")
    assert "quote exactly what follows a line's number and one tab" in answer.guide


def test_a_long_file_is_read_in_pieces_without_a_gap(box: Toolbox, root: Path) -> None:
    content = [f"line {n} of a file that goes on and on" for n in range(1, 1001)]
    (root / "long.py").write_text("\n".join(content) + "\n")
    found: list[str] = []
    first = 1
    while first <= 1000:
        answer = box.run("read_file", {"path": "long.py", "first_line": first, "lines": 400})
        assert tokens_of(answer.text) <= TOKENS
        found += lines_of(answer.text)
        first = len(found) + 1
        assert (f"More: `first_line` {first}." in answer.guide) == (first <= 1000)
    assert found == content


def test_a_line_of_a_million_characters_is_cut_and_that_is_said(box: Toolbox, root: Path) -> None:
    (root / "min.js").write_text("first\n" + "x" * 1_000_000 + "\nlast\n")
    answer = box.run("read_file", {"path": "min.js", "first_line": 2})
    assert tokens_of(answer.text) <= TOKENS
    assert "Line 2 is longer than is shown" in answer.guide and "`first_line` 3" in answer.guide


def test_what_an_edit_must_know_of_a_file_is_said(box: Toolbox, root: Path) -> None:
    (root / "dos.py").write_bytes(b"a = 1\r\nb = 2\r\n")
    answer = box.run("read_file", {"path": "dos.py"})
    assert "CR LF" in answer.guide and lines_of(answer.text) == ["a = 1", "b = 2"]
    assert "frozen" in box.run("read_file", {"path": "trades/parse_test.go"}).guide
    assert "frozen" not in box.run("read_file", {"path": "trades/parse.go"}).guide
    (root / "empty.py").write_text("")
    assert box.run("read_file", {"path": "empty.py"}).text == "empty.py is empty\n"
    beyond = box.run("read_file", {"path": "dos.py", "first_line": 3})
    assert beyond.is_error and "has 2 lines" in beyond.text


@pytest.mark.parametrize(
    "path",
    [
        "../outside.txt", "trades/../../outside.txt", "/etc/passwd", "//etc/passwd", "trades/..", "..",
        "a\0b", "trades/parse.go\0", "/dev/zero", "~/.ssh/id_rsa", "trades\\..\\..\\outside.txt",
        "file:///etc/passwd", "out.txt", "outdir/outside.txt", "outdir", "loop", ".", "x" * 300, "\ud800",
    ],
)  # fmt: skip
@pytest.mark.parametrize("tool", ["read_file", "list_files", "compiler_remarks"])
def test_no_path_leads_out_of_the_target(box: Toolbox, root: Path, tool: str, path: str) -> None:
    (root.parent / "outside.txt").write_text(SECRET)
    (root / "out.txt").symlink_to(root.parent / "outside.txt")
    (root / "outdir").symlink_to(root.parent)
    (root / "loop").symlink_to("loop")
    key = {"read_file": "path", "list_files": "folder", "compiler_remarks": "file"}[tool]
    answer = box.run(tool, {key: path})
    assert SECRET not in answer.text and "root:" not in answer.text
    assert answer.is_error or (tool == "list_files" and path == ".")


def test_a_link_that_stays_inside_may_be_read_but_not_into_version_control(box: Toolbox, root: Path) -> None:
    (root / "same.go").symlink_to("trades/parse.go")
    assert "package trades" in box.run("read_file", {"path": "same.go"}).text
    (root / ".git").mkdir()
    (root / ".git" / "config").write_text(SECRET)
    (root / "innocent.txt").symlink_to(".git/config")
    (root / "innocent").symlink_to(".git")
    for path in (".git/config", "innocent.txt", "innocent/config", "./.git/config", "trades/../.git/config"):
        answer = box.run("read_file", {"path": path})
        assert answer.is_error and SECRET not in answer.text
    assert SECRET not in box.run("search_code", {"query": "secret"}).text


def test_environments_and_caches_are_no_part_of_the_target(box: Toolbox, root: Path) -> None:
    for folder in (".venv", "node_modules", "__pycache__", "myenv"):
        (root / folder / "lib").mkdir(parents=True)
        (root / folder / "lib" / "found.py").write_text(f"# {SECRET}\n")
    (root / "myenv" / "pyvenv.cfg").write_text("home = /usr\n")
    assert "found.py" not in box.run("list_files", {}).text
    assert "0 lines" in box.run("search_code", {"query": SECRET}).text
    for folder in (".venv", "node_modules", "myenv"):
        assert box.run("read_file", {"path": f"{folder}/lib/found.py"}).is_error


def test_what_is_no_plain_text_is_refused_with_a_remedy(box: Toolbox, root: Path) -> None:
    os.mkfifo(root / "pipe.go")
    (root / "program").write_bytes(b"\x7fELF\0\0")
    (root / "latin.py").write_bytes("name = 'é'\n".encode("latin-1"))
    with (root / "huge.go").open("wb") as file:
        file.truncate(LARGEST_BYTES + 1)
    os.link(root / "trades" / "parse.go", root / "twice.go")
    for path, words in (
        ("pipe.go", "no plain file"),
        ("program", "no text"),
        ("latin.py", "isn't UTF-8 (at byte 8)"),
        ("huge.go", "over 4 MiB"),
        ("twice.go", "linked from elsewhere"),
        ("trades", "is a folder: `list_files`"),
        ("nothing.go", "`list_files` names the files there are"),
    ):
        answer = box.run("read_file", {"path": path})
        assert answer.is_error and words in answer.text, (path, answer.text)
    assert not box.run("search_code", {"query": "name"}).is_error
    assert "pipe.go" not in box.run("list_files", {}).text


@pytest.mark.parametrize(
    "given", [{"first_line": 0}, {"lines": 0}, {"lines": 401}, {"first_line": 10**9}, {"lines": "9"}]
)
def test_lines_out_of_range_are_refused(box: Toolbox, given: dict[str, object]) -> None:
    assert box.run("read_file", {"path": "go.mod", **given}).is_error


def test_files_are_listed_with_those_that_are_frozen(box: Toolbox) -> None:
    answer = box.run("list_files", {})
    assert "trades/parse.go\n" in answer.text and "trades/parse_test.go\tfrozen" in answer.text
    assert "can be read and not changed" in answer.guide
    some = box.run("list_files", {"folder": "report", "glob": "*_test.go"})
    assert "1 files below report that match *_test.go" in some.text
    assert "frozen" not in box.run("list_files", {"folder": "cmd"}).guide
    assert box.run("list_files", {"folder": "go.mod"}).is_error


def test_of_very_many_files_those_near_the_root_are_listed(box: Toolbox, root: Path) -> None:
    deep = root / "aaa" / "bbb"
    deep.mkdir(parents=True)
    for n in range(2_000):
        (deep / f"file_with_a_name_{n}.py").touch()
    answer = box.run("list_files", {})
    assert tokens_of(answer.text) <= TOKENS
    assert "dailyreports.go" in answer.text and "narrow with `folder` or `glob`" in answer.text


def test_a_name_cannot_break_its_line(box: Toolbox, root: Path) -> None:
    (root / "a\nb\x1b[31m.go").write_text("needle\n")
    Path(os.fsdecode(os.fsencode(root) + b"/\xff.go")).write_text("needle\n")
    for name, given in (("list_files", {"glob": "*.go"}), ("search_code", {"query": "needle"})):
        text = box.run(name, given).text
        assert "a?b?[31m.go" in text.replace("a b", "a?b")
        assert "\x1b" not in text and not any("\ud800" <= c <= "\udfff" for c in text)


def test_lines_are_found_by_text_and_by_expression(box: Toolbox) -> None:
    plain = box.run("search_code", {"query": "regexp.MustCompile("})
    assert "1 lines" in plain.text and "trades/parse.go:63\tpattern := regexp.MustCompile(" in plain.text
    by_expression = box.run("search_code", {"query": r"^func \w+ID\(", "regex": True, "glob": "*.go"})
    assert "trades/parse.go:62" in by_expression.text
    assert "0 lines" in box.run("search_code", {"query": "MustCompile", "glob": "report/*"}).text
    wrong = box.run("search_code", {"query": "(", "regex": True})
    assert wrong.is_error and "no regular expression" in wrong.text
    assert not box.run("search_code", {"query": "("}).is_error


def test_a_search_that_finds_far_too_much_ends_and_is_cut(box: Toolbox, root: Path) -> None:
    (root / "all.py").write_text("needle\n" * 300_000)
    answer = box.run("search_code", {"query": "needle"})
    assert tokens_of(answer.text) <= TOKENS
    assert f"ended after {COUNTED:,} lines" in answer.guide
    assert "narrow with `glob` or a longer `query`" in answer.text and "all.py:1\t" in answer.text


def test_a_search_of_far_too_much_text_says_what_was_left_out(box: Toolbox, root: Path) -> None:
    for n in range(18):
        with (root / f"big{n}.txt").open("wb") as file:
            file.write(b" " * LARGEST_BYTES)
    assert "Only the first 64 MiB were searched" in box.run("search_code", {"query": "needle"}).guide


def test_a_find_in_a_very_long_line_is_shown_with_what_is_around_it(box: Toolbox, root: Path) -> None:
    (root / "min.js").write_text("x" * 100_000 + "needle" + "y" * 100_000)
    text = box.run("search_code", {"query": "needle"}).text
    assert "xneedley" in text and len(text) < 400


def test_an_evil_expression_does_not_hang_a_search(box: Toolbox, root: Path) -> None:
    (root / "as.py").write_text(("a" * 2_000 + "!\n") * 200)
    started = time.perf_counter()
    answer = box.run("search_code", {"query": "(a+)+$", "regex": True})
    assert time.perf_counter() - started < 5
    assert tokens_of(answer.text) <= TOKENS


@pytest.mark.parametrize("glob", ["*a*a*a*a*a*a*a*a*b", "[", "[!]", "**/*.go", "[z-a]*", "\\"])
def test_no_glob_hangs_or_breaks(box: Toolbox, root: Path, glob: str) -> None:
    (root / ("a" * 200)).write_text("")
    started = time.perf_counter()
    assert not box.run("list_files", {"glob": glob}).is_error
    assert time.perf_counter() - started < 1


def test_files_are_those_with_what_was_accepted(picture: Picture, tmp_path: Path) -> None:
    now = tmp_path / "st01"
    now.mkdir()
    (now / "new.go").write_text("package now\n")
    box = toolbox_for(replace(picture, root=now))
    assert "package now" in box.run("read_file", {"path": "new.go"}).text
    assert box.run("read_file", {"path": "trades/parse.go"}).is_error
